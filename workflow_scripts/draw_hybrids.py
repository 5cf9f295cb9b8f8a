"""Draw Figs. 3 and B of the low-frequency study."""

from neurobust.files.storage import read_dataset
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.li2023.figures.fig3 import draw_hybrids


def main(job):
    networks, examples = read_dataset(job.input.networks), read_dataset(job.input.examples)
    save_figure(draw_hybrids(networks, examples, job.params.pairs), job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
