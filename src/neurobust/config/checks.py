"""Whether every name in a configuration refers to something that fits."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from neurobust.config.model import nearest
from neurobust.config.recipes import Blur, Classification, Recipe, Responses, Similarity
from neurobust.config.settings import Simulated
from neurobust.errors import InputError
from neurobust.jobs.costs import ANY

if TYPE_CHECKING:
    from neurobust.config.experiment import Experiment


def check_references(experiment: "Experiment") -> None:
    """Check an experiment whose recipes are expanded.

    Raises
    ------
    InputError
        If a name refers to nothing, or to what does not fit its place.
    """
    for name, recipe in experiment.networks.items():
        _check_recipe(experiment, name, recipe)
    _check_hardware(experiment)
    _check_together(experiment)
    _check_study(experiment)
    _check_likeness(experiment)
    _check_frequency(experiment)


def _check_hardware(experiment: "Experiment") -> None:
    config = experiment.config
    for name in config.jobs_per_gpu:
        _known("jobs_per_gpu", name, config.images, "image set")
    trunks = {recipe.trunk for recipe in experiment.networks.values()}
    valid = {*experiment.networks, *config.networks, *trunks, *config.images, *config.recordings}
    for rule, costs in config.costs.items():
        for name in costs:
            _known(f"costs.{rule}", name, {*valid, ANY}, "network, image set or recording")


def _check_recipe(
    experiment: "Experiment", name: str, recipe: Recipe, users: tuple[str, ...] = ()
) -> None:
    place = f"networks.{name}"
    if name in users:
        raise InputError(
            place,
            f"needs itself: {' -> '.join((*users, name))}",
            expected="networks that build on each other without a circle",
            fix="change one 'source' or 'start_from'",
        )
    _known(f"{place}.images", recipe.images, experiment.config.images, "image set")
    stages = recipe.training()
    if not all(stage.objectives for stage in stages) or not (stages or recipe.weights):
        raise InputError(
            place,
            "has no objectives, or a stage without",
            expected="at least one objective in every stage, or trained weights",
            fix="add objectives, 'like' a network that has them, or name a file of weights",
        )
    for stage in stages:
        _known(f"{place}.schedule", stage.schedule, experiment.config.schedules, "schedule")
    others = {o.source for o in recipe.objectives_of_kind(Responses)}
    for source in sorted(others):
        known = {**experiment.config.recordings, **experiment.networks}
        _known(f"{place}.objectives.source", source, known, "recording or network")
    similar = {o.source for o in recipe.objectives_of_kind(Similarity)}
    for source in sorted(similar):
        _check_predictor(experiment, f"{place}.objectives.source", source)
    for sources, why in ((others, "has one readout"), (similar, "learns one similarity")):
        if len(sources) > 1:
            raise InputError(
                f"{place}.objectives.source",
                f"names several sources: {', '.join(sorted(sources))}",
                expected=f"one source, since a network {why}",
                fix="train one network for each source",
            )
    others |= similar
    _check_monitor(experiment, place, recipe)
    if recipe.start_from is not None:
        _known(f"{place}.start_from", recipe.start_from, experiment.networks, "network")
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


def _check_monitor(experiment: "Experiment", place: str, recipe: Recipe) -> None:
    """Check that each stage has a validation score: accuracy, or correlation with responses."""
    recorded = recipe.response_source() in experiment.config.recordings
    for stage in recipe.training():
        kinds = {type(objective) for objective in stage.objectives.values()}
        if Classification not in kinds and not recorded:
            raise InputError(
                f"{place}.objectives",
                "a stage has nothing to be validated by",
                expected="in every stage a 'classification' objective, or a recording as the "
                "'source' of responses",
                fix="add one of them",
            )


def _check_together(experiment: "Experiment") -> None:
    place = "evaluate_together"
    named: set[str] = set()
    for networks in experiment.evaluated_together():
        for network in networks:
            _check_classifier(experiment, place, network, networks[0])
            if network in named:
                raise InputError(
                    place,
                    f"names {network!r} twice",
                    expected="each network at most once, alone or as one of a sweep",
                    fix="take it out of one place",
                )
            named.add(network)


def _check_study(experiment: "Experiment") -> None:
    study = experiment.config.safarani2021
    for role, name in [*study.roles.items(), ("predictor", study.predictor)]:
        _known(f"safarani2021.{role}", name, experiment.networks, "network")
    for role in ("baseline", "mtl-monkey"):
        if role not in study.roles:
            raise InputError(
                "safarani2021.roles",
                f"names no {role}",
                expected="a network for the roles 'baseline' and 'mtl-monkey'",
                fix="add it: scores are relative to the one and about the other",
            )
    sweeps = {member.sweep for member in experiment.members.values()}
    for role, name in study.ratios.items():
        _known(f"safarani2021.ratios.{role}", name, sweeps, "sweep")
    for name, recording in experiment.config.recordings.items():
        if isinstance(recording, Simulated):
            place = f"recordings.{name}.stimuli"
            _known(place, recording.stimuli, experiment.config.images, "image set")
        if name in experiment.networks:
            raise InputError(
                f"networks.{name}",
                "is also the name of a recording",
                expected="different names, since 'source' may mean either",
                fix="rename one",
            )


def _check_likeness(experiment: "Experiment") -> None:
    for name, scored in experiment.config.predictivity.items():
        place = f"predictivity.{name}.recording"
        _known(place, scored.recording, experiment.config.recordings, "recording")
    study = experiment.config.brain_likeness
    known = experiment.config.predictivity
    _known("brain_likeness.predictivity", study.predictivity, known, "entry of 'predictivity'")
    reference = experiment.reference_network()
    if reference is not None:
        _known("brain_likeness.reference", reference, experiment.networks, "network")
    elif study.images is None:
        raise InputError(
            "brain_likeness.images",
            "is not given, and no network is the reference",
            expected="the image set on which networks are compared",
            fix=f"name one of {', '.join(experiment.config.images)}",
        )
    if study.images is not None:
        _known("brain_likeness.images", study.images, experiment.config.images, "image set")
    if reference is not None and reference not in experiment.compared_networks():
        raise InputError(
            "brain_likeness.reference",
            f"{reference!r} does not classify the image set on which others are compared",
            expected=nearest(reference, experiment.compared_networks()),
            fix="name a classifier of this image set",
        )


def _check_frequency(experiment: "Experiment") -> None:
    study = experiment.config.li2023
    for name, pair in study.pairs.items():
        for network in (pair.baseline, pair.regularised, *pair.controls):
            _check_classifier(experiment, f"li2023.pairs.{name}", network, pair.baseline)
    for place, comparison in experiment.comparisons().items():
        for network in (comparison.baseline, *comparison.networks):
            _check_classifier(experiment, f"li2023.{place}", network, comparison.baseline)
        if comparison.blur is not None:
            sweeps = {member.sweep for member in experiment.members.values()}
            _known(f"li2023.{place}.blur", comparison.blur, sweeps, "sweep")
            for network in experiment.sweep_members(comparison.blur):
                _check_classifier(experiment, f"li2023.{place}.blur", network, comparison.baseline)
                if not isinstance(experiment.networks[network].frontend, Blur):
                    raise InputError(
                        f"li2023.{place}.blur",
                        f"{network!r} has no blur as its frontend",
                        expected="a sweep over frontend.sigma_px",
                        fix="name such a sweep, or leave the key out",
                    )
    for network in study.representations:
        _check_predictor(experiment, "li2023.representations", network)


def _check_predictor(experiment: "Experiment", place: str, network: str) -> None:
    """Check that a network predicts a recording, so that similarities follow from it."""
    _known(place, network, experiment.networks, "network")
    if experiment.networks[network].response_source() not in experiment.config.recordings:
        raise InputError(
            place,
            f"{network!r} predicts no recording",
            expected="a network with a 'responses' objective whose source is a recording",
            fix="name a predictor",
        )


def _check_classifier(experiment: "Experiment", place: str, network: str, baseline: str) -> None:
    """Check that a network classifies the images that the baseline does."""
    _known(place, network, experiment.networks, "network")
    recipe = experiment.networks[network]
    _known(place, baseline, experiment.networks, "network")
    if not recipe.classifies() or recipe.images != experiment.networks[baseline].images:
        raise InputError(
            place,
            f"{network!r} does not classify the images of {baseline!r}",
            expected="classifiers of one image set",
            fix="leave it out, or train one on these images",
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


def _known(place: str, name: str, valid: Mapping[str, object] | set[str], kind: str) -> None:
    if name not in valid:
        raise InputError(
            place,
            f"names no {kind}: {name!r}",
            expected=nearest(name, valid),
            fix=f"correct the name, or define the {kind}",
        )
