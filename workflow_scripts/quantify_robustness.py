"""Name every number of the main study that a claim may speak about."""

from neurobust.analysis.quantities import collect_quantities
from neurobust.jobs import run
from neurobust.storage import read_dataset, read_table, write_table


def main(job):
    scores, regressions = read_dataset(job.input.scores), read_table(job.input.regressions)
    write_table(collect_quantities(scores, regressions), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
