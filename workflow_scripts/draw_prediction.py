"""Draw how well networks predict held-out responses."""

from neurobust.figures.prediction import draw_prediction
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_dataset


def main(job):
    figure = draw_prediction({role: read_dataset(path) for role, path in job.input.items()})
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
