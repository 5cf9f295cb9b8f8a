"""Draw Fig. D of the appendix of the low-frequency study."""

from neurobust.files.storage import read_dataset
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.li2023.figures.figd import draw_similarity_components


def main(job):
    representations = [read_dataset(file) for file in job.input]
    labelled = {components.attrs["label"]: components for components in representations}
    save_figure(draw_similarity_components(labelled), job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
