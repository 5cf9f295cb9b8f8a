"""Draw Fig. 6 of the low-frequency study."""

from neurobust.files.storage import read_dataset, read_table
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.li2023.figures.fig4 import draw_robustness_scatters


def main(job):
    tables = {name: read_table(job.input[name]) for name in ("points", "correlations", "optima")}
    figure = draw_robustness_scatters(
        read_dataset(job.input.networks), **tables, comparison=job.params.comparison
    )
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
