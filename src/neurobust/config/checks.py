"""Checks that every name in a configuration refers to something suitable."""

from collections.abc import Mapping
from typing import Any

from neurobust.config.costs import ANY
from neurobust.config.experiment import Experiment
from neurobust.config.model import require_known
from neurobust.config.recipes import Recipe
from neurobust.config.studies import StudySettings
from neurobust.errors import InputError


def load_experiment(
    given: Mapping[str, Any], known: Mapping[str, type[StudySettings]] | None = None
) -> Experiment:
    """Return the experiment of a configuration after all checks, those of its studies included.

    Parameters
    ----------
    given, known
        Configuration and studies, as for `neurobust.config.experiment.Experiment`.

    Raises
    ------
    InputError
        In the same cases as `Experiment`; or if a name refers to nothing or to something that is
        not suitable.
    """
    experiment = Experiment(given, known)
    for name, recipe in experiment.networks.items():
        _check_recipe(experiment, name, recipe)
    _check_hardware(experiment)
    _check_recordings(experiment)
    _check_together(experiment)
    for name, study in experiment.studies.items():
        study.check(name, experiment)
    return experiment


def check_network(experiment: Experiment, place: str, network: str) -> None:
    """Check that there is a network of this name; errors as in `require_known`."""
    require_known(place, network, experiment.networks, "network")


def check_sweep(experiment: Experiment, place: str, sweep: str) -> None:
    """Check that there is a sweep of this name; errors as in `require_known`."""
    sweeps = {member.sweep for member in experiment.members.values()}
    require_known(place, sweep, sweeps, "sweep")


def check_predictor(experiment: Experiment, place: str, network: str) -> None:
    """Check that a network predicts a recording, which similarities are computed from.

    Raises
    ------
    InputError
        If it does not, or there is no such network.
    """
    check_network(experiment, place, network)
    if experiment.networks[network].source("responses") not in experiment.config.recordings:
        raise InputError(
            place,
            f"{network!r} predicts no recording",
            expected="a network with a 'responses' objective whose source is a recording",
            fix="name a predictor",
        )


def check_classifier(experiment: Experiment, place: str, network: str, baseline: str) -> None:
    """Check that a network classifies the same images as the baseline.

    Raises
    ------
    InputError
        If it does not, or there is no such network.
    """
    check_network(experiment, place, network)
    check_network(experiment, place, baseline)
    recipe = experiment.networks[network]
    if not recipe.classifies() or recipe.images != experiment.networks[baseline].images:
        raise InputError(
            place,
            f"{network!r} does not classify the images of {baseline!r}",
            expected="classifiers of one image set",
            fix="leave it out, or train one on these images",
        )


def _check_recipe(
    experiment: Experiment, name: str, recipe: Recipe, users: tuple[str, ...] = ()
) -> None:
    place = f"networks.{name}"
    config = experiment.config
    if name in users:
        raise InputError(
            place,
            f"needs itself: {' -> '.join((*users, name))}",
            expected="networks that do not depend on each other in a circle",
            fix="change one 'source' or 'start_from'",
        )
    require_known(f"{place}.images", recipe.images, config.images, "image set")
    stages = recipe.training()
    if not all(stage.objectives for stage in stages) or not (stages or recipe.weights):
        raise InputError(
            place,
            "has no objectives, or a stage without objectives",
            expected="at least one objective in every stage, or trained weights",
            fix="add objectives, 'like' a network that has them, or name a file of weights",
        )
    for stage in stages:
        require_known(f"{place}.schedule", stage.schedule, config.schedules, "schedule")
    predicted, similar = recipe.sources("responses"), recipe.sources("similarity")
    for source in predicted:
        known = {**config.recordings, **experiment.networks}
        require_known(f"{place}.objectives.source", source, known, "recording or network")
    for source in similar:
        check_predictor(experiment, f"{place}.objectives.source", source)
    for sources, why in ((predicted, "has one readout"), (similar, "learns one similarity")):
        if len(sources) > 1:
            raise InputError(
                f"{place}.objectives.source",
                f"names several sources: {', '.join(sorted(sources))}",
                expected=f"one source, since a network {why}",
                fix="train one network for each source",
            )
    others = {*predicted, *similar}
    _check_monitor(experiment, place, recipe)
    if recipe.start_from is not None:
        check_network(experiment, f"{place}.start_from", recipe.start_from)
        _check_same_trunk(place, recipe, experiment.networks[recipe.start_from])
        others.add(recipe.start_from)
    for other in sorted(others & set(experiment.networks)):
        _check_recipe(experiment, other, experiment.networks[other], (*users, name))
        if other != recipe.start_from and experiment.recording_of(other) is None:
            raise InputError(
                f"{place}.objectives.source",
                f"network {other!r} predicts no responses",
                expected="a network with a 'responses' objective",
                fix="name a predictor or a recording",
            )


def _check_monitor(experiment: Experiment, place: str, recipe: Recipe) -> None:
    """Check that each stage has a validation score: accuracy or correlation with responses."""
    recorded = recipe.source("responses") in experiment.config.recordings
    for stage in recipe.training():
        classifies = any(objective.learns_labels for objective in stage.objectives.values())
        if not classifies and not recorded:
            raise InputError(
                f"{place}.objectives",
                "a stage has no validation score",
                expected="in every stage a 'classification' objective, or a recording as the "
                "'source' of responses",
                fix="add one of them",
            )


def _check_same_trunk(place: str, recipe: Recipe, start: Recipe) -> None:
    for field in ("trunk", "width", "colour"):
        own, given = getattr(recipe, field), getattr(start, field)
        if own != given:
            raise InputError(
                f"{place}.start_from",
                f"{recipe.start_from!r} has {field} {given!r}, this network {own!r}",
                expected="the same trunk, width and colour, since the weights are copied",
                fix=f"set {field} to the same value in both",
            )


def _check_hardware(experiment: Experiment) -> None:
    config = experiment.config
    for name in config.jobs_per_gpu:
        require_known("jobs_per_gpu", name, config.images, "image set")
    trunks = {recipe.trunk for recipe in experiment.networks.values()}
    valid = {*experiment.networks, *config.networks, *trunks, *config.images, *config.recordings}
    for rule, costs in config.costs.items():
        for name in costs:
            place = f"costs.{rule}"
            require_known(place, name, {*valid, ANY}, "network, image set or recording")


def _check_recordings(experiment: Experiment) -> None:
    config = experiment.config
    for name, recording in config.recordings.items():
        if recording.simulated:
            place = f"recordings.{name}.stimuli"
            require_known(place, vars(recording)["stimuli"], config.images, "image set")
        if name in experiment.networks:
            raise InputError(
                f"networks.{name}",
                "is also the name of a recording",
                expected="different names, since a 'source' can be either of them",
                fix="rename one",
            )
    for name, scored in config.predictivity.items():
        place = f"predictivity.{name}.recording"
        require_known(place, scored.recording, config.recordings, "recording")


def _check_together(experiment: Experiment) -> None:
    place = "evaluate_together"
    named: set[str] = set()
    for networks in experiment.evaluated_together():
        for network in networks:
            check_classifier(experiment, place, network, networks[0])
            if network in named:
                raise InputError(
                    place,
                    f"names {network!r} twice",
                    expected="each network at most once, by its own name or that of its sweep",
                    fix="remove one of the two",
                )
            named.add(network)
