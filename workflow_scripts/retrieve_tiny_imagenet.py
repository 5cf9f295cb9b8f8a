"""Download the official zip of Tiny ImageNet."""

from pathlib import Path

from neurobust.images.sources.retrieve import retrieve
from neurobust.jobs.run import run


def main(job):
    retrieve(
        job.params.url,
        Path(job.output[0]),
        sha256=job.params.sha256,
        n_bytes=job.params.n_bytes,
    )


if __name__ == "__main__":
    run(main, snakemake)
