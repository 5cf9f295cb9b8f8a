"""Draw Figs. 4 and 5 of the low-frequency study."""

from neurobust.files.storage import read_dataset, read_table, read_tree
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.li2023.figures.fig4 import draw_reversals, draw_spectra


def main(job):
    networks = read_dataset(job.input.networks)
    tables = {name: read_table(job.input[name]) for name in ("points", "correlations")}
    chosen = {"comparison": job.params.comparison}
    figures = {
        "fig4": draw_spectra(
            networks, read_tree(job.input.spectra), **tables, **chosen, norm=job.params.norm
        ),
        "fig5": draw_reversals(networks, **tables, **chosen, optima=read_table(job.input.optima)),
    }
    for name, figure in figures.items():
        save_figure(figure, job.output[f"{name}_pdf"], job.output[f"{name}_png"])


if __name__ == "__main__":
    run(main, snakemake)
