"""Draw Fig. 3."""

from neurobust.figures.robustness import draw_robustness
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_dataset, read_table


def main(job):
    scores = read_dataset(job.input.scores).sel(network=job.params.networks)
    figure = draw_robustness(scores, read_table(job.input.points), read_table(job.input.lines))
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
