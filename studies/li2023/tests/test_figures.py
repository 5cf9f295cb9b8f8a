"""Figures 2 to 6: panels, units, what is marked, and one look for a network."""

from itertools import cycle

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from neurobust.errors import InputError
from neurobust.evaluation.hybrids.evaluate import label_agreement
from neurobust.images.frequencies import spatial_frequencies
from neurobust.images.frequency_categories import FREQUENCY_CATEGORIES
from studies.li2023.blur_series import Optimum
from studies.li2023.comparison import compare_networks
from studies.li2023.differences import pair_differences
from studies.li2023.figures import fig2, fig3, fig4, fig5, fig6
from studies.li2023.figures.panels import group_marks, select_spectrum
from studies.li2023.networks import draw_measures, mean_spectra, tabulate_networks

SIDES = {"photographs": 64, "photographs-32px": 32}
MIXED = 100  # hybrids
FREQUENCIES = np.array([0, 3, 4, 5, 6, 8, 9, 11, 13, 15, 17, 19, 22, 27, 33, 42, 57, 100]) / 100
# Label, image set, preferred frequency (cycles/pixel), size of perturbations, accuracy, sigma.
NETWORKS = {
    "baseline": ("Baseline", "photographs", 0.36, 1.9, 0.52, None),
    "mtl-monkey-1to1": ("MTL-Monkey 1:1", "photographs", 0.3, 2.6, 0.56, None),
    "mtl-shuffled-1to1": ("MTL-Shuffled 1:1", "photographs", 0.35, 1.8, 0.5, None),
    "baseline-32px": ("Baseline (32 px)", "photographs-32px", 0.44, 1.3, 0.58, None),
    "mouse-similarity": ("Mouse similarity", "photographs-32px", 0.28, 3.1, 0.66, None),
    "mouse-shuffled": ("Mouse similarity, shuffled", "photographs-32px", 0.4, 1.5, 0.57, None),
    "monkey-similarity": ("Monkey similarity", "photographs-32px", 0.38, 1.9, 0.61, None),
    "pca": ("PCA", "photographs-32px", 0.3, 2.4, 0.65, None),
    "adversarial-linf": ("Adversarial, Linf", "photographs-32px", 0.17, 7.0, 0.6, None),
    "adversarial-l2": ("Adversarial, L2", "photographs-32px", 0.19, 6.1, 0.61, None),
    "augmix": ("AugMix", "photographs-32px", 0.31, 2.2, 0.72, None),
    "blur-0.75": ("Blur", "photographs-32px", 0.34, 1.9, 0.63, 0.75),
    "blur-1.5": ("Blur", "photographs-32px", 0.26, 2.9, 0.66, 1.5),
    "blur-3.0": ("Blur", "photographs-32px", 0.14, 3.6, 0.55, 3.0),
}
COLOURS = ("#000000", "#0072B2", "#56B4E9", "#CC79A7", "#949494", "#D55E00")
DISPLAY = {
    name: {"label": label, "colour": colour, "marker": marker, "line": "-"}
    for (name, (label, *_)), colour, marker in zip(
        NETWORKS.items(), cycle(COLOURS), cycle("os^DP"), strict=False
    )
}
SIZE = "perturbation_linf_mean"
PAIRS = {
    "mouse": {
        "baseline": "baseline-32px",
        "regularised": "mouse-similarity",
        "controls": ["mouse-shuffled"],
    },
    "monkey": {
        "baseline": "baseline",
        "regularised": "mtl-monkey-1to1",
        "controls": ["mtl-shuffled-1to1"],
    },
}
COMPARISONS = {
    "comparison": {
        "groups": {
            "baseline-32px": "baseline",
            "mouse-similarity": "neural",
            "monkey-similarity": "neural",
            "pca": "preprocessing",
            "adversarial-linf": "adversarial",
            "adversarial-l2": "adversarial",
            "augmix": "corruption",
            **dict.fromkeys(["blur-0.75", "blur-1.5", "blur-3.0"], "preprocessing"),
        },
        "series": ["blur-0.75", "blur-1.5", "blur-3.0"],
    }
}


def make_corruptions(rng, accuracy, frequency, attributes, images=200):
    fall = np.linspace(0.02, 0.3, 5)
    by_category = {"low": 0.7, "medium": 0.9, "high": 0.4 + 2 * frequency}
    steep = np.array([by_category[name] for name in FREQUENCY_CATEGORIES.values()])
    rates = accuracy + 0.08 - steep[:, None] * fall
    return xr.Dataset(
        {
            "correct": (
                ("seed", "corruption", "severity", "image"),
                (rng.random((1, 15, 5, images)) < rates[..., None]).astype(np.int8),
            ),
            "clean_correct": (
                ("seed", "image"),
                (rng.random((1, images)) < accuracy + 0.1).astype(np.int8),
            ),
        },
        {
            "seed": [1000],
            "corruption": list(FREQUENCY_CATEGORIES),
            "severity": np.arange(1, 6),
            "image_id": ("image", np.arange(images)),
        },
        attributes | {"n_classes": 8},
    )


def make_attacks(rng, size, frequency, attributes, images=60):
    side = SIDES[attributes["images"]]
    rows, columns = spatial_frequencies(side, side)
    radius = np.hypot(rows[:, None], columns)
    radii, member = np.unique(radius.round(12), return_inverse=True)
    shape = np.exp(-((radius - 0.7 * frequency) ** 2) / (2 * (0.3 * frequency) ** 2))
    power = shape * rng.gamma(2, 1, (1, 2, images, side, side))
    power[..., side // 2, side // 2] = 0
    distance = np.array([1, 12])[:, None] * size * rng.lognormal(-0.1, 0.45, (1, 2, images)) / 255
    distance[..., -1] = np.inf
    power[..., -1, :, :] = np.nan
    radial = np.stack(
        [np.bincount(member.ravel(), one.ravel()) for one in power.reshape(-1, side, side)]
    )
    return xr.Dataset(
        {
            "distance": (("seed", "norm", "image"), distance),
            "correct": (("seed", "image"), (rng.random((1, images)) < 0.8).astype(np.int8)),
            "power": (
                ("seed", "norm", "row_frequency", "column_frequency"),
                np.nanmean(power, axis=2),
            ),
            "radial_power": (
                ("seed", "norm", "image", "radial_frequency"),
                radial.reshape(1, 2, images, -1),
            ),
        },
        {
            "seed": [1000],
            "norm": ["linf", "l2"],
            "image_id": ("image", np.arange(images)),
            "row_frequency": rows,
            "column_frequency": columns,
            "radial_frequency": radii,
        },
        attributes,
    )


def make_hybrids(rng, frequency, attributes):
    middle = np.clip(frequency * 1.15 + rng.normal(0, 0.006, (1, 4)), 0.02, 0.9)
    p_low = 0.12 + 0.6 / (1 + np.exp(-(FREQUENCIES - middle[..., None]) / 0.08))
    p_high = 0.84 - p_low
    rank = (np.arange(MIXED) + 0.5) / MIXED
    low, high = rank < p_low[..., None], rank >= 1 - p_high[..., None]
    agreement = low.astype(np.int8) - high.astype(np.int8)
    labelled = label_agreement(agreement, [1000], FREQUENCIES)
    return labelled.assign_coords(image_id=("image", np.arange(MIXED))).assign_attrs(attributes)


@pytest.fixture(scope="module")
def study():
    """Evaluate networks that are the more robust the lower the frequency they prefer."""
    evaluations = {"corruptions": {}, "attacks": {}, "hybrids": {}}
    for number, (name, parts) in enumerate(NETWORKS.items()):
        label, images, frequency, size, accuracy, sigma = parts
        rng = np.random.default_rng(number)
        attributes = {"images": images, "simulated": int("m" in label.lower())}
        if sigma is not None:
            attributes |= {"sigma_px": sigma}
        evaluations["corruptions"][name] = make_corruptions(rng, accuracy, frequency, attributes)
        evaluations["attacks"][name] = make_attacks(rng, size, frequency, attributes)
        evaluations["hybrids"][name] = make_hybrids(rng, frequency, attributes)
    draws = draw_measures(**evaluations, repetitions=60, seed=1)
    networks = tabulate_networks(draws, **evaluations)
    compared = compare_networks(draws, networks, COMPARISONS, norm="linf", seed=1)
    return {
        "networks": networks,
        "spectra": mean_spectra(evaluations["attacks"]),
        "differences": pair_differences(draws, PAIRS),
        "points": compared.points,
        "correlations": compared.correlations,
        "optima": pd.DataFrame(compared.optima, columns=Optimum._fields),
    }


@pytest.fixture(scope="module")
def examples():
    rng = np.random.default_rng(0)
    image = rng.random((32, 32, 1)).astype(np.float32)
    return xr.Dataset(
        {
            "low": (("row", "column", "channel"), image),
            "high": (("row", "column", "channel"), image[::-1]),
            "hybrid": (
                ("mixing_frequency", "row", "column", "channel"),
                np.stack([np.roll(image, 4 * n, 0) for n in range(5)]),
            ),
        },
        {"mixing_frequency": [0.1, 0.2, 0.3, 0.4, 0.6]},
        {"low_class": "walking-stick insect", "high_class": "gondola"},
    )


def draw_fig2(study, **changed):
    data = {name: study[name] for name in ("networks", "spectra", "differences")}
    return fig2.draw(**(data | changed), pairs=PAIRS, norm="linf", display=DISPLAY)


def draw_fig3(study, examples, **changed):
    data = {"networks": study["networks"], "examples": examples}
    return fig3.draw(**(data | changed), pairs=PAIRS, display=DISPLAY)


def draw_fig4(study, display=DISPLAY, **changed):
    data = {name: study[name] for name in ("networks", "spectra", "points", "correlations")}
    return fig4.draw(**(data | changed), comparison="comparison", norm="linf", display=display)


def draw_fig5(study, **changed):
    data = {name: study[name] for name in ("networks", "points", "correlations", "optima")}
    return fig5.draw(**(data | changed), comparison="comparison", display=DISPLAY)


def draw_fig6(study, **changed):
    data = {name: study[name] for name in ("networks", "points", "correlations", "optima")}
    return fig6.draw(**(data | changed), comparison="comparison", norm="linf", display=DISPLAY)


@pytest.fixture(scope="module")
def figures(study, examples):
    return {
        "fig2": draw_fig2(study),
        "fig3": draw_fig3(study, examples),
        "fig4": draw_fig4(study),
        "fig5": draw_fig5(study),
        "fig6": draw_fig6(study),
    }


def test_print_is_legible_apart_and_on_the_page(figures, check_print):
    for name, figure in figures.items():
        check_print(name, figure)


def test_titles_name_simulated_neurons(figures, study):
    for name, figure in figures.items():
        assert "simulated V1" in figure.get_suptitle(), name
    recorded = study["networks"].assign_coords(simulated=("network", np.zeros(len(NETWORKS), int)))
    figure = draw_fig5(study, networks=recorded)
    assert "simulated" not in figure.get_suptitle()


def panels(figure):
    """Return the lettered panels by their letters."""
    return {axes.get_title("left"): axes for axes in figure.axes if axes.get_title("left")}


def test_regularised_networks_have_four_panels_for_each_pair(figures, study):
    by_letter = panels(figures["fig2"])
    assert list(by_letter) == list("abcdefgh")
    networks = study["networks"]
    severities = by_letter["a"]
    assert severities.get_xlabel() == "Severity (0: clean)"
    drawn = severities.containers[1][0].get_ydata()
    expected = networks["severity_accuracy"].sel(network="mouse-similarity")
    np.testing.assert_allclose(drawn, expected)
    success = by_letter["b"]
    assert success.get_xlabel() == "L∞ size (1/255)"
    halves = [container[0].get_xdata().item() for container in success.containers]
    members = ["baseline-32px", "mouse-similarity", "mouse-shuffled"]
    expected = networks["perturbation_half"].sel(network=members, norm="linf")
    np.testing.assert_allclose(halves, expected)
    gains = by_letter["g"].containers[0][0].get_ydata()
    accuracy = networks["category_accuracy"]
    expected = accuracy.sel(network="mtl-monkey-1to1") - accuracy.sel(network="baseline")
    np.testing.assert_allclose(gains, expected.sel(category=["low", "medium", "high"]))
    power = by_letter["d"]
    assert "cycles/pixel" in power.get_xlabel()
    dashed = [
        line.get_xdata()[0]
        for line in power.get_lines()
        if len(line.get_xdata()) == 2 and line.get_linestyle() == "--"
    ]
    expected = networks["half_power_frequency"].sel(network=members, norm="linf")
    np.testing.assert_allclose(dashed, expected)
    baseline, regularised = (inset.images[0] for inset in power.child_axes)
    assert baseline.norm is regularised.norm
    shown = select_spectrum(study["spectra"], "mouse-similarity", "linf")
    np.testing.assert_allclose(regularised.get_array().filled(0), shown)


def test_a_size_of_half_success_that_is_infinite_is_not_marked(study):
    networks = study["networks"].copy(deep=True)
    networks["perturbation_half"].loc[{"network": "mouse-similarity"}] = np.inf
    figure = draw_fig2(study, networks=networks)
    assert len(panels(figure)["b"].containers) == 2


def test_hybrids_show_examples_and_each_reversal_with_its_deviation(figures, study, examples):
    figure = figures["fig3"]
    images = [axes for axes in figure.axes if axes.images]
    assert images[0].get_title() == "High seed:\nGondola"
    assert len(images) == 2 + 5
    np.testing.assert_array_equal(images[-1].images[0].get_array(), examples["low"].values[..., 0])
    curves = panels(figure)["c"]
    assert "Nyquist = 0.5 cycles/pixel" in curves.get_xlabel()
    line, _, (bar,) = curves.containers[1]
    chosen = study["networks"].sel(network="mtl-monkey-1to1")
    middle, deviation = chosen["reversal_frequency"], chosen["reversal_frequency_std"]
    assert line.get_xdata().item() == middle
    np.testing.assert_allclose(
        bar.get_segments()[0][:, 0], [middle - deviation, middle + deviation]
    )
    (entry,) = [
        text.get_text() for text in curves.get_legend().get_texts() if "Monkey" in text.get_text()
    ]
    assert entry == f"MTL-Monkey 1:1: {middle:.3f} ± {deviation:.3f}"


def test_a_network_that_never_reverses_is_named_so(study, examples):
    networks = study["networks"].copy(deep=True)
    for name in ("reversal_frequency", "reversal_frequency_std"):
        networks[name].loc[{"network": "baseline"}] = np.nan
    figure = draw_fig3(study, examples, networks=networks)
    entries = [text.get_text() for text in panels(figure)["c"].get_legend().get_texts()]
    assert entries[0] == "Baseline: no reversal"


def test_spectra_share_a_scale_and_sizes_stand_against_half_power(figures, study):
    figure = figures["fig4"]
    maps = [axes for axes in figure.axes if axes.images]
    assert len(maps) == len(study["points"])
    assert len({id(axes.images[0].norm) for axes in maps}) == 1
    assert maps[-1].get_title() == "Blur, σ 3 px"
    scatter = panels(figure)["c"]
    assert scatter.get_xlabel() == "Half-power frequency (cycles/pixel)"
    assert scatter.get_ylabel() == "Mean smallest perturbation (1/255)"
    drawn = [container[0].get_xydata()[0] for container in scatter.containers]
    np.testing.assert_allclose(drawn, study["points"][["half_power_frequency", SIZE]])
    row = study["correlations"].iloc[0]
    assert f"r = {row['r']:.2f}".replace("-", "−") in scatter.get_title("right")
    assert "n = 10" in scatter.get_title("right")


def test_the_blur_series_has_growing_crosses_a_parabola_and_its_maximum(figures, study):
    scatter = panels(figures["fig5"])["b"]
    assert scatter.get_ylabel() == "Accuracy on corrupted images (%)"
    crosses = [container[0] for container in scatter.containers if container[0].get_marker() == "x"]
    assert np.all(np.diff([cross.get_markersize() for cross in crosses]) > 0)
    optimum = study["optima"].iloc[0]
    (curve,) = [line for line in scatter.get_lines() if len(line.get_xdata()) == 100]
    x = curve.get_xdata()
    expected = optimum["constant"] + optimum["linear"] * x + optimum["square"] * x**2
    np.testing.assert_allclose(curve.get_ydata(), expected, rtol=1e-9)
    (triangle,) = [line for line in scatter.get_lines() if line.get_color() == "white"]
    assert triangle.get_xdata().item() == optimum["reversal_frequency"]
    without = draw_fig6(study, optima=study["optima"].head(0))
    assert not [line for line in panels(without)["b"].get_lines() if len(line.get_xdata()) == 100]


def test_networks_without_a_finite_value_are_left_out_of_a_scatter(study):
    points = study["points"].copy()
    points.loc[1, "reversal_frequency"] = np.nan
    figure = draw_fig5(study, points=points)
    assert len(panels(figure)["b"].containers) == len(points) - 1


def test_groups_have_colours_and_their_members_markers(study):
    marks = group_marks(study["points"], DISPLAY)
    assert marks["baseline-32px"].colour == "#000000"
    assert marks["adversarial-linf"].colour == marks["adversarial-l2"].colour
    assert marks["adversarial-linf"].marker != marks["adversarial-l2"].marker
    assert marks["blur-0.75"] == marks["blur-3.0"]
    assert len({mark for name, mark in marks.items() if "blur" not in name}) == 7
    zoo = {f"zoo-{n}": {"label": "Zoo"} for n in range(9)}
    many = pd.DataFrame({"network": list(zoo), "group": "adversarial", "in_series": False})
    assert len(set(group_marks(many, zoo).values())) == 9


def test_many_networks_fit_the_page(study, check_print):
    """Thirty networks: as many as the paper's comparison has, with the whole blur series."""
    points, networks, display = study["points"], study["networks"], dict(DISPLAY)
    spectra = {name: node.to_dataset() for name, node in study["spectra"].children.items()}
    more, rows = [networks], [points]
    for number in range(20):
        name, source = f"zoo-{number}", "augmix" if number % 2 else "adversarial-l2"
        rows.append(points[points["network"] == source].assign(network=name))
        display[name] = DISPLAY[source] | {"label": "Hendrycks 2020"}
        more.append(networks.sel(network=[source]).assign_coords(network=[name]))
        spectra[name] = spectra[source]
    figure = draw_fig4(
        study,
        display,
        networks=xr.concat(more, "network"),
        spectra=xr.DataTree.from_dict(spectra),
        points=pd.concat(rows, ignore_index=True),
    )
    check_print("fig4", figure)


def test_data_that_lack_something_are_refused(study, examples):
    networks, spectra, points = study["networks"], study["spectra"], study["points"]
    with pytest.raises(InputError, match="'cumulative_power' is missing"):
        draw_fig2(study, networks=networks.drop_vars("cumulative_power"))
    few = xr.DataTree.from_dict({"baseline-32px": spectra["baseline-32px"].to_dataset()})
    with pytest.raises(InputError, match="network 'mouse-similarity' is missing"):
        draw_fig2(study, spectra=few)
    with pytest.raises(InputError, match="'low_class'"):
        draw_fig3(study, examples.drop_attrs())
    with pytest.raises(InputError, match=f"'{SIZE}_low' is missing"):
        draw_fig6(study, points=points.drop(columns=f"{SIZE}_low"))
