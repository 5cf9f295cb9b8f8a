"""Draw Fig. 2."""

from neurobust.files.storage import read_dataset
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.safarani2021.figures.severity import draw_exemplary_severities
from studies.safarani2021.scores import exemplary_corruptions


def main(job):
    scores = read_dataset(job.input[0])
    corruptions = exemplary_corruptions(scores, job.params.example)
    compared = scores.sel(network=job.params.networks)
    figure = draw_exemplary_severities(compared, corruptions, job.params.example)
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
