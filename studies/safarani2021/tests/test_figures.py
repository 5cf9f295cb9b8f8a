"""What the figures show: panels, units, one mark per network, no text over other text."""

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from neurobust.errors import InputError
from neurobust.plotting.style import (
    network_marks,
    readable,
    save_figure,
)
from studies.brain_likeness.figures.robustness import draw_likeness
from studies.brain_likeness.points import MEASURES
from studies.safarani2021.figures.fig3 import draw_robustness
from studies.safarani2021.figures.fig9 import draw_corruption_examples
from studies.safarani2021.figures.learning import draw_learning
from studies.safarani2021.figures.readouts import draw_prediction
from studies.safarani2021.figures.reliability import draw_reliability
from studies.safarani2021.figures.severity import draw_all_severities, draw_exemplary_severities
from studies.safarani2021.scores import exemplary_corruptions


@pytest.fixture(scope="module")
def figures(scores, sweep, histories, reliability, predictions, examples, likeness):
    """Draw one figure of each kind."""
    chosen = exemplary_corruptions(scores, "mtl-monkey")
    return {
        "fig2": draw_exemplary_severities(scores, chosen, "mtl-monkey"),
        "fig3": draw_robustness(scores, *sweep),
        "fig3_without_sweep": draw_robustness(scores),
        "fig8": draw_all_severities(scores),
        "fig9": draw_corruption_examples(examples),
        "learning": draw_learning(histories),
        "reliability": draw_reliability(reliability),
        "prediction": draw_prediction(predictions),
        "likeness": draw_likeness(*likeness, simulated=True),
    }


def test_print_is_legible_apart_and_on_the_page(figures, check_print):
    for name, figure in figures.items():
        check_print(name, figure)


def test_figures_with_simulated_data_say_so(figures, scores):
    for name, figure in figures.items():
        assert ("simulated V1" in figure.get_suptitle()) == (name != "fig9"), name
    recorded = scores.assign_attrs(simulated=0)
    assert "simulated" not in draw_robustness(recorded).get_suptitle()


def test_figures_are_saved_in_both_formats_and_the_same_each_time(scores, sweep, tmp_path):
    for attempt in ("first", "second"):
        figure = draw_robustness(scores, *sweep)
        save_figure(figure, tmp_path / attempt / "fig3.png", tmp_path / attempt / "fig3.pdf")
    with Image.open(tmp_path / "first" / "fig3.png") as image:
        assert image.width == round(300 * figure.get_figwidth())
    assert (tmp_path / "first" / "fig3.pdf").read_bytes().startswith(b"%PDF")
    for name in ("fig3.png", "fig3.pdf"):
        one, other = (tmp_path / attempt / name for attempt in ("first", "second"))
        assert one.read_bytes() == other.read_bytes(), name


def test_drawing_leaves_the_settings_of_matplotlib(scores):
    before = dict(mpl.rcParams)
    draw_robustness(scores)
    assert dict(mpl.rcParams) == before


def test_severity_panels_hold_each_network_and_chance(scores):
    corruptions = exemplary_corruptions(scores, "mtl-monkey")
    figure = draw_exemplary_severities(scores, corruptions, "mtl-monkey")
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
    assert names == [*scores["label"].to_numpy(), "Chance"]


def test_all_severities_has_a_panel_for_each_corruption_and_the_key_in_a_spare_place(scores):
    figure = draw_all_severities(scores)
    drawn = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in drawn] == [
        readable(name) for name in scores["corruption"].to_numpy()
    ]
    assert (figure.get_supxlabel(), figure.get_supylabel()) == ("Severity", "Accuracy (%)")
    (key,) = [axes for axes in figure.axes if axes.get_legend()]
    assert not key.axison


def test_robustness_panels_have_units_and_show_the_scores(scores, sweep):
    figure = draw_robustness(scores, *sweep)
    groups, total, scatter, colours = figure.axes
    assert groups.get_ylim() == total.get_ylim()
    assert [axes.get_title("left") for axes in (groups, total, scatter)] == ["A", "B", "C"]
    assert groups.get_ylabel() == "Robustness score (%)"
    assert scatter.get_xlabel() == "Neural performance (FEV)"
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
    np.testing.assert_allclose(points.get_offsets()[:, 1], sweep[0]["robustness_percent"])
    brightness = points.get_cmap()(np.linspace(0, 1, 20))[:, :3].mean(1)
    assert (np.diff(brightness) < 0).all(), "a darker colour is a higher accuracy"


def test_robustness_without_a_sweep_has_two_panels(scores, sweep):
    assert len(draw_robustness(scores).axes) == 2
    assert len(draw_robustness(scores, sweep[0].head(0), sweep[1].head(0)).axes) == 2


def test_interval_on_one_side_of_its_estimate_can_be_drawn(scores):
    beside = scores.copy(deep=True)
    beside["total_score_interval"] += 50
    draw_robustness(beside)


def test_corruption_examples_show_the_images_as_they_are(examples):
    figure = draw_corruption_examples(examples)
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown[:2]] == ["Original", "Gaussian noise"]
    assert len(shown) == 15
    assert "severity 2" in figure.get_suptitle()
    for axes, image in zip(shown[1:], examples["images"].to_numpy(), strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image)
        assert axes.images[0].get_clim() == (0, 255)


def test_learning_shows_each_seed_and_the_mean_of_the_epochs_all_reached(histories):
    figure = draw_learning(histories)
    left, right = figure.axes[:2]
    assert left.get_ylabel() == "Validation accuracy"
    assert figure.axes[2].get_ylabel() == "Validation correlation"
    *seeds, mean = left.get_lines()
    assert [len(line.get_xdata()) for line in seeds] == [40, 55, 48]
    values = histories["baseline"]["value"].sel(metric="validation_score")
    np.testing.assert_allclose(mean.get_ydata(), values[:, :40].mean("seed"))
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["Train", "Classification", "Response"]
    # Baseline has no response loss: two losses, each with three seeds and their mean.
    assert len(right.get_lines()) == 2 * (3 + 1)
    assert right.get_yscale() == "log"
    falling = histories["baseline"].copy(deep=True)
    falling["value"].loc[{"metric": "train_loss"}] -= 3
    assert draw_learning({"baseline": falling}).axes[1].get_yscale() == "linear"


def test_learning_does_without_losses(histories):
    score_only = histories["baseline"].sel(metric=["validation_score"])
    left, right = draw_learning({"baseline": score_only}).axes
    assert len(left.get_lines()) == 4
    assert not right.get_lines()


def test_reliability_shows_every_neuroid(reliability):
    histogram, sessions, halves = draw_reliability(reliability).axes
    assert sum(bar.get_height() for bar in histogram.patches) == 120
    np.testing.assert_allclose(halves.get_lines()[0].get_ydata(), reliability["split_half"])
    assert len(sessions.collections) == 12
    assert halves.get_ylabel() == "Split-half correlation"


def test_prediction_counts_neuroids_below_the_panel(predictions):
    predictions = {name: data.copy(deep=True) for name, data in predictions.items()}
    predictions["mtl-shuffled"]["fev"][:, :3] = -40.0
    below = int((predictions["mtl-shuffled"]["fev"].mean("seed") < -0.5).sum())
    boxes, _, scatter = draw_prediction(predictions).axes
    assert boxes.get_yticklabels()[2].get_text() == f"MTL-Shuffled\n({below} below -0.5)"
    assert below >= 3
    assert boxes.get_xlim()[0] == scatter.get_ylim()[0] == -0.5
    assert [boxes.get_xlabel(), scatter.get_xlabel()] == ["FEV", "Explainable variance"]


@pytest.mark.parametrize(
    ("draw", "spoil"),
    [
        (draw_reliability, lambda data: data["reliability"].drop_vars("session")),
        (draw_corruption_examples, lambda data: data["examples"].drop_attrs()),
        (draw_learning, lambda data: {"a": data["histories"]["baseline"].drop_attrs()}),
        (draw_prediction, lambda data: {"a": data["predictions"]["mtl-monkey"].drop_vars("fev")}),
    ],
)
def test_data_that_lack_something_are_refused(
    draw, spoil, reliability, examples, histories, predictions
):
    data = {
        "reliability": reliability,
        "examples": examples,
        "histories": histories,
        "predictions": predictions,
    }
    with pytest.raises(InputError, match="is missing"):
        draw(spoil(data))


def test_networks_can_be_told_apart_with_and_without_colour():
    names = ["baseline", "oracle", "mtl-monkey", "vonenet", "mtl-shuffled", "mtl-oracle", "blur"]
    marks = network_marks(names)
    assert list(marks) == names
    assert len({mark.colour for mark in marks.values()}) == len(names)
    assert len({(mark.marker, mark.line) for mark in marks.values()}) >= len(names) - 1
    many = network_marks([f"new-{n}" for n in range(12)])
    assert len(set(many.values())) == 12


def test_names_are_readable():
    assert readable("jpeg_compression") == "JPEG compression"
    assert readable("gaussian_noise") == "Gaussian noise"


def test_likeness_panels_show_each_seed_and_each_network_s_mean(likeness):
    points, correlations = likeness
    figure = draw_likeness(points, correlations, simulated=False)
    assert "simulated" not in figure.get_suptitle()
    assert [axes.get_title("left") for axes in figure.axes] == list("ABCD")
    assert figure.axes[0].get_ylabel() == "Mean corruption error (%)"
    for axes, measure in zip(figure.axes, MEASURES, strict=True):
        drawn = np.concatenate([line.get_ydata() for line in axes.get_lines()])
        known = points[np.isfinite(points[measure])]
        whole = known.groupby("network").filter(lambda rows: len(rows) == 3)
        means = whole.groupby("network")[measure].mean()
        drawn = drawn[np.isfinite(drawn)]
        np.testing.assert_allclose(np.sort(drawn), np.sort([*known[measure], *means]))
        row = correlations[(correlations["y"] == measure) & (correlations["method"] == "pearson")]
        assert f"n = {row['n'].item()}" in axes.get_title("right")
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert "MTL-Monkey (3 ratios)" in names
    with pytest.raises(InputError, match="'epsilon_l2'"):
        draw_likeness(points.drop(columns="epsilon_l2"), correlations, simulated=False)
