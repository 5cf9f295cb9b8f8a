"""Draw Fig. D of the appendix of the low-frequency study."""

from neurobust.figures.similarity_components import draw_similarity_components
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_dataset


def main(job):
    representations = [read_dataset(file) for file in job.input]
    labelled = {components.attrs["label"]: components for components in representations}
    save_figure(draw_similarity_components(labelled), job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
