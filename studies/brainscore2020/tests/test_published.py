"""The study on published numbers: the tables that we ship give what the paper prints, and more."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from neurobust.errors import InputError
from neurobust.files.storage import read_table
from neurobust.statistics.claims import check_claims, read_claims
from studies.brainscore2020.analysis import analyse
from studies.brainscore2020.correlations import influence
from studies.brainscore2020.page import write_page
from studies.brainscore2020.table1 import (
    CORRUPTIONS,
    ERRORS_FILE,
    FAMILIES,
    SCORES_FILE,
    join_published,
)
from studies.brainscore2020.treatments import LINE, TREATMENTS, WEAKEST

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def tables():
    return analyse(read_table(ROOT / SCORES_FILE), read_table(ROOT / ERRORS_FILE), seed=1000)


@pytest.fixture(scope="module")
def models(tables):
    return tables["models"]


@pytest.fixture(scope="module")
def correlations(tables):
    return tables["correlations"]


@pytest.fixture(scope="module")
def others(tables):
    return tables["alternatives"]


@pytest.fixture(scope="module")
def quantities(tables):
    return tables["quantities"]


def pearson_rows(correlations, figure):
    chosen = (correlations["figure"] == figure) & (correlations["method"] == "pearson")
    return correlations[chosen]


def row_of(others, treatment, x, method):
    chosen = others[
        (others["treatment"] == treatment) & (others["x"] == x) & (others["method"] == method)
    ]
    (row,) = chosen.to_dict("records")
    return row


def test_table_has_means_that_a_loop_over_the_file_gives(models):
    printed = pd.read_csv(ROOT / ERRORS_FILE).set_index("model")
    scores = pd.read_csv(ROOT / SCORES_FILE).set_index("model")
    assert list(models["model"]) == list(scores.index)
    for row in models.to_dict("records"):
        errors, score = printed.loc[row["model"]], scores.loc[row["model"]]
        assert row["mce_recomputed"] == pytest.approx(sum(errors[c] for c in CORRUPTIONS) / 15)
        for family, members in FAMILIES.items():
            assert row[family] == pytest.approx(sum(errors[c] for c in members) / len(members))
        others = score["v1"] + score["v2"] + score["v4"] + score["behaviour"]
        ost = 0.304 if row["model"] == "cornet_s" else 0.0
        assert row["average"] == pytest.approx((others + (score["it"] + ost) / 2) / 5)
        assert row["average_without_ost"] == pytest.approx((others + score["it"]) / 5)
        # Scores are printed with three digits and averages with four.
        assert row["average"] == pytest.approx(row["average_printed"], abs=5e-4)
    assert [len(members) for members in FAMILIES.values()] == [3, 4, 4, 4]
    assert list(printed.columns[:15]) == CORRUPTIONS


def test_headline_is_the_one_that_the_paper_prints(correlations):
    (row,) = pearson_rows(correlations, "fig1").to_dict("records")
    assert f"{row['r']:.1f}" == "-0.8"
    assert f"{row['p']:.1e}" == "1.4e-05"
    assert row["p_holm"] == row["p"]
    assert row["n"] == 21


def test_areas_and_families_have_the_pattern_of_the_paper(correlations):
    areas = pearson_rows(correlations, "fig2").set_index("x")
    assert dict(np.sign(areas["r"])) == {
        "v1": 1, "v2": -1, "v4": -1, "it_site": -1, "behaviour": -1,
    }  # fmt: skip
    assert list(areas.index[areas["p"] < 0.05]) == ["v4", "behaviour"]
    assert list(areas.index[areas["p_holm"] < 0.05]) == ["behaviour"]
    families = pearson_rows(correlations, "fig3")
    assert list(families["y"]) == list(FAMILIES)
    assert (families["r"] < 0).all()
    assert (families["p_holm"] < 0.05).all()


def test_line_is_that_of_least_squares(models, correlations):
    for row in correlations.to_dict("records"):
        fit = stats.linregress(models[row["x"]], models[row["y"]])
        ends = np.array([models[row["x"]].min(), models[row["x"]].max()])
        heights = fit.intercept + fit.slope * ends
        # The line comes from another solution of the same least squares.
        expected = [ends[0], heights[0], ends[1], heights[1]]
        np.testing.assert_allclose([row[name] for name in LINE], expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("treatment", "x", "method", "n", "value", "digits"),
    [
        ("published", "average", "pearson", 21, -0.80, 2),
        ("published", "average", "spearman", 21, -0.43, 2),
        ("recomputed_mce", "average", "pearson", 21, -0.79, 2),
        ("without_ost", "it", "pearson", 21, -0.81, 2),
        ("without_sin", "average", "pearson", 20, -0.82, 2),
        ("without_both_sin", "average", "pearson", 19, -0.82, 2),
        ("without_weakest", "average", "pearson", 17, 0.0, 1),
    ],
)
def test_alternatives_give_what_was_found_by_hand(others, treatment, x, method, n, value, digits):
    row = row_of(others, treatment, x, method)
    assert row["n"] == n
    assert round(row["value"], digits) == value
    assert row["low"] < row["value"] < row["high"]


def test_each_treatment_correlates_the_rows_and_columns_it_names(models, others):
    for name, treatment in TREATMENTS.items():
        kept = models[[model not in treatment.without for model in models["model"]]]
        test = stats.spearmanr(kept[treatment.x], kept[treatment.y])
        row = row_of(others, name, treatment.x, "spearman")
        assert (row["value"], row["p"]) == pytest.approx((test.statistic, test.pvalue))
        assert row["n"] == 21 - len(treatment.without)
    weakest = models[models["mce"] >= 100]
    assert sorted(weakest["model"]) == sorted(WEAKEST)


def test_permutation_agrees_with_a_loop(models, others):
    x, y = models["v4"].to_numpy(), models["mce"].to_numpy()
    r = np.corrcoef(x, y)[0, 1]
    rng = np.random.default_rng(0)
    drawn = np.array([np.corrcoef(rng.permutation(x), y)[0, 1] for _ in range(4000)])
    expected = 2 * np.mean(drawn <= r)
    # A share of 0.016 among 4000 has a standard error of 0.002, doubled; four of those.
    row = row_of(others, "published", "v4", "pearson")
    assert row["p_permutation"] == pytest.approx(expected, abs=0.016)


def test_slopes_are_those_of_their_definitions(models, others):
    x, y = models["average"].to_numpy(), models["mce"].to_numpy()
    fit = stats.linregress(x, y)
    width = stats.t.ppf(0.975, 19) * fit.stderr
    row = row_of(others, "published", "average", "ols")
    found = [row[name] for name in ("value", "low", "high", "p")]
    expected = [fit.slope, fit.slope - width, fit.slope + width, fit.pvalue]
    np.testing.assert_allclose(found, expected, rtol=1e-9)

    slopes = [(y[j] - y[i]) / (x[j] - x[i]) for i, j in combinations(range(21), 2)]
    ranked = row_of(others, "published", "average", "theil_sen")
    assert ranked["value"] == pytest.approx(np.median(slopes))
    assert ranked["low"] <= ranked["value"] <= ranked["high"]

    huber = row_of(others, "published", "average", "huber")
    intercept = huber["y_start"] - huber["value"] * huber["x_start"]
    residual = y - intercept - huber["value"] * x
    scale = np.median(np.abs(residual)) / stats.norm.ppf(0.75)
    pull = np.clip(residual / scale, -1.345, 1.345)
    # Huber's equations; the iteration stops when the fit changes by 1e-8 of its deviance.
    np.testing.assert_allclose([pull.sum(), (pull * (x - x.mean()) / x.std()).sum()], 0, atol=1e-3)


def test_influence_is_that_of_the_closed_forms(models):
    found = influence(models)
    x, y = models["average"].to_numpy(), models["mce"].to_numpy()
    fit = stats.linregress(x, y)
    residual = y - fit.intercept - fit.slope * x
    leverage = 1 / 21 + (x - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum()
    variance = (residual**2).sum() / 19
    cook = residual**2 / (2 * variance) * leverage / (1 - leverage) ** 2
    without = ((residual**2).sum() - residual**2 / (1 - leverage)) / 18
    rtol = 1e-8  # sums of scores that differ in their second digit
    np.testing.assert_allclose(found["leverage"], leverage, rtol=rtol)
    np.testing.assert_allclose(found["cooks_distance"], cook, rtol=rtol)
    studentised = residual / np.sqrt(without * (1 - leverage))
    np.testing.assert_allclose(found["studentised_residual"], studentised, rtol=rtol)
    for row, r, p in zip(range(21), found["r_without"], found["p_without"], strict=True):
        test = stats.pearsonr(models["average"].drop(row), models["mce"].drop(row))
        assert (r, p) == pytest.approx((test.statistic, test.pvalue))


def test_quantities_have_names_of_their_own_and_finite_values(quantities, correlations):
    assert quantities["quantity"].is_unique
    assert quantities["quantity"].str.fullmatch(r"[a-z_.]+\[[^\[\]]+\]").all()
    assert np.isfinite(quantities[["value", "low", "high"]]).all(axis=None)
    value = quantities.set_index("quantity")["value"]
    assert value["study.models[brainscore2020]"] == 21
    assert value["study.corruptions[brainscore2020]"] == 15
    by_family = pearson_rows(correlations, "fig3").set_index("y")["r"]
    (headline,) = pearson_rows(correlations, "fig1")["r"]
    for family in FAMILIES:
        difference = value[f"correlation.pearson_difference[average,{family},mce]"]
        assert difference == pytest.approx(by_family[family] - headline)


def test_page_writes_what_the_paper_leaves_out(tables):
    page = write_page(**tables)
    for sentence in (
        "Pearson's r = -0.80 [",
        "p = 1.4 × 10⁻⁵",
        "Spearman's is ρ = -0.43 [",
        "20 models and 19 corruptions; Table 1 has 21 models and 15 corruptions",
        "ResNet50-SIN and ResNet50-SIN_IN have the same error",
        "for 19 of 21 models",
        "The largest difference is 2.1 (VGG-16 and VGG-19)",
        "Without them (n = 17) r = 0.00 [",
        "predictivity alone gives r = -0.81 [",
        "- Holm's: Behaviour (Pearson); V4, IT with OST and Behaviour (Spearman).",
    ):
        assert sentence in page, sentence
    assert "nan" not in page


def put(column, value, row=3):
    def change(table):
        table.loc[row, column] = value
        return table

    return change


@pytest.mark.parametrize(
    ("file", "change", "problem"),
    [
        ("scores", lambda t: t.drop(columns="v4"), "column 'v4' is missing"),
        ("errors", lambda t: t.drop(columns="fog"), "column 'fog' is missing"),
        ("errors", lambda t: t.drop(columns="model"), "column 'model' is missing"),
        ("scores", put("model", "lenet"), "'model' 'lenet' is unknown"),
        ("scores", put("model", "alexnet"), "'model' 'alexnet' appears twice"),
        ("errors", put("model", np.nan), "'model' is empty in line 5"),
        ("scores", put("v2", "high"), "'v2' of 'densenet121' is high"),
        ("scores", put("behaviour", np.nan), "'behaviour' of 'densenet121' is nan"),
        ("scores", put("it", 53.3), r"'it' of 'densenet121' is 53\.3"),
        ("errors", put("snow", -74), r"'snow' of 'densenet121' is -74"),
        ("errors", put("mce", "inf"), "'mce' of 'densenet121' is inf"),
        ("scores", put("average", 0.4), r"'average' of 'densenet121' is 0\.4000"),
        ("scores", lambda t: t.assign(average=0.4), "'average' of 'cornet_z'"),
    ],
)
def test_tables_that_cannot_be_used_are_refused_with_file_and_field(file, change, problem):
    files = {"scores": SCORES_FILE, "errors": ERRORS_FILE}
    tables = {name: read_table(ROOT / path).astype(object) for name, path in files.items()}
    tables[file] = change(tables[file])
    with pytest.raises(InputError, match=problem) as caught:
        join_published(**tables)
    assert caught.value.place == files[file]


def test_a_model_that_one_table_alone_has_is_named():
    scores, errors = read_table(ROOT / SCORES_FILE), read_table(ROOT / ERRORS_FILE)
    with pytest.raises(InputError, match=f"'alexnet' is unknown: {ERRORS_FILE} does not") as caught:
        join_published(scores, errors.drop(index=0))
    assert caught.value.place == SCORES_FILE
    with pytest.raises(InputError, match=f"'alexnet' is unknown: {SCORES_FILE} does not") as caught:
        join_published(scores.drop(index=0), errors)
    assert caught.value.place == ERRORS_FILE


def test_every_claim_of_the_paper_speaks_of_a_quantity_that_is_computed(quantities):
    claims = read_claims(ROOT / "studies/brainscore2020/claims.csv")
    holds = check_claims(claims, quantities, scale="published").set_index("claim")["holds"]
    assert "not run" not in set(holds)
    assert holds["headline"] == holds["headline-p"] == "overlaps"
    assert holds["headline-spearman-p"] == holds["models"] == "differs"  # 21 models, not 20
