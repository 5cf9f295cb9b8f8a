"""Scores with known answers, against a loop over the formula, and what is refused."""

import numpy as np
import pytest
import xarray as xr

from neurobust.errors import InputError
from neurobust.files.storage import read_dataset, write_dataset
from neurobust.statistics.comparable import check_comparable
from studies.safarani2021.scores import exemplary_corruptions, robustness_scores, seed_scores

SEED = 20


def test_a_network_that_is_better_by_a_fifth_everywhere_scores_120(known):
    scores = robustness_scores(known, baseline="baseline", seed=SEED)
    expected = {"baseline": 100, "better": 120, "worse": 80}
    for network, score in expected.items():
        chosen = scores.sel(network=network)
        np.testing.assert_allclose(chosen["total_score"], score, rtol=1e-12)
        np.testing.assert_allclose(chosen["group_score"], score, rtol=1e-12)
        np.testing.assert_allclose(chosen["corruption_score"], score, rtol=1e-12)
    np.testing.assert_array_equal(scores["improved_corruptions"], [0, 6, 0])
    np.testing.assert_allclose(
        scores["total_difference"].sel(network="better", other_network="worse"), 40, rtol=1e-12
    )
    np.testing.assert_allclose(scores["accuracy"].sel(network="better"), 60)
    np.testing.assert_allclose(scores["clean_accuracy"], [50, 60, 40])
    assert list(scores["corruption_group"].to_numpy()) == ["Noise", "Blur", "Weather", "Digital"]
    assert scores.attrs["simulated"] == 1
    assert scores["total_score"].attrs["units"] == "%"


def test_scores_equal_a_loop_over_the_formula(random_networks):
    scores = robustness_scores(random_networks, baseline="baseline", seed=SEED, repetitions=10)
    for name, data in random_networks.items():
        ratios, groups = [], {}
        for corruption in data["corruption"].to_numpy():
            means = [
                np.mean(
                    [
                        network["correct"].sel(seed=s, corruption=corruption, severity=v).mean()
                        for s in network["seed"]
                        for v in network["severity"]
                    ]
                )
                for network in (data, random_networks["baseline"])
            ]
            ratios.append(100 * means[0] / means[1])
            group = str(data["group"].sel(corruption=corruption).item())
            groups.setdefault(group, []).append(ratios[-1])
        chosen = scores.sel(network=name)
        np.testing.assert_allclose(chosen["total_score"], np.mean(ratios))
        for group, members in groups.items():
            score = chosen["group_score"].sel(corruption_group=group)
            np.testing.assert_allclose(score, np.mean(members))


def test_intervals_hold_the_estimate_and_baseline_has_one(random_networks):
    scores = robustness_scores(random_networks, baseline="baseline", seed=SEED)
    for name in ("accuracy", "clean_accuracy", "corruption_score", "group_score", "total_score"):
        bounds = scores[f"{name}_interval"]
        low, high = bounds.sel(bound="low"), bounds.sel(bound="high")
        assert (low < high).all(), name
        assert ((low <= scores[name]) & (scores[name] <= high)).mean() > 0.95, name
    assert not scores["total_score_interval"].isnull().any()


def test_intervals_follow_from_the_seed_alone(random_networks):
    def run(seed):
        return robustness_scores(random_networks, baseline="baseline", seed=seed, repetitions=30)

    xr.testing.assert_identical(run(1), run(1))
    assert not run(1)["total_score_interval"].equals(run(2)["total_score_interval"])
    fewer = {name: random_networks[name] for name in ("baseline", "better")}
    alone = robustness_scores(fewer, baseline="baseline", seed=1, repetitions=30)
    together = run(1).sel(network=["baseline", "better"])
    # The draws of a network do not depend on which others are compared.
    xr.testing.assert_allclose(alone["total_score_interval"], together["total_score_interval"])


def test_networks_share_the_resampled_images(known):
    # Copies of one network, of one seed: only the images could tell them apart.
    one = known["baseline"].isel(seed=[0])
    copies = {"baseline": one, "copy": one.assign_attrs(network="copy")}
    scores = robustness_scores(copies, baseline="baseline", seed=SEED)
    np.testing.assert_array_equal(scores["total_score_interval"], 100)
    np.testing.assert_array_equal(scores["total_difference_interval"], 0)
    assert (np.ptp(scores["accuracy_interval"].to_numpy(), axis=-1) > 0).all()


def test_clean_deviation_is_that_of_a_sample_and_undefined_for_one_seed(known):
    baseline = known["baseline"].copy(deep=True)
    baseline["clean_correct"][0, :] = np.arange(100) < 40
    baseline["clean_correct"][1, :] = np.arange(100) < 46
    scores = robustness_scores(
        {"baseline": baseline, "single": known["better"].isel(seed=[0])},
        baseline="baseline",
        seed=SEED,
        repetitions=5,
    )
    np.testing.assert_allclose(scores["clean_deviation"][0], np.sqrt(18))
    assert np.isnan(scores["clean_deviation"][1])
    assert list(scores["seeds"].to_numpy()) == [2, 1]


def test_scores_survive_a_file(known, tmp_path):
    scores = robustness_scores(known, baseline="baseline", seed=SEED, repetitions=5)
    write_dataset(scores, tmp_path / "scores.nc")
    xr.testing.assert_identical(read_dataset(tmp_path / "scores.nc"), scores)


def test_inputs_stay_as_they_were(known):
    before = {name: data.copy(deep=True) for name, data in known.items()}
    robustness_scores(known, baseline="baseline", seed=SEED, repetitions=5)
    for name, data in known.items():
        xr.testing.assert_identical(data, before[name])


def test_baseline_with_zero_accuracy_is_named(known):
    known["baseline"]["correct"].loc[{"corruption": "fog"}] = 0
    with pytest.raises(InputError, match="fog"):
        robustness_scores(known, baseline="baseline", seed=SEED)


def test_rare_undefined_repetitions_are_left_out_and_frequent_ones_refused(known):
    def with_hits(count):
        baseline = known["baseline"].isel(image=slice(20)).copy(deep=True)
        baseline["correct"].loc[{"corruption": "fog"}] = np.arange(20) < count
        better = known["better"].isel(image=slice(20))
        return {"baseline": baseline, "better": better}

    # The chance to draw none of 4 among 20 images is 0.8**20 = 1 %; none of 1, 36 %.
    scores = robustness_scores(with_hits(4), baseline="baseline", seed=SEED)
    assert np.isfinite(scores["total_score_interval"]).all()
    several = with_hits(1)
    for corruption, hit in (("snow", 1), ("pixelate", 2), ("defocus_blur", 3)):
        several["baseline"]["correct"].loc[{"corruption": corruption}] = np.arange(20) == hit
    with pytest.raises(InputError, match="repetitions"):
        robustness_scores(several, baseline="baseline", seed=SEED)


def test_missing_baseline_is_named(known):
    with pytest.raises(InputError, match="'vgg' is missing"):
        check_comparable(known, "vgg")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.assign_coords(image_id=data["image_id"].str.replace("val", "test")),
        lambda data: data.isel(image=slice(50)),
        lambda data: data.isel(severity=[0, 1]),
        lambda data: data.isel(corruption=[1, 0, 2, 3, 4, 5]),
    ],
)
def test_networks_with_other_images_or_corruptions_are_refused(known, spoil):
    known["better"] = spoil(known["better"])
    with pytest.raises(InputError, match=r"better: '\w+' differs"):
        check_comparable(known, "baseline")


def test_missing_variable_and_empty_evaluation_are_refused(known):
    with pytest.raises(InputError, match="clean_correct"):
        check_comparable({"baseline": known["baseline"].drop_vars("clean_correct")}, "baseline")
    with pytest.raises(InputError, match="empty"):
        check_comparable({"baseline": known["baseline"].isel(image=slice(0))}, "baseline")


def test_seed_scores_average_to_the_network_score(random_networks):
    random_networks["better"].attrs |= {"ratio": 0.5}
    sweeps = {"better": "mtl-monkey"}
    rows = seed_scores(random_networks, baseline="baseline", sweeps=sweeps)
    scores = robustness_scores(random_networks, baseline="baseline", seed=SEED, repetitions=5)
    # The score is linear in the accuracies of a network's seeds.
    means = rows.groupby("network", sort=False)[
        ["robustness_score_percent", "clean_accuracy_percent"]
    ]
    np.testing.assert_allclose(means.mean()["robustness_score_percent"], scores["total_score"])
    np.testing.assert_allclose(means.mean()["clean_accuracy_percent"], scores["clean_accuracy"])
    better = rows[rows["network"] == "better"]
    assert list(better["seed"]) == [1000, 2000, 3000]
    assert set(better["sweep"]) == {"mtl-monkey"}
    assert set(better["ratio"]) == {0.5}
    assert set(rows[rows["network"] == "baseline"]["sweep"]) == {""}


def test_exemplary_corruptions_are_best_median_and_worst(known):
    scores = robustness_scores(known, baseline="baseline", seed=SEED, repetitions=5)
    scores["corruption_score"].loc[{"network": "better"}] = [110, 90, 130, 80, 120, 100]
    found = exemplary_corruptions(scores, "better")
    assert found == ["defocus_blur", "gaussian_noise", "snow"]
    with pytest.raises(InputError, match="mtl-monkey"):
        exemplary_corruptions(scores, "mtl-monkey")
