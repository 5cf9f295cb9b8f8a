"""Measure the reliability of a recording's neuroids."""

from neurobust.files.storage import read_tree, write_dataset
from neurobust.jobs.run import run
from neurobust.recordings.reliability import measure_reliability


def main(job):
    reliability = measure_reliability(read_tree(job.input[0]), seed=job.params.seed)
    write_dataset(reliability, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
