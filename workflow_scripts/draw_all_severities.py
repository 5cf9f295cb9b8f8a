"""Draw Fig. 8."""

from neurobust.files.storage import read_dataset
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.safarani2021.figures.severity import draw_all_severities


def main(job):
    figure = draw_all_severities(read_dataset(job.input[0]).sel(network=job.params.networks))
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
