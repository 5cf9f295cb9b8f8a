"""Name every number of the main study that a claim may speak about."""

from neurobust.files.storage import read_dataset, read_table, write_table
from neurobust.jobs.run import run
from studies.safarani2021.quantities import collect_quantities


def main(job):
    scores, regressions = read_dataset(job.input.scores), read_table(job.input.regressions)
    write_table(collect_quantities(scores, regressions), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
