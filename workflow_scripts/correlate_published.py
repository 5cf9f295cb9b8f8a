"""Correlate published Brain-Scores with published corruption errors, and vary the analysis."""

from neurobust.files.storage import write_table
from neurobust.files.whole import whole
from neurobust.jobs.run import run
from studies.brainscore2020.correlations import (
    alternatives,
    correlate_published,
    influence,
)
from studies.brainscore2020.page import published_page
from studies.brainscore2020.quantities import published_quantities
from studies.brainscore2020.table1 import read_published

SEED = 1000  # of the bootstrap and the permutations


def main(job):
    models = read_published(job.input.scores, job.input.errors)
    correlations = correlate_published(models, SEED)
    others = alternatives(models, SEED)
    influences = influence(models)
    quantities = published_quantities(models, correlations, others, SEED)
    write_table(models, job.output.models)
    write_table(correlations, job.output.correlations)
    write_table(others, job.output.alternatives)
    write_table(influences, job.output.influence)
    write_table(quantities, job.output.quantities)
    with whole(job.output.page) as part:
        part.write_text(published_page(models, correlations, others, influences, quantities))


if __name__ == "__main__":
    run(main, snakemake)
