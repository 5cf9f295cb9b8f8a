"""The figures on published numbers: what they show comes from the tables, and can be read."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from neurobust.errors import InputError
from neurobust.files.storage import read_table
from studies.brainscore2020.correlations import (
    alternatives,
    correlate_published,
    influence,
)
from studies.brainscore2020.figures import fig1, fig2, fig3, figs1
from studies.brainscore2020.figures.marks import (
    architecture,
    architecture_key,
    published_model,
)
from studies.brainscore2020.table1 import (
    AREAS,
    ERRORS_FILE,
    FAMILIES,
    SCORES_FILE,
    TITLES,
    join_published,
)
from studies.brainscore2020.treatments import LINE, TREATMENTS, WEAKEST

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def tables():
    models = join_published(read_table(ROOT / SCORES_FILE), read_table(ROOT / ERRORS_FILE))
    with pytest.MonkeyPatch.context() as patch:  # A few draws will do for a picture.
        patch.setattr("neurobust.statistics.correlation.RESAMPLES", 499)
        patch.setattr("neurobust.statistics.correlation.ORDERS", 99)
        return {
            "models": models,
            "correlations": correlate_published(models, 1000),
            "alternatives": alternatives(models, 1000),
            "influence": influence(models),
        }


@pytest.fixture(scope="module")
def figures(tables):
    models, correlations, others, influences = tables.values()
    drawn = {
        "fig1": fig1.draw(models, correlations),
        "fig2": fig2.draw(models, correlations),
        "fig3": fig3.draw(models, correlations),
        "figs1": figs1.draw(models, others, influences),
    }
    for figure in drawn.values():
        figure.draw(FigureCanvasAgg(figure).get_renderer())
    return drawn


def points(axes):
    """Find the single points that were drawn with plot."""
    return [line.get_xydata()[0] for line in axes.get_lines() if len(line.get_xdata()) == 1]


def scatter_line(axes):
    """Find the ends of the one line with two points in a scatter."""
    (line,) = [line for line in axes.get_lines() if len(line.get_xdata()) == 2]
    return line.get_xydata().ravel()


def line_of(correlations, x, y):
    row = correlations[(correlations["x"] == x) & (correlations["y"] == y)].iloc[0]
    return [row[name] for name in LINE]


def test_no_name_or_coefficient_covers_a_point(figures, tables):
    models = tables["models"]
    for name, columns in {"fig1": ["average"], "fig2": AREAS}.items():
        for axes, column in zip(figures[name].axes, columns, strict=False):
            positions = axes.transData.transform(models[[column, "mce"]].to_numpy())
            for text in axes.texts:
                box = mpl.text.Text.get_window_extent(text).padded(-0.5)
                covered = [box.contains(*position) for position in positions]
                assert not any(covered), f"{name}: {text.get_text()!r}"


def test_print_is_legible_apart_and_on_the_page(figures, check_print):
    for name, figure in figures.items():
        check_print(name, figure)
        assert "published numbers" in figure.get_suptitle()


def test_average_score_shows_and_names_every_model_with_the_fitted_line(figures, tables):
    (axes,) = figures["fig1"].axes
    models = tables["models"]
    np.testing.assert_allclose(points(axes), models[["average", "mce"]])
    expected = line_of(tables["correlations"], "average", "mce")
    np.testing.assert_allclose(scatter_line(axes), expected)
    written = {text.get_text() for text in axes.texts}
    assert {published_model(name).label for name in models["model"]} < written
    assert "r = −0.80, p = 1.4 × 10⁻⁵\nρ = −0.43, p = 0.049" in written


@pytest.mark.parametrize(
    ("figure", "pairs"),
    [
        ("fig2", [(area, "mce") for area in AREAS]),
        ("fig3", [("average", family) for family in FAMILIES]),
    ],
)
def test_panels_show_their_columns_lines_and_coefficients(figures, tables, figure, pairs):
    titles = [TITLES[x if figure == "fig2" else y] for x, y in pairs]
    drawn = [axes for axes in figures[figure].axes if axes.axison]
    assert [axes.get_title() for axes in drawn] == titles
    correlations = tables["correlations"]
    for axes, (x, y) in zip(drawn, pairs, strict=True):
        np.testing.assert_allclose(points(axes), tables["models"][[x, y]])
        np.testing.assert_allclose(scatter_line(axes), line_of(correlations, x, y))
        rows = correlations[(correlations["x"] == x) & (correlations["y"] == y)]
        for symbol, r in zip("rρ", rows["r"], strict=True):
            assert f"{symbol} = {r:.2f}".replace("-", "−") in axes.texts[0].get_text()


def test_the_panel_of_it_names_the_only_model_with_both_scores(figures):
    axes = figures["fig2"].axes[AREAS.index("it_site")]
    assert axes.texts[-1].get_text() == "CORnet-S: the only\nOST score"


def test_leverage_marks_the_weakest_and_scales_by_cooks_distance(figures, tables):
    axes = figures["figs1"].axes[0]
    models, influences = tables["models"], tables["influence"]
    drawn = axes.collections[: len(models)]
    np.testing.assert_allclose(
        [marker.get_offsets()[0] for marker in drawn], models[["average", "mce"]]
    )
    areas = np.array([marker.get_sizes()[0] for marker in drawn])
    slope, least = np.polyfit(influences["cooks_distance"], areas, 1)
    # A straight line through all: areas follow Cook's distance, from a least one on.
    np.testing.assert_allclose(areas, least + slope * influences["cooks_distance"])
    assert slope > 0
    labels = [published_model(name).label for name in models["model"] if name in WEAKEST]
    assert [text.get_text() for text in axes.texts] == labels
    lines = {line.get_label(): line.get_xydata().ravel() for line in axes.get_lines()}
    others = tables["alternatives"]
    slopes = others[others["method"] == "ols"].set_index("treatment")[LINE]
    np.testing.assert_allclose(lines["All (21)"], slopes.loc["published"])
    np.testing.assert_allclose(lines["Without the four (17)"], slopes.loc["without_weakest"])


def test_leverage_shows_every_treatment_model_and_area(figures, tables):
    _, treatments, left_out, areas = figures["figs1"].axes
    others = tables["alternatives"]
    own = [(name, treatment.x) for name, treatment in TREATMENTS.items()]
    for method, bars in zip(("pearson", "spearman"), treatments.collections, strict=True):
        rows = others[others["method"] == method].set_index(["treatment", "x"]).loc[own]
        (line,) = [
            line for line in treatments.get_lines() if line.get_label() == method.capitalize()
        ]
        np.testing.assert_allclose(line.get_xdata(), rows["value"])
        ends = [segment[:, 0] for segment in bars.get_segments()]
        np.testing.assert_allclose(ends, rows[["low", "high"]])
    markers = {line.get_marker() for line in treatments.get_lines()[:2]}
    assert len(markers) == 2

    ordered = tables["influence"].sort_values("r_without")
    np.testing.assert_allclose([x for x, _ in points(left_out)], ordered["r_without"])
    names = [text.get_text() for text in left_out.get_yticklabels()]
    assert names == [published_model(name).label for name in ordered["model"]]

    everyone = next(line for line in areas.get_lines() if line.get_label() == "All (21)")
    names = [text.get_text() for text in areas.get_yticklabels()]
    assert names == ["V1", "V2", "V4", "IT with OST", "IT without OST", "Behaviour"]
    assert everyone.get_xdata()[names.index("IT without OST")] == pytest.approx(-0.813, abs=5e-4)


def test_architectures_differ_in_colour_and_in_marker(tables):
    key = architecture_key(tables["models"])
    assert len(key) == 8
    assert len({handle.get_color() for handle in key}) == 8
    assert len({handle.get_marker() for handle in key}) == 8
    assert "Other" not in [handle.get_label() for handle in key]


def test_a_model_that_we_do_not_know_is_drawn_under_its_own_name(tables):
    models = tables["models"].assign(model=["vit", *tables["models"]["model"][1:]])
    figure = fig1.draw(models, tables["correlations"])
    assert "vit" in [text.get_text() for text in figure.axes[0].texts]
    assert architecture_key(models)[-1].get_label() == "Other"
    assert architecture("vit").marker not in {
        architecture(name).marker for name in tables["models"]["model"]
    }


@pytest.mark.parametrize(
    ("draw", "table", "spoil", "problem"),
    [
        (fig1.draw, "models", lambda t: t.drop(columns="mce"), "models: column 'mce'"),
        (
            fig2.draw,
            "correlations",
            lambda t: t.drop(columns="x_end"),
            "correlations: column 'x_end' is missing",
        ),
        (
            fig3.draw,
            "correlations",
            lambda t: t[t["y"] != "blur"],
            "correlations: 0 rows have .*'blur'",
        ),
        (
            figs1.draw,
            "alternatives",
            lambda t: pd.concat([t, t]),
            "alternatives: 2 rows have",
        ),
        (
            figs1.draw,
            "influence",
            lambda t: t.drop(columns="r_without"),
            "influence: column 'r_without'",
        ),
    ],
)
def test_tables_that_lack_something_are_refused(tables, draw, table, spoil, problem):
    names = ["models", "alternatives", "influence"]
    if draw is not figs1.draw:
        names = ["models", "correlations"]
    given = {**tables, table: spoil(tables[table])}
    with pytest.raises(InputError, match=problem):
        draw(*(given[name] for name in names))
