"""Divide the errors of networks under corruptions by those of a reference."""

from neurobust.files.storage import read_dataset, write_dataset, write_table
from neurobust.jobs.run import run
from neurobust.statistics.corruption_errors import corruption_errors
from studies.safarani2021.tables import corruption_error_table

SEED = 1000  # of the bootstrap


def main(job):
    errors = corruption_errors(
        dict(zip(job.params.networks, map(read_dataset, job.input), strict=True)),
        reference=job.params.reference,
        seed=SEED,
        repetitions=job.params.repetitions,
    )
    write_dataset(errors, job.output.errors)
    write_table(corruption_error_table(errors), job.output.table)


if __name__ == "__main__":
    run(main, snakemake)
