"""Draw Fig. 2."""

from neurobust.analysis.scores import exemplary_corruptions
from neurobust.figures.severity import draw_exemplary_severities
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_dataset


def main(job):
    scores = read_dataset(job.input[0])
    corruptions = exemplary_corruptions(scores, job.params.example)
    compared = scores.sel(network=job.params.networks)
    figure = draw_exemplary_severities(compared, corruptions, job.params.example)
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
