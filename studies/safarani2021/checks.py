"""What must be true of any run of the study, whatever its scale."""

import numpy as np
import pytest
from scipy.stats import binomtest

from studies.safarani2021.sweeps import LEAST_EXPLAINABLE_VARIANCE

VARIABLES = ("accuracy", "clean_accuracy", "corruption_score", "group_score", "total_score")


@pytest.fixture(scope="module")
def scores(read):
    return read("analysis/safarani2021/scores.nc")


@pytest.fixture(scope="module")
def points(read):
    return read("analysis/safarani2021/points.csv")


@pytest.fixture(scope="module")
def claims(read):
    return read("claims/safarani2021.csv")


@pytest.fixture
def learnt(scores):
    """Skip what holds only of networks that have learnt to classify."""
    percent = scores[["clean_accuracy", "seeds"]].sel(network="baseline")
    answers = int(percent["seeds"]) * scores.attrs["images"]
    correct = round(answers * float(percent["clean_accuracy"]) / 100)
    chance = 1 / int(scores.attrs["n_classes"])
    if binomtest(correct, answers, chance, alternative="greater").pvalue > 1e-6:
        pytest.skip("Baseline did not learn at this scale: its accuracy is near chance")


def test_networks_of_an_image_set_were_evaluated_on_the_same_images(corruptions):
    first = {}
    for name, data in corruptions.items():
        same = first.setdefault(data.attrs["images"], data)
        np.testing.assert_array_equal(data["image_id"], same["image_id"], err_msg=name)
        assert set(np.unique(data["correct"])) <= {0, 1}, name


@pytest.mark.parametrize("name", VARIABLES)
def test_scores_lie_within_their_intervals(scores, name):
    limits = scores[f"{name}_interval"]
    # A percentile interval of a skewed resampling may miss its estimate by a little.
    slack = 0.25 * (limits.sel(bound="high") - limits.sel(bound="low"))
    assert (scores[name] >= limits.sel(bound="low") - slack).all()
    assert (scores[name] <= limits.sel(bound="high") + slack).all()


def test_accuracies_are_percentages(scores):
    for name in ("accuracy", "clean_accuracy"):
        assert 0 <= scores[name].min() <= scores[name].max() <= 100


def test_baseline_scores_a_hundred(scores):
    baseline = scores.sel(network="baseline")
    for name in ("corruption_score", "group_score", "total_score"):
        np.testing.assert_allclose(baseline[name], 100, rtol=1e-12)


def test_networks_explain_no_more_than_there_is_to_explain(readouts):
    for name, data in readouts.items():
        reliable = data["explainable_variance"] > LEAST_EXPLAINABLE_VARIANCE
        # Estimates of FEV may exceed 1 by the error of the noise variance.
        assert data["fev"].isel(neuroid=reliable).max() < 1.3, name
        assert np.abs(data["correlation"]).max() <= 1 + 1e-9, name


def test_every_claim_has_a_verdict(claims):
    verdicts = {"yes", "no", "undecided", "overlaps", "differs", "not run"}
    assert set(claims["holds"]) <= verdicts
    assert (claims.loc[claims["holds"] != "not run", "value"].notna()).all()


def test_corruption_hurts_more_as_it_gets_severer(scores, learnt):
    by_severity = scores["accuracy"].mean(("network", "corruption")).to_numpy()
    assert (np.diff(by_severity) < 0).all()
    assert scores["clean_accuracy"].mean() > by_severity[0]


def test_the_shuffled_control_predicts_worse_than_cotraining(points, readouts, learnt):
    def mean_correlation(sweep):
        networks = points.loc[points["sweep"] == sweep, "network"].unique()
        return np.mean([readouts[network]["correlation"].mean() for network in networks])

    if not {"mtl-monkey", "mtl-shuffled"} <= set(points["sweep"]):
        pytest.skip("needs sweeps of MTL-Monkey and MTL-Shuffled")
    assert mean_correlation("mtl-shuffled") < mean_correlation("mtl-monkey")
