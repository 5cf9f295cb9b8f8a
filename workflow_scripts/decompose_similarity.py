"""Take a neural similarity matrix apart into components and their receptive fields."""

from neurobust.analysis.similarity_components import decompose_similarity
from neurobust.jobs import run
from neurobust.storage import read_dataset, write_dataset


def main(job):
    components = decompose_similarity(
        read_dataset(job.input[0]).assign_attrs(label=job.params.label),
        components=job.params.components,
        seed=job.params.seed,
    )
    write_dataset(components, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
