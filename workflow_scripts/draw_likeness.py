"""Draw robustness against neural predictivity."""

from neurobust.figures.likeness import draw_likeness
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_table


def main(job):
    figure = draw_likeness(
        read_table(job.input.points),
        read_table(job.input.correlations),
        simulated=job.params.simulated,
    )
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
