"""Draw which spatial frequencies each corruption alters (Li et al. 2023, Fig. A)."""

from neurobust.files.storage import read_dataset
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.li2023.figures.figa import draw_corruption_spectra


def main(job):
    figure = draw_corruption_spectra(read_dataset(job.input[0]))
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
