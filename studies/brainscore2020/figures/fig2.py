"""Fig. 2: corruption error against the Brain-Score of each area and of behaviour."""

import pandas as pd
from matplotlib.figure import Figure

from neurobust.plotting.style import new_figure, styled
from neurobust.plotting.tables import select_points
from studies.brainscore2020.figures.marks import architecture_key, published_model
from studies.brainscore2020.figures.scatter import ERROR_LABEL, NAME_SIZE, TITLE_PAD, draw_scatter
from studies.brainscore2020.table1 import AREAS, MCE, MODEL, OST, SITE_IT, TITLES


@styled
def draw(models: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Draw mCE against the score of each area, a panel each.

    Parameters and errors are as in `studies.brainscore2020.figures.fig1.draw`.
    """
    figure = new_figure(4.8)
    panels = figure.subplots(2, 3, sharey=True).ravel()
    for area, axes in zip(AREAS, panels, strict=False):
        draw_scatter(models, correlations, area, MCE, axes)
        axes.set_title(TITLES[area], pad=TITLE_PAD)
        axes.set_xlabel("Brain-Score")
    for model, x, y in select_points(models, "models", MODEL, SITE_IT, MCE):
        if model in OST:
            panels[AREAS.index(SITE_IT)].annotate(
                f"{published_model(model).label}: the only\nOST score",
                (x, y),
                (0, 8),
                textcoords="offset points",
                ha="right",
                fontsize=NAME_SIZE,
            )
    for axes in panels[::3]:
        axes.set_ylabel(ERROR_LABEL)
    panels[-1].set_axis_off()
    panels[-1].legend(handles=architecture_key(models), loc="center left", title="Architecture")
    figure.suptitle("Brain-Scores of areas and corruption error – published numbers")
    return figure
