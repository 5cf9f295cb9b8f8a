"""Mix two test images at several frequencies."""

from neurobust.evaluation.hybrids.examples import make_hybrid_examples
from neurobust.files.storage import read_dataset, write_dataset
from neurobust.jobs.run import run


def main(job):
    chosen = job.params
    examples = make_hybrid_examples(
        read_dataset(job.input[0]), chosen.number, colour=chosen.colour, seed=chosen.seed
    )
    write_dataset(examples, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
