"""What the figures show: panels, units, one mark per network, no text over other text."""

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from PIL import Image

from neurobust.errors import InputError
from neurobust.plotting.style import readable, save_figure
from studies.safarani2021.figures import fig2, fig3, fig8, fig9, learning, readouts, reliability
from studies.safarani2021.scores import exemplary_corruptions


@pytest.fixture(scope="module")
def data(scores, display, sweep, histories, reliability, readouts, examples):
    """Return what each figure is drawn from."""
    shown = {"scores": scores, "display": display}
    return {
        "fig2": {**shown, "example": "mtl-monkey"},
        "fig3": {**shown, **sweep},
        "fig8": shown,
        "fig9": {"examples": examples},
        "learning": histories,
        "reliability": {"reliability": reliability},
        "readouts": readouts,
    }


FIGURES = {
    "fig2": fig2,
    "fig3": fig3,
    "fig8": fig8,
    "fig9": fig9,
    "learning": learning,
    "reliability": reliability,
    "readouts": readouts,
}


@pytest.fixture(scope="module")
def figures(data, no_sweep):
    """Draw one figure of each kind."""
    drawn = {name: FIGURES[name].draw(**given) for name, given in data.items()}
    return drawn | {"fig3_without_sweep": fig3.draw(**data["fig3"] | no_sweep)}


def test_print_is_legible_apart_and_on_the_page(figures, check_print):
    for name, figure in figures.items():
        check_print(name, figure)


def test_titles_name_simulated_data(figures, data):
    for name, figure in figures.items():
        assert ("simulated V1" in figure.get_suptitle()) == (name != "fig9"), name
    recorded = data["fig8"]["scores"].assign_attrs(simulated=0)
    assert "simulated" not in fig8.draw(recorded, data["fig8"]["display"]).get_suptitle()


def test_figures_are_saved_in_both_formats_and_the_same_each_time(data, tmp_path):
    for attempt in ("first", "second"):
        figure = fig3.draw(**data["fig3"])
        save_figure(figure, tmp_path / attempt / "fig3.png", tmp_path / attempt / "fig3.pdf")
    with Image.open(tmp_path / "first" / "fig3.png") as image:
        assert image.width == round(300 * figure.get_figwidth())
    assert (tmp_path / "first" / "fig3.pdf").read_bytes().startswith(b"%PDF")
    for name in ("fig3.png", "fig3.pdf"):
        one, other = (tmp_path / attempt / name for attempt in ("first", "second"))
        assert one.read_bytes() == other.read_bytes(), name


def test_drawing_leaves_the_settings_of_matplotlib(data):
    before = dict(mpl.rcParams)
    fig2.draw(**data["fig2"])
    assert dict(mpl.rcParams) == before


def test_severity_panels_hold_each_network_and_chance(data):
    scores = data["fig2"]["scores"]
    corruptions = exemplary_corruptions(scores, "mtl-monkey")
    figure = fig2.draw(**data["fig2"])
    assert [axes.get_title() for axes in figure.axes] == [readable(name) for name in corruptions]
    assert figure.axes[0].get_ylabel() == "Accuracy (%)"
    for axes, corruption in zip(figure.axes, corruptions, strict=True):
        assert axes.get_xlabel() == "Severity"
        assert axes.get_ylim()[0] == 0
        assert len(axes.containers) == 5
        expected = scores.sel(network="mtl-monkey", corruption=corruption)
        line, _, (bars,) = axes.containers[1]
        np.testing.assert_allclose(line.get_ydata(), expected["accuracy"])
        ends = np.array([segment[:, 1] for segment in bars.get_segments()])
        # The errors are lengths: adding them to the value rounds.
        np.testing.assert_allclose(ends, expected["accuracy_interval"], rtol=1e-9)
        dotted = [line for line in axes.get_lines() if line.get_linestyle() == ":"]
        assert [tuple(line.get_ydata()) for line in dotted] == [(5, 5)]
    assert "of MTL-Monkey" in figure.get_suptitle()
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["Baseline", "MTL-Monkey", "MTL-Shuffled", "MTL-Oracle", "Oracle", "Chance"]


def test_networks_are_drawn_that_are_displayed_and_under_these_labels(data, sweep):
    display = {
        "oracle": {"label": "O", "colour": "#123456", "marker": "d", "line": "-"},
        "mtl-monkey": {"label": "M", "colour": None, "marker": None, "line": None},
    }
    scores = data["fig3"]["scores"]
    for figure in (
        fig2.draw(scores, display, "mtl-monkey"),
        fig3.draw(scores, **sweep, display=display),
        fig8.draw(scores, display),
    ):
        handles, labels = figure.axes[0].get_legend_handles_labels()
        assert labels == ["O", "M"]
        assert handles[0][0].get_color() == "#123456"


def test_all_severities_has_a_panel_for_each_corruption_and_the_legend_in_a_spare_one(data):
    figure = fig8.draw(**data["fig8"])
    drawn = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in drawn] == [
        readable(name) for name in data["fig8"]["scores"]["corruption"].to_numpy()
    ]
    assert (figure.get_supxlabel(), figure.get_supylabel()) == ("Severity", "Accuracy (%)")
    (spare,) = [axes for axes in figure.axes if axes.get_legend()]
    assert not spare.axison


def test_robustness_panels_have_units_and_show_the_scores(data, scores, sweep):
    figure = fig3.draw(**data["fig3"])
    groups, total, scatter, colours = figure.axes
    assert groups.get_ylim() == total.get_ylim()
    assert [axes.get_title("left") for axes in (groups, total, scatter)] == ["A", "B", "C"]
    assert groups.get_ylabel() == "Robustness score (%)"
    assert scatter.get_xlabel() == "Fraction of explainable variance explained (FEV)"
    assert colours.get_ylabel() == "Clean accuracy (%)"
    assert [text.get_text() for text in groups.get_xticklabels()] == list(
        scores["corruption_group"].to_numpy()
    )
    values = [container[0].get_ydata().item() for container in total.containers]
    np.testing.assert_allclose(values, scores["total_score"])
    for container, network in zip(groups.containers, scores["network"].to_numpy(), strict=True):
        np.testing.assert_allclose(
            container[0].get_ydata(), scores["group_score"].sel(network=network)
        )
    (points,) = scatter.collections
    np.testing.assert_allclose(
        points.get_offsets()[:, 1], sweep["points"]["robustness_score_percent"]
    )
    brightness = points.get_cmap()(np.linspace(0, 1, 20))[:, :3].mean(1)
    assert (np.diff(brightness) < 0).all(), "a darker colour is a higher accuracy"


def test_robustness_without_a_sweep_has_two_panels(data, no_sweep):
    assert len(fig3.draw(**data["fig3"] | no_sweep).axes) == 2


def test_interval_on_one_side_of_its_estimate_can_be_drawn(data, scores):
    beside = scores.copy(deep=True)
    beside["total_score_interval"] += 50
    fig3.draw(**data["fig3"] | {"scores": beside})


def test_corruption_examples_show_the_images_as_they_are(examples):
    figure = fig9.draw(examples)
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown[:2]] == ["Original", "Gaussian noise"]
    assert len(shown) == 15
    assert "severity 2" in figure.get_suptitle()
    for axes, image in zip(shown[1:], examples["images"].to_numpy(), strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image)
        assert axes.images[0].get_clim() == (0, 255)


def test_learning_shows_each_seed_and_the_mean_of_the_epochs_all_reached(histories):
    figure = learning.draw(**histories)
    left, right = figure.axes[:2]
    assert left.get_ylabel() == "Validation accuracy"
    assert figure.axes[2].get_ylabel() == "Validation correlation"
    *seeds, mean = left.get_lines()
    assert [len(line.get_xdata()) for line in seeds] == [40, 55, 48]
    baseline = histories["histories"]["baseline"].to_dataset()
    values = baseline["value"].sel(metric="validation_score")
    np.testing.assert_allclose(mean.get_ydata(), values[:, :40].mean("seed"))
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["Train", "Classification", "Response"]
    # Baseline has no response loss: two losses, each with three seeds and their mean.
    assert len(right.get_lines()) == 2 * (3 + 1)
    assert right.get_yscale() == "log"
    falling = baseline.copy(deep=True)
    falling["value"].loc[{"metric": "train_loss"}] -= 3
    assert learning.draw(**only_baseline(histories, falling)).axes[1].get_yscale() == "linear"


def only_baseline(histories, history):
    """Return what the learning curves of Baseline are drawn from, with this history."""
    display = {"baseline": histories["display"]["baseline"]}
    tree = xr.DataTree.from_dict({"baseline": history})
    return {**histories, "histories": tree, "display": display}


def test_learning_does_without_losses(histories):
    history = histories["histories"]["baseline"].to_dataset()
    score_only = history.sel(metric=["validation_score"])
    left, right = learning.draw(**only_baseline(histories, score_only)).axes
    assert len(left.get_lines()) == 4
    assert not right.get_lines()


def test_reliability_shows_every_neuroid(data):
    given = data["reliability"]["reliability"]
    histogram, sessions, halves = reliability.draw(**data["reliability"]).axes
    assert sum(bar.get_height() for bar in histogram.patches) == 120
    np.testing.assert_allclose(halves.get_lines()[0].get_ydata(), given["split_half"])
    assert len(sessions.collections) == 12
    assert halves.get_ylabel() == "Split-half correlation"


def test_readouts_count_neuroids_below_the_panel(data):
    given = data["readouts"]
    evaluations = [evaluation.copy(deep=True) for evaluation in given["readouts"]]
    evaluations[2]["fev"][:, :3] = -40.0
    below = int((evaluations[2]["fev"].mean("seed") < -0.5).sum())
    boxes, _, scatter = readouts.draw(evaluations, given["display"]).axes
    assert boxes.get_yticklabels()[2].get_text() == f"MTL-Shuffled\n({below} below -0.5)"
    assert below >= 3
    assert boxes.get_xlim()[0] == scatter.get_ylim()[0] == -0.5
    assert [boxes.get_xlabel(), scatter.get_xlabel()] == ["FEV", "Explainable variance"]


def without_fev(evaluations):
    return [evaluations[0].drop_vars("fev"), *evaluations[1:]]


@pytest.mark.parametrize(
    ("figure", "name", "spoil"),
    [
        ("reliability", "reliability", lambda given: given.drop_vars("session")),
        ("fig9", "examples", lambda given: given.drop_attrs()),
        ("learning", "histories", lambda given: given.filter(lambda node: "x" in node)),
        ("readouts", "readouts", without_fev),
    ],
)
def test_data_that_lack_something_are_refused(data, figure, name, spoil):
    given = data[figure]
    with pytest.raises(InputError, match="is missing"):
        FIGURES[figure].draw(**given | {name: spoil(given[name])})


def test_names_are_readable():
    assert readable("jpeg_compression") == "JPEG compression"
    assert readable("gaussian_noise") == "Gaussian noise"
