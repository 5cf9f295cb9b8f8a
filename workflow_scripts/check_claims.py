"""Compare every claim of a paper with the computed quantities."""

from neurobust.files.storage import read_table, write_table
from neurobust.files.whole import whole
from neurobust.jobs.run import run
from neurobust.statistics.claims import check_claims, claims_markdown, read_claims


def main(job):
    claims, quantities = read_claims(job.input.claims), read_table(job.input.quantities)
    checked = check_claims(claims, quantities, scale=job.params.scale)
    write_table(checked, job.output.table)
    with whole(job.output.page) as part:
        part.write_text(claims_markdown(checked))


if __name__ == "__main__":
    run(main, snakemake)
