"""Write the score of every benchmark, network and seed as a table."""

from itertools import product

import pandas as pd

from neurobust.files.storage import read_dataset, write_table
from neurobust.jobs.run import run
from studies.safarani2021.tables import brain_score_table

RAW = {"predictivity": "raw", "behaviour": "consistency"}


def main(job):
    tables = []
    for kind, raw in RAW.items():
        pairs = product(job.params.benchmarks[kind], job.params.networks)
        evaluations = dict(zip(pairs, map(read_dataset, job.input[kind]), strict=True))
        tables.append(brain_score_table(evaluations, raw))
    write_table(pd.concat(tables, ignore_index=True), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
