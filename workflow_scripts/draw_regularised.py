"""Draw Fig. 2 of the low-frequency study."""

from neurobust.figures.regularised import draw_regularised
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_dataset, read_table, read_tree


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
