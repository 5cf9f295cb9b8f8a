"""A checked configuration with every recipe expanded and every name resolved."""

from collections.abc import Mapping
from typing import Any

from neurobust.config import ALEXNET, SCHEDULES, Comparison, Config, Simulated
from neurobust.errors import InputError
from neurobust.recipes import (
    Blur,
    Classification,
    Member,
    Recipe,
    Responses,
    Similarity,
    expand,
)
from neurobust.schema import nearest, validate


class Experiment:
    """A checked configuration, with its recipes expanded and its references resolved.

    Parameters
    ----------
    given
        The merged mapping of ``config.yaml`` and its overlays.

    Raises
    ------
    InputError
        If a key is unknown, a value is wrong, or a name refers to nothing.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        schedules = _with_defaults(given.get("schedules"))
        self.config = validate(Config, {**given, "schedules": schedules}, "configuration")
        self.networks: dict[str, Recipe]
        self.members: dict[str, Member]
        self.networks, self.members = expand(self.config.networks, self.config.network_defaults)
        for name, recipe in self.networks.items():
            self._check(name, recipe)
        self._check_study()
        self._check_likeness()
        self._check_frequency()

    def seeds(self, network: str) -> list[int]:
        """Return the seeds with which a network is trained."""
        return self.networks[network].seeds or self.config.seeds

    def sweep_members(self, sweep: str) -> list[str]:
        """Return the networks of a sweep, in its order."""
        return [name for name, member in self.members.items() if member.sweep == sweep]

    def schedules_of(self, network: str) -> dict[str, dict[str, Any]]:
        """Return the schedules that a network's training names."""
        names = {stage.schedule for stage in self.networks[network].training()}
        return {name: self.config.schedules[name].model_dump() for name in sorted(names)}

    def recording_of(self, network: str) -> str | None:
        """Return the recording that a network's readout predicts, directly or through others."""
        source = self.networks[network].response_source()
        if source is None or source in self.config.recordings:
            return source
        return self.recording_of(source)

    def simulated(self, network: str) -> bool:
        """Say whether simulated responses had a part in a network."""
        similar = self.networks[network].similarity_source()
        recording = self.recording_of(network if similar is None else similar)
        return recording is not None and self.config.recordings[recording].source == "simulated"

    def trains_on_images(self, network: str) -> bool:
        """Say whether a network needs its image set, not a recording's stimuli alone."""
        recipe = self.networks[network]
        responses = recipe.objectives_of_kind(Responses)
        recorded = [o for o in responses if o.source in self.config.recordings]
        return recipe.classifies() or len(recorded) < len(recipe.objectives_of_kind(object))

    def available(self, network: str) -> bool:
        """Say whether a network can be had: whether its file of weights is there, if it has one."""
        weights = self.networks[network].weights
        return weights is None or weights.exists()

    def reference_network(self) -> str | None:
        """Return the network whose corruption errors are 100 %, None for AlexNet's published."""
        reference = self.config.brain_likeness.reference
        return None if reference == ALEXNET else reference

    def compared_networks(self) -> list[str]:
        """Return the classifiers of the image set on which brain-likeness is compared."""
        study = self.config.brain_likeness
        images = study.images or self.networks[study.reference].images
        return [
            name
            for name, recipe in self.networks.items()
            if recipe.classifies() and recipe.images == images and recipe.trunk != "robustbench"
        ]

    def scored_simulation(self) -> bool:
        """Say whether the recording on which brain-likeness is scored is simulated."""
        scored = self.config.predictivity[self.config.brain_likeness.predictivity]
        return isinstance(self.config.recordings[scored.recording], Simulated)

    def blur_series(self, comparison: Comparison) -> list[str]:
        """Return the networks of a comparison that differ from its baseline in their blur alone."""
        return [] if comparison.blur is None else self.sweep_members(comparison.blur)

    def families(self, comparison: Comparison) -> dict[str, str]:
        """Return what makes each network of a comparison robust, of those that can be had.

        The baseline comes first, the members of the blur series last.
        """
        families = {comparison.baseline: "baseline", **comparison.networks}
        families |= dict.fromkeys(self.blur_series(comparison), "preprocessing")
        return {name: family for name, family in families.items() if self.available(name)}

    def frequency_networks(self) -> list[str]:
        """Return the networks of the low-frequency study that can be had."""
        study = self.config.li2023
        paired = [
            name
            for pair in study.pairs.values()
            for name in (pair.baseline, pair.regularised, *pair.controls)
        ]
        compared = [
            name
            for comparison in (study.comparison, study.imagenet)
            if comparison is not None
            for name in self.families(comparison)
        ]
        return list(dict.fromkeys([*paired, *compared]))

    def absent_networks(self) -> dict[str, str]:
        """Return the networks of the low-frequency study that can't be had, with their files."""
        study = self.config.li2023
        named = [
            name
            for comparison in (study.comparison, study.imagenet)
            if comparison is not None
            for name in (comparison.baseline, *comparison.networks)
        ]
        return {
            name: str(self.networks[name].weights) for name in named if not self.available(name)
        }

    def attributes(self, network: str) -> dict[str, str | int | float]:
        """Return what every evaluation of a network says about it."""
        recipe = self.networks[network]
        attributes: dict[str, str | int | float] = {
            "network": network,
            "label": recipe.label,
            "simulated": int(self.simulated(network)),
            "monitor": "validation accuracy" if recipe.classifies() else "validation correlation",
        }
        if network in self.members:
            attributes |= {"sweep": self.members[network].sweep}
        if isinstance(recipe.frontend, Blur):
            attributes |= {"sigma_px": recipe.frontend.sigma_px}
        ratios = [o.ratio for o in recipe.objectives_of_kind(Responses)]
        if recipe.classifies() and ratios:
            attributes |= {"ratio": ratios[0]}
        return attributes

    def describe(self, network: str) -> dict[str, str]:
        """Say in words what a network is trained for, as Table 1 of Safarani 2021 does."""
        recipe = self.networks[network]
        classified = recipe.objectives_of_kind(Classification)
        corrupted = any(objective.corrupted for objective in classified)
        images = f"{'corrupted and clean' if corrupted else 'clean'} {recipe.images}"
        told = []
        for objective in recipe.objectives_of_kind(Responses):
            recorded = objective.source in self.config.recordings
            what = "recorded" if recorded else f"{self.networks[objective.source].label}'s"
            simulated = recorded and self.config.recordings[objective.source].source == "simulated"
            what = "simulated" if simulated else what
            told.append(f"{what} responses{' (shuffled)' if objective.shuffled else ''}")
        return {
            "label": recipe.label,
            "classification": images if classified else "",
            "neural_prediction": ", ".join(told),
        }

    def _check(self, name: str, recipe: Recipe, users: tuple[str, ...] = ()) -> None:
        place = f"networks.{name}"
        if name in users:
            raise InputError(
                place,
                f"needs itself: {' -> '.join((*users, name))}",
                expected="networks that build on each other without a circle",
                mend="change one 'source' or 'start_from'",
            )
        _known(f"{place}.images", recipe.images, self.config.images, "image set")
        stages = recipe.training()
        if not all(stage.objectives for stage in stages) or not (stages or recipe.weights):
            raise InputError(
                place,
                "has no objectives, or a stage without",
                expected="at least one objective in every stage, or trained weights",
                mend="add objectives, 'like' a network that has them, or name a file of weights",
            )
        for stage in stages:
            _known(f"{place}.schedule", stage.schedule, self.config.schedules, "schedule")
        others = {o.source for o in recipe.objectives_of_kind(Responses)}
        for source in sorted(others):
            known = {**self.config.recordings, **self.networks}
            _known(f"{place}.objectives.source", source, known, "recording or network")
        similar = {o.source for o in recipe.objectives_of_kind(Similarity)}
        for source in sorted(similar):
            self._check_predictor(f"{place}.objectives.source", source)
        for sources, why in ((others, "has one readout"), (similar, "learns one similarity")):
            if len(sources) > 1:
                raise InputError(
                    f"{place}.objectives.source",
                    f"names several sources: {', '.join(sorted(sources))}",
                    expected=f"one source, since a network {why}",
                    mend="train one network for each source",
                )
        others |= similar
        self._check_monitor(place, recipe)
        if recipe.start_from is not None:
            _known(f"{place}.start_from", recipe.start_from, self.networks, "network")
            _check_same_trunk(place, recipe, self.networks[recipe.start_from])
            others.add(recipe.start_from)
        for other in sorted(others & set(self.networks)):
            self._check(other, self.networks[other], (*users, name))
            if other != recipe.start_from and self.recording_of(other) is None:
                raise InputError(
                    f"{place}.objectives.source",
                    f"network {other!r} predicts no responses",
                    expected="a network with a 'responses' objective",
                    mend="name a predictor or a recording",
                )

    def _check_monitor(self, place: str, recipe: Recipe) -> None:
        """Check that each stage has a validation score: accuracy, or correlation with responses."""
        recorded = recipe.response_source() in self.config.recordings
        for stage in recipe.training():
            kinds = {type(objective) for objective in stage.objectives.values()}
            if Classification not in kinds and not recorded:
                raise InputError(
                    f"{place}.objectives",
                    "a stage has nothing to be validated by",
                    expected="in every stage a 'classification' objective, or a recording as the "
                    "'source' of responses",
                    mend="add one of them",
                )

    def _check_study(self) -> None:
        study = self.config.safarani2021
        for role, name in [*study.roles.items(), ("predictor", study.predictor)]:
            _known(f"safarani2021.{role}", name, self.networks, "network")
        for role in ("baseline", "mtl-monkey"):
            if role not in study.roles:
                raise InputError(
                    "safarani2021.roles",
                    f"names no {role}",
                    expected="a network for the roles 'baseline' and 'mtl-monkey'",
                    mend="add it: scores are relative to the one and about the other",
                )
        sweeps = {member.sweep for member in self.members.values()}
        for role, name in study.ratios.items():
            _known(f"safarani2021.ratios.{role}", name, sweeps, "sweep")
        for name, recording in self.config.recordings.items():
            if isinstance(recording, Simulated):
                place = f"recordings.{name}.stimuli"
                _known(place, recording.stimuli, self.config.images, "image set")
            if name in self.networks:
                raise InputError(
                    f"networks.{name}",
                    "is also the name of a recording",
                    expected="different names, since 'source' may mean either",
                    mend="rename one",
                )

    def _check_likeness(self) -> None:
        for name, scored in self.config.predictivity.items():
            place = f"predictivity.{name}.recording"
            _known(place, scored.recording, self.config.recordings, "recording")
        study = self.config.brain_likeness
        known = self.config.predictivity
        _known("brain_likeness.predictivity", study.predictivity, known, "entry of 'predictivity'")
        reference = self.reference_network()
        if reference is not None:
            _known("brain_likeness.reference", reference, self.networks, "network")
        elif study.images is None:
            raise InputError(
                "brain_likeness.images",
                "is not given, and no network is the reference",
                expected="the image set on which networks are compared",
                mend=f"name one of {', '.join(self.config.images)}",
            )
        if study.images is not None:
            _known("brain_likeness.images", study.images, self.config.images, "image set")
        if reference is not None and reference not in self.compared_networks():
            raise InputError(
                "brain_likeness.reference",
                f"{reference!r} does not classify the image set on which others are compared",
                expected=nearest(reference, self.compared_networks()),
                mend="name a classifier of this image set",
            )

    def _check_frequency(self) -> None:
        study = self.config.li2023
        for name, pair in study.pairs.items():
            for network in (pair.baseline, pair.regularised, *pair.controls):
                self._check_classifier(f"li2023.pairs.{name}", network, pair.baseline)
        for place, comparison in (("comparison", study.comparison), ("imagenet", study.imagenet)):
            if comparison is None:
                continue
            for network in (comparison.baseline, *comparison.networks):
                self._check_classifier(f"li2023.{place}", network, comparison.baseline)
            if comparison.blur is not None:
                sweeps = {member.sweep for member in self.members.values()}
                _known(f"li2023.{place}.blur", comparison.blur, sweeps, "sweep")
                for network in self.sweep_members(comparison.blur):
                    self._check_classifier(f"li2023.{place}.blur", network, comparison.baseline)
                    if not isinstance(self.networks[network].frontend, Blur):
                        raise InputError(
                            f"li2023.{place}.blur",
                            f"{network!r} has no blur as its frontend",
                            expected="a sweep over frontend.sigma_px",
                            mend="name such a sweep, or leave the key out",
                        )
        for network in study.representations:
            self._check_predictor("li2023.representations", network)

    def _check_predictor(self, place: str, network: str) -> None:
        """Check that a network predicts a recording, so that similarities follow from it."""
        _known(place, network, self.networks, "network")
        if self.networks[network].response_source() not in self.config.recordings:
            raise InputError(
                place,
                f"{network!r} predicts no recording",
                expected="a network with a 'responses' objective whose source is a recording",
                mend="name a predictor",
            )

    def _check_classifier(self, place: str, network: str, baseline: str) -> None:
        """Check that a network classifies the images that the baseline does."""
        _known(place, network, self.networks, "network")
        recipe = self.networks[network]
        _known(place, baseline, self.networks, "network")
        if not recipe.classifies() or recipe.images != self.networks[baseline].images:
            raise InputError(
                place,
                f"{network!r} does not classify the images of {baseline!r}",
                expected="classifiers of one image set",
                mend="leave it out, or train one on these images",
            )


def _check_same_trunk(place: str, recipe: Recipe, start: Recipe) -> None:
    for field in ("trunk", "width", "colour"):
        own, given = getattr(recipe, field), getattr(start, field)
        if own != given:
            raise InputError(
                f"{place}.start_from",
                f"{recipe.start_from!r} has {field} {given!r}, this network {own!r}",
                expected="the same trunk, width and colour, since the weights are copied",
                mend=f"set {field} to the same value in both",
            )


def _with_defaults(schedules: object) -> object:
    """Lay schedules over the built-in ones; what is no mapping is left to the models to refuse."""
    over = {} if schedules is None else schedules
    if not isinstance(over, Mapping):
        return over
    laid: dict[str, object] = dict(SCHEDULES)
    for name, fields in over.items():
        own = {} if fields is None else fields
        laid[name] = {**SCHEDULES.get(name, {}), **own} if isinstance(own, Mapping) else own
    return laid


def _known(place: str, name: str, valid: Mapping[str, object] | set[str], kind: str) -> None:
    if name not in valid:
        raise InputError(
            place,
            f"names no {kind}: {name!r}",
            expected=nearest(name, valid),
            mend=f"correct the name, or define the {kind}",
        )
