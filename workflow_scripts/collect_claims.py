"""Join the claims of all studies."""

from pathlib import Path

import pandas as pd

from neurobust.files.storage import read_table, write_table
from neurobust.files.whole import whole
from neurobust.jobs.run import run


def main(job):
    studies = job.params.studies
    tables = [read_table(path) for path in job.input.tables]
    named = [table.assign(study=study) for study, table in zip(studies, tables, strict=True)]
    write_table(pd.concat(named, ignore_index=True), job.output.table)
    pages = [Path(path).read_text() for path in job.input.pages]
    with whole(job.output.page) as part:
        part.write_text(
            "\n".join(f"## {study}\n\n{page}" for study, page in zip(studies, pages, strict=True))
        )


if __name__ == "__main__":
    run(main, snakemake)
