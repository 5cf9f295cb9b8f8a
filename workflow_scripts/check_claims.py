"""Hold every claim of the paper against this run."""

from neurobust.analysis.claims import check_claims, claims_markdown, read_claims
from neurobust.analysis.quantities import collect_quantities
from neurobust.jobs import run
from neurobust.storage import read_dataset, read_table, whole, write_table


def main(job):
    quantities = collect_quantities(
        read_dataset(job.input.scores), read_table(job.input.regressions)
    )
    checked = check_claims(read_claims(job.input.claims), quantities, scale=job.params.scale)
    write_table(checked, job.output.table)
    with whole(job.output.page) as part:
        part.write_text(claims_markdown(checked))


if __name__ == "__main__":
    run(main, snakemake)
