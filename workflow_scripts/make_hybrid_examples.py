"""Mix two test images at several frequencies."""

from neurobust.evaluation.hybrid_examples import make_hybrid_examples
from neurobust.jobs import run
from neurobust.storage import read_dataset, write_dataset


def main(job):
    chosen = job.params
    examples = make_hybrid_examples(
        read_dataset(job.input[0]), chosen.number, colour=chosen.colour, seed=chosen.seed
    )
    write_dataset(examples, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
