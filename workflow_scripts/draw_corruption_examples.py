"""Draw Fig. 9."""

from neurobust.figures.corruption_examples import draw_corruption_examples
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_dataset


def main(job):
    figure = draw_corruption_examples(read_dataset(job.input[0]))
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
