"""Draw Fig. 6 of the low-frequency study."""

from neurobust.figures.preferred_frequency import draw_robustness_scatters
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_dataset, read_table


def main(job):
    tables = {name: read_table(job.input[name]) for name in ("points", "correlations", "optima")}
    figure = draw_robustness_scatters(
        read_dataset(job.input.networks), **tables, comparison=job.params.comparison
    )
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
