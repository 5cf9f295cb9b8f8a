"""Measure the reliability of a recording's neuroids."""

from neurobust.files.storage import read_tree, write_dataset
from neurobust.jobs.run import run
from neurobust.recordings.reliability import measure_reliability

SEED = 1000  # of the random halves


def main(job):
    reliability = measure_reliability(read_tree(job.input[0]), seed=SEED)
    write_dataset(reliability, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
