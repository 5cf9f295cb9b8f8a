"""Fig. 2: accuracy against severity for three exemplary corruptions."""

import xarray as xr
from matplotlib.figure import Figure

from neurobust.plotting.style import Display, add_title, network_marks, new_figure, styled
from studies.safarani2021.figures.panels import draw_severities, legend_handles
from studies.safarani2021.scores import exemplary_corruptions


@styled
def draw(scores: xr.Dataset, display: Display, example: str) -> Figure:
    """Draw accuracy against severity for a network's best, median and worst corruption.

    Parameters
    ----------
    scores
        From `studies.safarani2021.scores.robustness_scores`.
    display
        The networks drawn, in this order.
    example
        The one of them whose corruptions are shown.

    Raises
    ------
    InputError
        If the example is not among the scores.
    """
    corruptions = exemplary_corruptions(scores, example)
    figure = new_figure(2.3)
    marks = network_marks(display)
    row = figure.subplots(1, len(corruptions), squeeze=False)[0]
    for corruption, axes in zip(corruptions, row, strict=True):
        draw_severities(scores, corruption, axes, marks)
        axes.set_xlabel("Severity")
    row[0].set_ylabel("Accuracy (%)")
    figure.legend(handles=legend_handles(row[0]), loc="outside right center")
    add_title(figure, f"Best, median and worst corruption of {marks[example].label}", scores)
    return figure
