"""Measure the reliability of a recording's neuroids."""

from neurobust.jobs import run
from neurobust.recordings.reliability import measure_reliability
from neurobust.storage import read_tree, write_dataset

SEED = 1000  # of the random halves


def main(job):
    reliability = measure_reliability(read_tree(job.input[0]), seed=SEED)
    write_dataset(reliability, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
