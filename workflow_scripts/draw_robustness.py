"""Draw Fig. 3."""

from neurobust.files.storage import read_dataset, read_table
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.safarani2021.figures.fig3 import draw_robustness


def main(job):
    scores = read_dataset(job.input.scores).sel(network=job.params.networks)
    figure = draw_robustness(scores, read_table(job.input.points), read_table(job.input.lines))
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
