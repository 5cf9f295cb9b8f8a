"""Measures of preferred frequency and robustness against loops, scipy and known answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from neurobust.errors import InputError
from neurobust.evaluation.hybrids.evaluate import label_agreement
from neurobust.evaluation.hybrids.reversal import find_reversal
from neurobust.images.frequencies import half_power_frequency
from neurobust.statistics.claims import check_claims, read_claims
from neurobust.statistics.draws import bounds, count_images, estimate, limits
from studies.li2023.blur_series import (
    INTERIOR,
    OUTSIDE,
    TOO_FEW,
    UPWARD,
    add_best_shares,
    find_optimum,
    fit_maxima,
    order_series,
)
from studies.li2023.comparison import compare, compare_networks
from studies.li2023.correlations import correlate_measures, network_points
from studies.li2023.differences import pair_differences
from studies.li2023.measures import (
    RADII,
    half_success,
    measure_hybrids,
    success_rates,
)
from studies.li2023.networks import draw_measures, mean_spectra, tabulate_networks
from studies.li2023.quantities import collect_quantities

IMAGES, ATTACKED, REPETITIONS = 40, 30, 80
CORRUPTIONS = {"fog": "low", "snow": "low", "pixelate": "medium", "shot_noise": "high"}
SIDE = 8
AXIS = np.fft.fftshift(np.fft.fftfreq(SIDE))
RADIUS = np.hypot(AXIS[:, None], AXIS)
RADII_8, MEMBER = np.unique(RADIUS.round(12), return_inverse=True)
FREQUENCIES = [0.0, 0.25, 0.5, 1.0]
MIXED = 40  # hybrids


def make_network(number, *, images="pictures", seeds=2, rate=0.5, **attributes):
    """Evaluate a network of random answers, perturbations and curves; all follow from a number."""
    rng = np.random.default_rng(number)
    power = rng.gamma(1 + number % 3, 1, (seeds, 2, ATTACKED, SIDE, SIDE))
    power[..., SIDE // 2, SIDE // 2] = 0
    distance = rng.gamma(2, 1, (seeds, 2, ATTACKED)) / 255
    distance[0, :, 0] = np.inf  # not found
    distance[0, :, 1] = 0  # unprompted
    power[0, :, :2] = np.nan
    radial = np.zeros((seeds, 2, ATTACKED, len(RADII_8)))
    for index in np.ndindex(seeds, 2, ATTACKED):
        radial[index] = np.bincount(MEMBER.ravel(), power[index].ravel())
    attributes = {"images": images, "simulated": 0} | attributes
    seed_names = 1000 * np.arange(1, seeds + 1)
    corruptions = xr.Dataset(
        {
            "correct": (
                ("seed", "corruption", "severity", "image"),
                (rng.random((seeds, len(CORRUPTIONS), 2, IMAGES)) < rate).astype(np.int8),
            ),
            "clean_correct": (
                ("seed", "image"),
                (rng.random((seeds, IMAGES)) < rate).astype(np.int8),
            ),
        },
        {
            "seed": seed_names,
            "corruption": list(CORRUPTIONS),
            "severity": [1, 2],
            "image_id": ("image", np.arange(IMAGES)),
        },
        attributes | {"n_classes": 4},
    )
    attacks = xr.Dataset(
        {
            "distance": (("seed", "norm", "image"), distance),
            "correct": (("seed", "image"), (rng.random((seeds, ATTACKED)) < 0.8).astype(np.int8)),
            "power": (
                ("seed", "norm", "row_frequency", "column_frequency"),
                np.nanmean(power, axis=2),
            ),
            "radial_power": (("seed", "norm", "image", "radial_frequency"), radial),
        },
        {
            "seed": seed_names,
            "norm": ["linf", "l2"],
            "image_id": ("image", np.arange(ATTACKED)),
            "row_frequency": AXIS,
            "column_frequency": AXIS,
            "radial_frequency": RADII_8,
        },
        attributes,
    )
    # Low images are the likelier to be answered with the higher the frequency is.
    chance = np.array([0.2, 0.35, 0.5, 0.8])[:, None]
    shape = (seeds, 4, len(FREQUENCIES), MIXED)
    hybrids = label_hybrids(np.where(rng.random(shape) < chance, 1, -1), seed_names, attributes)
    return {"corruptions": corruptions, "attacks": attacks, "hybrids": hybrids}


def label_hybrids(agreement, seeds, attributes):
    """Return an evaluation of hybrids that has these agreements."""
    labelled = label_agreement(agreement.astype(np.int8), seeds, FREQUENCIES)
    numbers = np.arange(agreement.shape[-1])
    return labelled.assign_coords(image_id=("image", numbers)).assign_attrs(attributes)


def gather(networks):
    return {
        kind: {name: parts[kind] for name, parts in networks.items()}
        for kind in ("corruptions", "attacks", "hybrids")
    }


def measure(networks, repetitions=REPETITIONS):
    evaluations = gather(networks)
    draws = draw_measures(**evaluations, repetitions=repetitions, seed=5)
    return draws, tabulate_networks(draws, **evaluations)


@pytest.fixture(scope="module")
def networks():
    made = {
        f"network-{number}": make_network(number, rate=0.3 + 0.1 * number) for number in range(5)
    }
    made["twin"] = made["network-0"]
    return made


@pytest.fixture(scope="module")
def measured(networks):
    return measure(networks)


def test_accuracies_are_means_over_seeds_images_severities_and_corruptions(networks, measured):
    _, found = measured
    data = networks["network-2"]["corruptions"]
    chosen = found.sel(network="network-2")
    correct = data["correct"]
    # Means of whole numbers: the two ways differ in rounding alone.
    assert chosen["clean_accuracy"] == pytest.approx(100 * data["clean_correct"].mean().item())
    assert chosen["corruption_accuracy"] == pytest.approx(100 * correct.mean().item())
    assert chosen["severity"].values.tolist() == [0, 1, 2]
    assert chosen["severity_accuracy"].sel(severity=0) == chosen["clean_accuracy"]
    for severity in (1, 2):
        expected = 100 * correct.sel(severity=severity).mean().item()
        assert chosen["severity_accuracy"].sel(severity=severity) == pytest.approx(expected)
    for category in ("low", "medium", "high"):
        names = [name for name, other in CORRUPTIONS.items() if other == category]
        expected = 100 * correct.sel(corruption=names).mean().item()
        assert chosen["category_accuracy"].sel(category=category) == pytest.approx(expected)


def test_success_is_the_share_of_all_attacked_images_within_a_size(networks, measured):
    _, found = measured
    distance = 255 * networks["network-1"]["attacks"]["distance"].sel(norm="l2").values.ravel()
    chosen = found.sel(network="network-1", norm="l2")
    naive = [np.mean([d <= size for d in distance]) for size in chosen["size"].values]
    np.testing.assert_allclose(chosen["success"], naive, rtol=1e-12)
    assert chosen["success"].values[0] == 1 / 60  # the one of size 0
    largest = max(
        d for parts in networks.values() for d in parts["attacks"]["distance"].values[:, 1].ravel()
        if np.isfinite(d)
    )  # fmt: skip
    assert chosen["size"].values[-1] == pytest.approx(255 * largest)
    finite = distance[np.isfinite(distance)]
    assert chosen["perturbation_mean"] == pytest.approx(finite.mean())
    assert chosen["perturbation_std"] == pytest.approx(finite.std())
    ordered = sorted(distance)
    assert chosen["perturbation_half"] == ordered[29]  # the 30th of 60 makes half
    assert chosen["not_found"] == 1
    attacks = networks["network-1"]["attacks"]
    assert chosen["misclassified"] == (attacks["correct"] == 0).sum()
    assert chosen["attacked"] == 60


def test_weighted_images_count_as_images_repeated():
    rng = np.random.default_rng(0)
    distance = np.append(rng.random(20), [np.inf, np.inf])
    weights = rng.integers(0, 4, (6, 22)).astype(float)
    sizes = np.linspace(0, 1.2, 9)
    halves = half_success(distance, weights)
    rates = success_rates(distance, weights, sizes)
    for repetition, counts in enumerate(weights.astype(int)):
        repeated = np.sort(np.repeat(distance, counts))
        assert halves[repetition] == repeated[(len(repeated) - 1) // 2]
        expected = [(repeated <= size).mean() for size in sizes]
        np.testing.assert_allclose(rates[repetition], expected, rtol=1e-12)


def test_half_success_is_infinite_where_most_images_have_no_perturbation():
    distance = np.array([1.0, 2.0, np.inf, np.inf, np.inf])
    assert half_success(distance, np.ones((1, 5))) == np.inf
    assert half_success(distance[:4], np.ones((1, 4))) == 2.0


def test_cumulative_power_and_half_power_frequency_are_the_mean_spectrum_s(networks, measured):
    _, found = measured
    radial = networks["network-3"]["attacks"]["radial_power"].sel(norm="linf").values
    mean = np.zeros(len(RADII_8))
    for one in radial.reshape(-1, len(RADII_8)):
        if one.sum() > 0:
            mean += one
    within = np.cumsum(mean) / mean.sum()
    chosen = found.sel(network="network-3", norm="linf")
    for radius, share in zip(RADII, chosen["cumulative_power"].values, strict=True):
        upper = int(np.searchsorted(RADII_8, radius))
        if upper in (0, len(RADII_8)):
            expected = within[min(upper, len(RADII_8) - 1)]
        else:
            part = (radius - RADII_8[upper - 1]) / (RADII_8[upper] - RADII_8[upper - 1])
            expected = within[upper - 1] + part * (within[upper] - within[upper - 1])
        assert share == pytest.approx(expected, abs=1e-12)
    half = chosen["half_power_frequency"].item()
    assert np.interp(half, RADII_8, within) == pytest.approx(0.5)  # where the curve meets a half
    single = half_power_frequency(RADII_8, radial.reshape(-1, len(RADII_8)))
    assert chosen["half_power_frequency_std"] == pytest.approx(np.nanstd(single, ddof=1))


def test_power_on_one_ring_is_half_within_the_middle_of_its_rise():
    """All power at one radius: the share rises from 0 to 1 between the radius before it and it."""
    parts = make_network(0)
    alone = np.zeros(len(RADII_8))
    alone[5] = 3.0
    attacks = parts["attacks"]
    attacks["radial_power"] = xr.zeros_like(attacks["radial_power"]) + alone
    _, found = measure({"one": parts}, repetitions=20)
    middle = (RADII_8[4] + RADII_8[5]) / 2
    np.testing.assert_allclose(found["half_power_frequency"], middle, rtol=1e-12)
    np.testing.assert_allclose(found["half_power_frequency_interval"], middle, rtol=1e-12)


def rises(starts):
    """Return agreements of images that all change from high to low at the same frequency."""
    index = np.arange(len(FREQUENCIES))
    curves = [[np.where(index >= start, 1, -1) for start in row] for row in starts]
    return np.repeat(np.array(curves)[..., None], MIXED, axis=-1)


def test_reversals_average_over_seeds_and_permutations_that_reverse():
    parts = make_network(0)
    agreement = rises([[1, 2, 1, 3], [0, 2, 3, 3]])
    agreement[0, 2] *= -1  # it falls, and has no reversal
    old = parts["hybrids"]
    parts["hybrids"] = label_hybrids(agreement, old["seed"].values, old.attrs)
    _, found = measure({"one": parts}, repetitions=20)
    # Half way between the neighbours, as the difference goes from -1 to 1; 0 before the range.
    known = np.array([0.125, 0.375, 0.75, 0.0, 0.375, 0.75, 0.75])
    assert found["reversal_frequency"].item() == pytest.approx(known.mean())
    assert found["reversal_frequency_std"].item() == pytest.approx(known.std(ddof=1))
    assert found["not_reversed"].item() == 2  # one without a frequency, one at the range's end
    low, high = found["reversal_frequency_interval"].values[0]
    assert 0 <= low < known.mean() < high <= 0.75
    hybrids = parts["hybrids"]
    difference = (hybrids["p_low"] - hybrids["p_high"]).values.reshape(8, -1)
    np.testing.assert_allclose(found["p_difference"].values[0], difference.mean(0))
    np.testing.assert_allclose(found["p_difference_std"].values[0], difference.std(0, ddof=1))


def test_the_reversal_of_one_seed_and_permutation_varies_with_the_images():
    parts = make_network(0, seeds=1)
    hybrids = parts["hybrids"].isel(permutation=[0])
    agreement = hybrids["agreement"].values[0, 0]
    images = count_images(MIXED, 30, seed=5)
    once = np.ones((31, 1), int)
    drawn = measure_hybrids(hybrids, once, once, images)["reversal_frequency"].values
    for counts, frequency in zip(images, drawn, strict=True):  # a naive loop over images
        difference = np.zeros(len(FREQUENCIES))
        for image, count in enumerate(counts):
            difference += count * agreement[:, image]
        assert frequency == pytest.approx(find_reversal(FREQUENCIES, difference)[0], nan_ok=True)
    assert drawn[0] == pytest.approx(hybrids["reversal_frequency"].item())
    assert len(np.unique(drawn)) > 10


def test_what_never_reverses_or_is_never_found_has_no_value_and_is_counted():
    parts = make_network(0, seeds=1)
    old = parts["hybrids"]
    falls = -rises([[2, 2, 2, 2]])
    parts["hybrids"] = label_hybrids(falls, old["seed"].values, old.attrs)
    attacks = parts["attacks"]
    attacks["distance"].values[:] = np.inf
    attacks["radial_power"].values[:] = np.nan
    attacks["power"].values[:] = np.nan
    _, found = measure({"one": parts}, repetitions=20)
    for name in ("reversal_frequency", "perturbation_mean", "half_power_frequency"):
        assert np.isnan(found[name]).all(), name
        assert np.isnan(found[f"{name}_interval"]).all(), name
    assert (found["perturbation_half"] == np.inf).all()
    assert (found["perturbation_half_interval"] == np.inf).all()
    assert (found["success"] == 0).all()
    assert found["not_reversed"].item() == 4
    assert (found["not_found"] == ATTACKED).all()
    assert np.isnan(mean_spectra({"one": attacks})["one"]["power"]).all()


def test_mean_spectra_weigh_seeds_by_what_they_found_and_compare_with_white_noise(networks):
    attack = networks["network-4"]["attacks"]
    power = mean_spectra({"a": attack})["a"]["power"]
    np.testing.assert_allclose(power.mean(("row_frequency", "column_frequency")), 1, rtol=1e-12)
    first, second = attack["power"].sel(norm="linf").values
    expected = 28 * first + 30 * second  # the first seed has one not found and one of size 0
    np.testing.assert_allclose(power.sel(norm="linf"), expected / expected.mean(), rtol=1e-12)


def test_networks_have_units_and_record_whether_any_is_simulated(networks):
    parts = make_network(9, simulated=1, sigma_px=1.5, sweep="blur")
    _, found = measure({"plain": networks["network-0"], "blur-1.5": parts}, repetitions=10)
    assert found["half_power_frequency"].attrs["units"] == "cycles/pixel"
    assert found["radial_frequency"].attrs["units"] == "cycles/pixel"
    assert "Nyquist" in found["reversal_frequency_interval"].attrs["units"]
    assert "1/255" in found["size"].attrs["units"]
    assert found["clean_accuracy"].attrs["units"] == "%"
    assert found["network"].values.tolist() == ["plain", "blur-1.5"]
    assert np.isnan(found["sigma_px"][0])
    assert found["sigma_px"][1] == 1.5
    assert found.attrs["simulated"] == 1


def test_the_first_repetition_is_the_estimate_and_intervals_cover_it(measured):
    draws, found = measured
    assert draws.sizes["repetition"] == REPETITIONS + 1
    for name in (
        "clean_accuracy",
        "perturbation_mean",
        "half_power_frequency",
        "reversal_frequency",
    ):
        np.testing.assert_array_equal(estimate(draws[name]), found[name])
        low, high = (found[f"{name}_interval"].sel(bound=bound) for bound in ("low", "high"))
        inside = (low <= found[name]) & (found[name] <= high)
        assert inside.mean() > 0.9, name  # of a percentile interval, the estimate may be outside
        resamples = draws[name].isel(repetition=slice(1, None)).values
        expected = np.percentile(resamples, 97.5, axis=draws[name].get_axis_num("repetition"))
        np.testing.assert_allclose(high, expected, rtol=1e-12)


def test_intervals_of_a_mean_are_as_wide_as_its_standard_error_says():
    """A mean of n independent sizes has the error sd / sqrt(n), and an interval of 3.92 errors."""
    parts = make_network(3, seeds=1)
    distance = np.random.default_rng(1).normal(10, 1, (1, 2, ATTACKED)) / 255
    parts["attacks"]["distance"].values[:] = distance
    _, found = measure({"one": parts}, repetitions=2000)
    width = np.diff(found["perturbation_mean_interval"].sel(norm="linf").values[0]).item()
    expected = 2 * 1.96 * 255 * distance[0, 0].std() / np.sqrt(ATTACKED)
    # The error of a 97.5 % quantile of 2000 resamples is some 3 % of the width.
    assert width == pytest.approx(expected, rel=0.12)


def test_bounds_of_infinite_resamples_are_infinite_and_none_has_none():
    values = xr.DataArray([1.0, 1.0, 2.0, np.inf, np.inf], dims="repetition")
    assert limits(values)[0::2] == (1.0, np.inf)
    assert np.isfinite(limits(values)[1])
    nothing = xr.DataArray(np.full(5, np.nan), dims="repetition")
    assert np.isnan(bounds(nothing)).all()


PAIRS = {
    "mouse": {"baseline": "network-0", "regularised": "network-1", "controls": ["network-2"]},
    "monkey": {"baseline": "network-0", "regularised": "twin", "controls": []},
}


def test_identical_networks_do_not_differ_in_the_images_they_share(networks):
    """With one seed, nothing but the images is drawn, and these are the same for both."""
    single = {
        name: {kind: data.isel(seed=[0]) for kind, data in networks["network-0"].items()}
        for name in ("network-0", "twin")
    }
    draws, _ = measure(single)
    table = pair_differences(draws, {"monkey": PAIRS["monkey"]})
    ratio = table["measure"] == "perturbation_mean_ratio"
    assert (table.loc[ratio, ["value", "low", "high"]] == 1).all(axis=None)
    assert (table.loc[~ratio, ["value", "low", "high"]] == 0).all(axis=None)


def test_differences_name_both_networks_their_roles_and_the_paired_interval(measured):
    draws, found = measured
    table = pair_differences(draws, PAIRS)
    parties = table[["role", "reference_role"]].drop_duplicates().to_numpy().tolist()
    assert parties == [
        ["mouse", "mouse-baseline"],
        ["mouse-control", "mouse-baseline"],
        ["mouse", "mouse-control"],
        ["monkey", "monkey-baseline"],
    ]
    first = table[(table["role"] == "mouse") & (table["reference_role"] == "mouse-baseline")]

    def row(measure, **chosen):
        rows = first[first["measure"] == measure]
        for name, value in chosen.items():
            rows = rows[rows[name] == value]
        return rows.squeeze()

    one, other = found.sel(network="network-1"), found.sel(network="network-0")
    by_category = one["category_accuracy"] - other["category_accuracy"]
    high = row("category_accuracy", category="high")
    assert high["value"] == pytest.approx(by_category.sel(category="high").item())
    rest = by_category.sel(category=["low", "medium"]).max().item()
    advantage = row("category_advantage", category="high")
    assert advantage["value"] == pytest.approx(high["value"] - rest)
    sizes = [data["perturbation_mean"].sel(norm="l2").item() for data in (one, other)]
    assert row("perturbation_mean", norm="l2")["value"] == pytest.approx(sizes[0] - sizes[1])
    assert row("perturbation_mean_ratio", norm="l2")["value"] == pytest.approx(sizes[0] / sizes[1])
    assert row("half_power_frequency", norm="linf")["unit"] == "cycles/pixel"
    resamples = [
        draws["clean_accuracy"].sel(network=name).values[1:] for name in ("network-1", "network-0")
    ]
    expected = np.percentile(resamples[0] - resamples[1], [2.5, 97.5])
    clean = row("clean_accuracy")
    np.testing.assert_allclose([clean["low"], clean["high"]], expected)


SIZE = "perturbation_linf_mean"


def make_points(count=12, **columns):
    rng = np.random.default_rng(3)
    x = rng.uniform(0.1, 0.5, count)
    table = {
        "network": [f"n{number}" for number in range(count)],
        "half_power_frequency": x,
        "reversal_frequency": x + rng.normal(0, 0.05, count),
        SIZE: 5 - 6 * x + rng.normal(0, 0.5, count),
        "corruption_accuracy": 60 - (x - 0.3) ** 2 * 100 + rng.normal(0, 1, count),
    }
    return pd.DataFrame(table | columns)


def test_correlations_are_scipy_s_and_corrected_for_four_tests():
    points = make_points()
    table = correlate_measures(points, "comparison", norm="linf", seed=1)
    assert len(table) == 12
    tests = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}
    for row in table.to_dict("records"):
        expected = tests[row["method"]](points[row["x"]], points[row["y"]])
        assert row["r"] == pytest.approx(expected.statistic)
        assert row["p"] == pytest.approx(expected.pvalue)
        assert row["low"] <= row["r"] <= row["high"]
        same = table[table["method"] == row["method"]]["p"]
        assert min(1, 4 * same.min()) == pytest.approx(
            table[table["method"] == row["method"]]["p_holm"].min()
        )  # Holm's smallest is Bonferroni's


def test_correlations_leave_out_networks_without_a_value_and_need_four():
    points = make_points()
    points.loc[0, "reversal_frequency"] = np.nan
    points.loc[1, SIZE] = np.inf
    table = correlate_measures(points, "comparison", norm="linf", seed=1)
    numbers = table[table["method"] == "kendall"].set_index(["x", "y"])["n"]
    assert numbers["half_power_frequency", SIZE] == 11
    assert numbers["reversal_frequency", SIZE] == 10
    assert numbers["half_power_frequency", "corruption_accuracy"] == 12
    few = correlate_measures(points.head(3), "comparison", norm="linf", seed=1)
    assert few[["r", "low", "high", "p", "p_holm"]].isna().all(axis=None)
    assert (few["n"] <= 3).all()
    level = correlate_measures(make_points(**{SIZE: 1.0}), "comparison", norm="linf", seed=1)
    assert level.loc[level["y"] == SIZE, "r"].isna().all()


def test_maxima_are_those_of_known_parabolas():
    """3 - (x - .3)^2 peaks at .3; a noiseless parabola is fitted up to rounding."""
    x = np.tile([0.1, 0.2, 0.35, 0.5, 0.6], (3, 1))
    y = np.stack([3 - (x[0] - 0.3) ** 2, 3 + (x[1] - 0.3) ** 2, 3 - (x[2] - 0.9) ** 2])
    coefficients, maxima = fit_maxima(x, y)
    np.testing.assert_allclose(coefficients[0], [3 - 0.09, 0.6, -1], atol=1e-10)
    assert maxima[0] == pytest.approx(0.3)
    assert np.isnan(maxima[1:]).all()
    assert np.isnan(fit_maxima(x[:, :3], y[:, :3])[1]).all()


def make_series(accuracies, frequencies, spread=0.0, resamples=200):
    """Draw a blur series, the first member the baseline, about known values."""
    rng = np.random.default_rng(4)
    size = (len(accuracies), resamples + 1)
    noise = rng.normal(0, spread, size) if spread else np.zeros(size)
    noise[:, 0] = 0
    names = [f"n{number}" for number in range(len(accuracies))]
    draws = xr.Dataset(
        {
            "corruption_accuracy": (
                ("network", "repetition"),
                np.array(accuracies)[:, None] + noise,
            ),
            "reversal_frequency": (
                ("network", "repetition"),
                np.array(frequencies)[:, None] + np.zeros(size),
            ),
        },
        {"network": names},
    )
    points = pd.DataFrame(
        {
            "network": names[::-1],  # in no special order
            "group": ["preprocessing"] * (len(names) - 1) + ["baseline"],
            "in_series": [True] * (len(names) - 1) + [False],
            "sigma_px": np.arange(len(names))[::-1] / 2,
        }
    )
    return order_series(points), draws


def test_the_best_blur_is_found_with_the_evidence_for_it():
    frequencies = np.array([0.5, 0.4, 0.3, 0.2])
    accuracies = 60 - 100 * (frequencies - 0.33) ** 2
    series, draws = make_series(accuracies, frequencies, spread=0.2)
    assert series["sigma_px"].tolist() == [0, 0.5, 1, 1.5]
    found = find_optimum(series, draws, "comparison")
    assert (found.verdict, found.strengths) == (INTERIOR, 4)
    assert found.reversal_frequency == pytest.approx(0.33)
    assert found.reversal_frequency_low < 0.33 < found.reversal_frequency_high
    assert found.interior_share == 1
    assert found.best_sigma_px == 1
    assert found.margin == pytest.approx(accuracies[2] - max(accuracies[0], accuracies[-1]))
    assert found.margin_low < found.margin < found.margin_high
    shares = add_best_shares(series, draws)["best_share"]
    assert shares.sum() == pytest.approx(1)
    assert shares[2] == found.best_sigma_share > 0.5


@pytest.mark.parametrize(
    ("accuracies", "frequencies", "verdict"),
    [
        ([50, 60, 50], [0.5, 0.4, 0.3], TOO_FEW),
        ([50, 60, 60, 50], [0.5, 0.4, np.nan, 0.2], TOO_FEW),
        ([60, 52, 51, 60], [0.5, 0.4, 0.3, 0.2], UPWARD),
        ([60, 58, 55, 51], [0.5, 0.4, 0.3, 0.2], OUTSIDE),
    ],
)
def test_a_series_without_an_optimum_gives_the_reason(accuracies, frequencies, verdict):
    found = find_optimum(*make_series(accuracies, frequencies), "comparison")
    assert found.verdict == verdict
    assert np.isnan(found.reversal_frequency)
    assert np.isnan(found.reversal_frequency_low)


COMPARISONS = {
    "comparison": {
        "groups": {
            "network-0": "baseline",
            "network-1": "neural",
            "network-2": "adversarial",
            "network-3": "preprocessing",
            "network-4": "preprocessing",
        },
        "series": ["network-3", "network-4"],
    }
}


def test_points_are_the_networks_measures_with_their_bounds(measured):
    _, found = measured
    groups = COMPARISONS["comparison"]["groups"]
    points = network_points(found, groups, norm="l2", series=["network-3"])
    assert points["group"].tolist() == list(groups.values())
    assert points["in_series"].tolist() == [False, False, False, True, False]
    assert (points["sigma_px"] == 0).all()
    chosen = found.sel(network=list(groups), norm="l2")
    np.testing.assert_array_equal(points["perturbation_l2_mean"], chosen["perturbation_mean"])
    np.testing.assert_array_equal(
        points["reversal_frequency_high"], chosen["reversal_frequency_interval"].sel(bound="high")
    )


def collect(measured):
    draws, found = measured
    compared = compare_networks(draws, found, COMPARISONS, norm="linf", seed=1)
    return collect_quantities(
        draws,
        pair_differences(draws, PAIRS),
        compared.correlations,
        compared.optima,
        pairs=PAIRS,
        comparisons={name: parts["groups"] for name, parts in COMPARISONS.items()},
        norm="linf",
    ).set_index("quantity")


def test_quantities_are_named_by_measure_and_role(measured):
    _, found = measured
    quantities = collect(measured)
    assert quantities.index.is_unique
    values = quantities["value"]
    at_norm = found.sel(network="network-1", norm="l2")
    assert values["perturbation_l2_mean[mouse]"] == at_norm["perturbation_mean"].item()
    assert values["perturbation_l2_half[mouse]"] == at_norm["perturbation_half"].item()
    assert values["half_power_frequency[mouse,l2]"] == at_norm["half_power_frequency"].item()
    reversal = found["reversal_frequency"].sel(network=["network-0", "network-1"]).values
    shift = reversal[1] - reversal[0]
    assert values["reversal_frequency_difference[mouse,mouse-baseline]"] == pytest.approx(shift)
    # The monkey's regularised network is its baseline's twin, so that the mouse's shift is all.
    assert values["reversal_frequency_shift[mouse,monkey]"] == pytest.approx(shift)
    others = ["network-1", "network-2", "network-3", "network-4"]
    accuracy = found["corruption_accuracy"]
    gains = (accuracy.sel(network=others) - accuracy.sel(network="network-0")).values
    smallest = values["comparison.smallest_difference[comparison,corruption_accuracy]"]
    assert smallest == pytest.approx(gains.min())
    gain = values["comparison.group_gain[comparison,adversarial]"]
    assert gain == pytest.approx(gains[1])
    contrast = values["comparison.group_contrast[comparison,adversarial]"]
    assert contrast == pytest.approx(gains[1] - np.delete(gains, 1).mean())
    assert (quantities["low"] <= quantities["high"]).loc[quantities["low"].notna()].all()


def test_every_claim_of_the_paper_about_pairs_and_the_comparison_can_be_checked(measured):
    claims = read_claims(Path(__file__).parents[1] / "claims.csv")
    checked = check_claims(claims, collect(measured).reset_index(), scale="a test")
    not_run = checked.loc[checked["holds"] == "not run", "quantity"]
    # There are neither a comparison on ImageNet here nor a control of the monkey's.
    assert all("imagenet" in quantity or "monkey-control" in quantity for quantity in not_run)
    assert len(not_run) < len(checked) / 4


@pytest.mark.parametrize(
    ("kind", "spoil", "message"),
    [
        ("corruptions", lambda data: data.drop_vars("clean_correct"), "clean_correct"),
        ("attacks", lambda data: data.drop_vars("radial_power"), "radial_power"),
        ("hybrids", lambda data: data.drop_attrs(), "images"),
        (
            "corruptions",
            lambda data: data.assign_coords(image_id=data["image_id"] + 1),
            "'image_id' differs",
        ),
        (
            "attacks",
            lambda data: data.assign_coords(image_id=data["image_id"] + 1),
            "'image_id' differs",
        ),
        (
            "hybrids",
            lambda data: data.assign_coords(mixing_frequency=[0.0, 0.2, 0.5, 1.0]),
            "'mixing_frequency' differs",
        ),
        ("attacks", lambda data: data.isel(image=[]), "is empty"),
        (
            "corruptions",
            lambda data: data.assign_coords(corruption=["fog", "snow", "pixelate", "rain"]),
            "'corruption' differs",
        ),
    ],
)
def test_evaluations_that_do_not_fit_are_refused_by_name(networks, kind, spoil, message):
    evaluations = gather({name: networks[name] for name in ("network-0", "network-1")})
    evaluations[kind]["network-1"] = spoil(evaluations[kind]["network-1"])
    with pytest.raises(InputError, match=rf"{kind} of network network-1.*{message}"):
        draw_measures(**evaluations, repetitions=5, seed=1)


def test_corruptions_without_a_category_are_refused(networks):
    for names, message in (
        (["fog", "snow", "pixelate", "rain"], "'rain'"),
        (["fog", "snow", "pixelate", "motion_blur"], "no corruption is of high"),
    ):
        evaluations = gather({"one": networks["network-0"]})
        data = evaluations["corruptions"]["one"].assign_coords(corruption=names)
        evaluations["corruptions"]["one"] = data
        with pytest.raises(InputError, match=message):
            draw_measures(**evaluations, repetitions=5, seed=1)


def test_networks_of_other_image_sets_need_not_share_images():
    other = make_network(1, images="others")
    for kind in ("corruptions", "attacks"):
        other[kind] = other[kind].assign_coords(image_id=other[kind]["image_id"] + 500)
    draws, _ = measure({"one": make_network(0), "other": other}, repetitions=5)
    assert draws["network"].values.tolist() == ["one", "other"]


def test_all_results_come_from_one_function(networks, measured):
    names = ["network-0", "network-1", "network-2", "network-3", "network-4", "twin"]
    evaluations = gather(networks)
    found = compare(
        **{kind: [by_name[name] for name in names] for kind, by_name in evaluations.items()},
        networks=names,
        pairs=PAIRS,
        comparisons=COMPARISONS,
        norm="linf",
        bootstrap=REPETITIONS,
        bootstrap_seed=5,
    )
    xr.testing.assert_identical(found["networks"], measured[1])
    differences = pair_differences(measured[0], PAIRS)
    pd.testing.assert_frame_equal(found["differences"], differences)
    assert found["optima"]["comparison"].tolist() == ["comparison"]
    assert found["blur_series"]["network"].tolist() == ["network-0", "network-3", "network-4"]
    assert set(found["spectra"].children) == set(names)
    assert "label" not in {*found["networks"].variables, *found["points"].columns}
