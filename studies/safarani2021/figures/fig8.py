"""Fig. 8: accuracy against severity for every corruption."""

import xarray as xr
from matplotlib.figure import Figure

from neurobust.dims import CORRUPTION
from neurobust.plotting.style import (
    PAGE_WIDTH_IN,
    Display,
    add_title,
    network_marks,
    new_figure,
    styled,
)
from studies.safarani2021.figures.panels import draw_severities, legend_handles

_COLUMNS = 4


@styled
def draw(scores: xr.Dataset, display: Display) -> Figure:
    """Draw accuracy against severity for every corruption, the legend in a spare panel.

    Parameters
    ----------
    scores
        From `studies.safarani2021.scores.robustness_scores`.
    display
        The networks drawn, in this order.
    """
    corruptions = scores[CORRUPTION].to_numpy()
    rows = len(corruptions) // _COLUMNS + 1  # at least one spare panel
    figure = new_figure(0.4 + 1.55 * rows, PAGE_WIDTH_IN)
    marks = network_marks(display)
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for corruption, axes in zip(corruptions, panels, strict=False):
        draw_severities(scores, corruption, axes, marks)
    figure.supxlabel("Severity")
    figure.supylabel("Accuracy (%)")
    for axes in panels[len(corruptions) :]:
        axes.set_axis_off()
    panels[len(corruptions)].legend(handles=legend_handles(panels[0]), loc="center left")
    add_title(figure, "Accuracy under all corruptions", scores)
    return figure
