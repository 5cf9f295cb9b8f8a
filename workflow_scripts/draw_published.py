"""Draw Figs. 1 to 3 and S1 of the study on published numbers."""

from neurobust.files.storage import read_table
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.brainscore2020.figures.figs1 import draw_leverage
from studies.brainscore2020.figures.scores import (
    draw_area_scores,
    draw_average_score,
    draw_family_scores,
)


def main(job):
    models = read_table(job.input.models)
    correlations = read_table(job.input.correlations)
    alternatives = read_table(job.input.alternatives)
    influence = read_table(job.input.influence)
    figures = {
        "fig1": draw_average_score(models, correlations),
        "fig2": draw_area_scores(models, correlations),
        "fig3": draw_family_scores(models, correlations),
        "figs1": draw_leverage(models, alternatives, influence),
    }
    for name, figure in figures.items():
        save_figure(figure, job.output[f"{name}_pdf"], job.output[f"{name}_png"])


if __name__ == "__main__":
    run(main, snakemake)
