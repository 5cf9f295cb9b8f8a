"""Take a neural similarity matrix apart into components and their receptive fields."""

from neurobust.files.storage import read_dataset, write_dataset
from neurobust.jobs.run import run
from studies.li2023.components import decompose_similarity


def main(job):
    components = decompose_similarity(
        read_dataset(job.input[0]).assign_attrs(label=job.params.label),
        components=job.params.components,
        seed=job.params.seed,
    )
    write_dataset(components, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
