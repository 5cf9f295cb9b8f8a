"""Compute a study's numbers with the function that the rule names."""

from neurobust.jobs.calls import call, save
from neurobust.jobs.run import run


def main(job):
    save(call(job), job)


if __name__ == "__main__":
    run(main, snakemake)
