"""Fig. 1: corruption error against the average Brain-Score."""

import pandas as pd
from matplotlib.figure import Figure

from neurobust.plotting.style import new_figure, styled
from neurobust.plotting.tables import select_points
from studies.brainscore2020.figures.scatter import ERROR_LABEL, add_key, draw_scatter, write_name
from studies.brainscore2020.table1 import AVERAGE, MCE, MODEL


@styled
def draw(models: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Draw mCE against the average Brain-Score, with the name of every model.

    Parameters
    ----------
    models
        From `studies.brainscore2020.table1.complete`.
    correlations
        From `studies.brainscore2020.correlations.correlate_published`.

    Raises
    ------
    InputError
        If a table lacks a column or a row that is drawn.
    """
    figure = new_figure(4.2)
    axes = figure.subplots()
    draw_scatter(models, correlations, AVERAGE, MCE, axes)
    for model, x, y in select_points(models, "models", MODEL, AVERAGE, MCE):
        write_name(model, (x, y), axes)
    axes.set_ylim(bottom=60)  # room for names
    axes.margins(x=0.06)
    axes.set_xlabel("Average Brain-Score")
    axes.set_ylabel(ERROR_LABEL)
    add_key(figure, models)
    figure.suptitle("Average Brain-Score and corruption error – published numbers")
    return figure
