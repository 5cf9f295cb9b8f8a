"""Draw Fig. 8."""

from neurobust.figures.severity import draw_all_severities
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_dataset


def main(job):
    figure = draw_all_severities(read_dataset(job.input[0]).sel(network=job.params.networks))
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
