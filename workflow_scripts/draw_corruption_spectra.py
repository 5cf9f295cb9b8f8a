"""Draw which spatial frequencies each corruption alters (Li et al. 2023, Fig. A)."""

from neurobust.figures.corruption_spectra import draw_corruption_spectra
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_dataset


def main(job):
    figure = draw_corruption_spectra(read_dataset(job.input[0]))
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
