"""Settings of the low-frequency study (Li et al. 2023): which networks are compared."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from neurobust.config.checks import check_classifier, check_predictor, check_sweep
from neurobust.config.experiment import Experiment
from neurobust.config.frontends.blur import Blur
from neurobust.config.model import Model
from neurobust.config.studies import StudySettings
from neurobust.errors import InputError


def _without_none(given: object) -> object:
    """Drop the entries that an overlay sets to null, which removes what was there before."""
    if not isinstance(given, Mapping):
        return given
    return {name: value for name, value in given.items() if value is not None}


class Pair(Model):
    """A baseline and the same network regularised by neural data."""

    baseline: str
    regularised: str
    controls: list[str] = Field([], description="drawn beside them, such as shuffled responses")

    def members(self) -> list[str]:
        """Return the pair's networks in the order of the figures: baseline first, controls last."""
        return [self.baseline, self.regularised, *self.controls]


Group = Literal["neural", "adversarial", "corruption", "preprocessing", "other"]


class Comparison(Model):
    """Networks of one image set whose robustness and preferred frequencies are compared."""

    baseline: str
    networks: Annotated[dict[str, Group], BeforeValidator(_without_none)] = Field(
        description="what makes each robust; an overlay removes one with null"
    )
    blur: str | None = Field(None, description="a sweep over frontend.sigma_px; the blur series")

    def blur_series(self, experiment: Experiment) -> list[str]:
        """Return the networks that differ from the baseline only in their blur."""
        return [] if self.blur is None else experiment.sweep_members(self.blur)

    def groups(self, experiment: Experiment) -> dict[str, str]:
        """Return what makes each available network robust, by its name.

        The baseline comes first, the members of the blur series last.
        """
        groups = {self.baseline: "baseline", **self.networks}
        groups |= dict.fromkeys(self.blur_series(experiment), "preprocessing")
        return {name: group for name, group in groups.items() if experiment.available(name)}


class Settings(StudySettings):
    """The low-frequency study: which networks are compared."""

    title: ClassVar[str] = "Li 2023"

    pairs: Annotated[dict[str, Pair], BeforeValidator(_without_none)] = Field(
        min_length=1,
        description="Figs. 2, 3 and B, in their order; an overlay removes one with null",
    )
    comparison: Comparison = Field(description="Figs. 4 and 5")
    imagenet: Comparison | None = Field(None, description="Fig. 6, of an ImageNet-like folder")
    representations: list[str] = Field(
        [], description="networks that predict a recording, whose similarity Fig. D decomposes"
    )
    norm: Literal["linf", "l2"] = Field("linf", description="of the attacks in figures; Li: linf")
    bootstrap: int = Field(1000, ge=10, description="repetitions, over seeds and images")
    bootstrap_seed: int = 1000
    example_image: int = Field(0, ge=0, description="test image of the hybrids in Fig. 3")
    components: int = Field(12, ge=1, description="of a similarity matrix, in Fig. D")
    components_seed: int = 1000

    def figures(self) -> list[str]:
        """Return the names of the figures that this configuration has data for."""
        return [
            *("fig2", "fig3", "fig4", "fig5"),
            *(["fig6"] if self.imagenet is not None else []),
            "figa",
            *(["figd"] if self.representations else []),
        ]

    def first_baseline(self) -> str:
        """Return the baseline of the first pair: Figs. 3 and A show its images."""
        return next(iter(self.pairs.values())).baseline

    def paired(self) -> list[str]:
        """Return the networks of all pairs, in the order of the figures."""
        return list(dict.fromkeys(name for pair in self.pairs.values() for name in pair.members()))

    def comparisons(self) -> dict[str, Comparison]:
        """Return the comparisons by their keys in the configuration."""
        named = {"comparison": self.comparison, "imagenet": self.imagenet}
        return {name: comparison for name, comparison in named.items() if comparison is not None}

    def compared(self, experiment: Experiment) -> dict[str, dict[str, Any]]:
        """Return each comparison's ``groups`` and blur ``series``, networks by their names."""
        return {
            name: {
                "groups": comparison.groups(experiment),
                "series": comparison.blur_series(experiment),
            }
            for name, comparison in self.comparisons().items()
        }

    def networks(self, experiment: Experiment) -> list[str]:
        """Return all networks of the study that are available."""
        compared = [
            name for each in self.comparisons().values() for name in each.groups(experiment)
        ]
        return list(dict.fromkeys([*self.paired(), *compared]))

    def absent(self, experiment: Experiment) -> dict[str, str]:
        """Return the networks whose weights are missing, with the files of these weights."""
        named = [
            name
            for comparison in self.comparisons().values()
            for name in (comparison.baseline, *comparison.networks)
            if not experiment.available(name)
        ]
        return {name: str(experiment.networks[name].weights) for name in named}

    def display(
        self, experiment: Experiment, networks: Iterable[str]
    ) -> dict[str, dict[str, str | None]]:
        """Return how figures show some of the study's networks, by their names.

        Where several networks of the study have one label, as members of a sweep do, each gets
        its value in the sweep as well. Only a blur does not: figures give its sigma.
        """
        everyone = dict.fromkeys([*self.networks(experiment), *self.representations])
        shared = Counter(experiment.display(name)["label"] for name in everyone)
        shown = {}
        for name in networks:
            display = experiment.display(name)
            member = experiment.members.get(name)
            blurred = isinstance(experiment.networks[name].frontend, Blur)
            if member is not None and shared[display["label"]] > 1 and not blurred:
                display |= {"label": f"{display['label']} {member.value}"}
            shown[name] = display
        return shown

    def check(self, place: str, experiment: Experiment) -> None:
        """Check that compared networks classify the same images; see `StudySettings.check`."""
        for name, pair in self.pairs.items():
            for network in pair.members():
                check_classifier(experiment, f"{place}.pairs.{name}", network, pair.baseline)
        for name, comparison in self.comparisons().items():
            for network in (comparison.baseline, *comparison.networks):
                check_classifier(experiment, f"{place}.{name}", network, comparison.baseline)
            if comparison.blur is not None:
                _check_series(experiment, f"{place}.{name}.blur", comparison)
        for network in self.representations:
            check_predictor(experiment, f"{place}.representations", network)


def _check_series(experiment: Experiment, place: str, comparison: Comparison) -> None:
    check_sweep(experiment, place, str(comparison.blur))
    for network in comparison.blur_series(experiment):
        check_classifier(experiment, place, network, comparison.baseline)
        if not isinstance(experiment.networks[network].frontend, Blur):
            raise InputError(
                place,
                f"{network!r} has no blur as its frontend",
                expected="a sweep over frontend.sigma_px",
                fix="name such a sweep, or leave the key out",
            )
