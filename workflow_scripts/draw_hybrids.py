"""Draw Figs. 3 and B of the low-frequency study."""

from neurobust.figures.hybrids import draw_hybrids
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_dataset


def main(job):
    networks, examples = read_dataset(job.input.networks), read_dataset(job.input.examples)
    save_figure(draw_hybrids(networks, examples, job.params.pairs), job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
