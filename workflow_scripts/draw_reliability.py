"""Draw the reliability of the recording."""

from neurobust.files.storage import read_dataset
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.safarani2021.figures.reliability import draw_reliability


def main(job):
    figure = draw_reliability(read_dataset(job.input[0]))
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
