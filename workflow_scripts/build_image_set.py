"""Decode, check and label an image set."""

from neurobust.files.storage import write_dataset
from neurobust.images.build import build_image_set
from neurobust.jobs.run import run


def main(job):
    image_set = build_image_set(job.params.settings)
    write_dataset(image_set, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
