"""Fig. 3: the error on each family of corruptions against the average Brain-Score."""

import pandas as pd
from matplotlib.figure import Figure

from neurobust.plotting.style import new_figure, styled
from studies.brainscore2020.figures.scatter import TITLE_PAD, add_key, draw_scatter
from studies.brainscore2020.table1 import AVERAGE, FAMILIES, TITLES


@styled
def draw(models: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Draw each family's error against the average score, a panel each.

    Parameters and errors are as in `studies.brainscore2020.figures.fig1.draw`.
    """
    figure = new_figure(3.1)
    panels = figure.subplots(1, len(FAMILIES), sharey=True)
    for family, axes in zip(FAMILIES, panels, strict=True):
        draw_scatter(models, correlations, AVERAGE, family, axes)
        axes.set_title(TITLES[family], pad=TITLE_PAD)
        axes.set_xlabel("Average Brain-Score")
    panels[0].set_ylabel("Corruption error (% of AlexNet's)")
    add_key(figure, models)
    figure.suptitle("Average Brain-Score and families of corruptions – published numbers")
    return figure
