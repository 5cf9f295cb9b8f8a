"""What must be true of any run of the study, whatever its scale."""

import numpy as np
import pytest
from scipy.stats import binomtest

VARIABLES = ("accuracy", "clean_accuracy", "corruption_score", "group_score", "total_score")


def test_every_network_was_evaluated_on_the_same_images(corruptions):
    first = next(iter(corruptions.values()))
    for name, data in corruptions.items():
        np.testing.assert_array_equal(data["image_id"], first["image_id"], err_msg=name)
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


def test_networks_predict_no_more_than_there_is_to_explain(predictions):
    for name, data in predictions.items():
        reliable = data["fev"].isel(neuroid=data["explainable_variance"] > 0.15)
        # FEV estimates may exceed 1 by the error of the noise variance.
        assert reliable.max() < 1.3, name
        assert np.abs(data["correlation"]).max() <= 1 + 1e-9, name


def test_every_claim_has_a_verdict(claims):
    verdicts = {"yes", "no", "undecided", "overlaps", "differs", "not run"}
    assert set(claims["holds"]) <= verdicts
    assert (claims.loc[claims["holds"] != "not run", "value"].notna()).all()


@pytest.fixture
def learnt(corruptions, scores):
    """Skip, by name, what only holds for networks that have learnt to classify."""
    correct = corruptions["baseline"]["clean_correct"]
    chance = 1 / int(scores.attrs["n_classes"])
    above = binomtest(int(correct.sum()), correct.size, chance, alternative="greater")
    if above.pvalue > 1e-6:
        pytest.skip("Baseline did not learn at this scale: its accuracy is near chance")


def test_corruption_hurts_more_as_it_gets_severer(scores, learnt):
    by_severity = scores["accuracy"].mean(("network", "corruption")).to_numpy()
    assert (np.diff(by_severity) < 0).all()
    assert scores["clean_accuracy"].mean() > by_severity[0]


def test_the_shuffled_control_predicts_worse_than_cotraining(predictions, learnt):
    def performance(prefix):
        chosen = [data for name, data in predictions.items() if name.startswith(prefix)]
        return np.mean([data["correlation"].mean() for data in chosen])

    assert performance("mtl-shuffled") < performance("mtl-monkey")
