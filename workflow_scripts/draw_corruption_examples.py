"""Draw Fig. 9."""

from neurobust.files.storage import read_dataset
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.safarani2021.figures.fig9 import draw_corruption_examples


def main(job):
    figure = draw_corruption_examples(read_dataset(job.input[0]))
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
