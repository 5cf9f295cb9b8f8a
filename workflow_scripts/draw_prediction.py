"""Draw how well networks predict held-out responses."""

from neurobust.files.storage import read_dataset
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.safarani2021.figures.readouts import draw_prediction


def main(job):
    figure = draw_prediction({role: read_dataset(path) for role, path in job.input.items()})
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
