"""Draw robustness against neural predictivity."""

from neurobust.files.storage import read_table
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.brain_likeness.figures.robustness import draw_likeness


def main(job):
    figure = draw_likeness(
        read_table(job.input.points),
        read_table(job.input.correlations),
        simulated=job.params.simulated,
    )
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
