"""Draw Fig. 2 of the low-frequency study."""

from neurobust.files.storage import read_dataset, read_table, read_tree
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.li2023.figures.fig2 import draw_regularised


def main(job):
    figure = draw_regularised(
        read_dataset(job.input.networks),
        read_tree(job.input.spectra),
        read_table(job.input.differences),
        job.params.pairs,
        norm=job.params.norm,
    )
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
