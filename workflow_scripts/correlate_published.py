"""Correlate published Brain-Scores with published corruption errors, and vary the analysis."""

from neurobust.analysis.published import read_published
from neurobust.analysis.published_correlations import (
    alternatives,
    correlate_published,
    influence,
)
from neurobust.analysis.published_page import published_page
from neurobust.analysis.published_quantities import published_quantities
from neurobust.jobs import run
from neurobust.storage import write_table
from neurobust.writing import whole

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
