"""Decode, check and label an image set."""

from neurobust.config.kinds import kinds_in
from neurobust.files.storage import write_dataset
from neurobust.jobs.run import run
from neurobust.parts import load_part, module_name


def main(job):
    settings = job.params.settings
    source = settings["source"]
    chosen = kinds_in("neurobust.config.images", "source")[source].model_validate(settings)
    image_set = load_part(f"images.sources.{module_name(source)}").build(chosen)
    write_dataset(image_set, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
