"""Corrupt one test image in every way."""

from neurobust.evaluation.corruptions.examples import corrupt_example
from neurobust.files.storage import read_dataset, write_dataset
from neurobust.jobs.run import run


def main(job):
    chosen = job.params
    examples = corrupt_example(
        read_dataset(job.input[0]), chosen.number, severity=chosen.severity, seed=chosen.seed
    )
    write_dataset(examples, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
