"""A checked configuration with every recipe expanded and every name resolved."""

from collections.abc import Mapping
from typing import Any

from neurobust.config.checks import check_references
from neurobust.config.model import nearest, validate
from neurobust.config.recipes import (
    Blur,
    Classification,
    Member,
    Recipe,
    Responses,
    expand,
)
from neurobust.config.settings import ALEXNET, SCHEDULES, Comparison, Config, Simulated
from neurobust.errors import InputError


class Networks(dict[str, Recipe]):
    """Recipes by the names of their networks; another name is an error that a user can fix."""

    def __missing__(self, name: str) -> Recipe:
        raise InputError(
            "networks",
            f"there is no network {name!r}",
            expected=nearest(name, self),
            fix="correct the name, or add the network to the configuration",
        )


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
        self.members: dict[str, Member]
        recipes, self.members = expand(self.config.networks, self.config.network_defaults)
        self.networks = Networks(recipes)
        check_references(self)

    def seeds(self, network: str) -> list[int]:
        """Return the seeds with which a network is trained."""
        return self.networks[network].seeds or self.config.seeds

    def sweep_members(self, sweep: str) -> list[str]:
        """Return the networks of a sweep, in its order."""
        return [name for name, member in self.members.items() if member.sweep == sweep]

    def evaluated_together(self) -> list[list[str]]:
        """Return the networks of each job that evaluates several on corrupted images."""
        return [
            [network for name in names for network in self.sweep_members(name) or [name]]
            for names in self.config.evaluate_together
        ]

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

    def comparisons(self) -> dict[str, Comparison]:
        """Return the comparisons of the low-frequency study, by their keys in the configuration."""
        study = self.config.li2023
        named = {"comparison": study.comparison, "imagenet": study.imagenet}
        return {name: comparison for name, comparison in named.items() if comparison is not None}

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
        paired = [
            name
            for pair in self.config.li2023.pairs.values()
            for name in (pair.baseline, pair.regularised, *pair.controls)
        ]
        compared = [name for each in self.comparisons().values() for name in self.families(each)]
        return list(dict.fromkeys([*paired, *compared]))

    def absent_networks(self) -> dict[str, str]:
        """Return the networks of the low-frequency study that can't be had, with their files."""
        named = [
            name
            for comparison in self.comparisons().values()
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
