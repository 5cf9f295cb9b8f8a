"""Classify clean and corrupted test images with all seeds of a network, or of several."""

from neurobust.evaluation.corruptions.evaluate import evaluate_corruptions
from neurobust.files.storage import open_dataset, write_dataset
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device
from neurobust.networks.files import load_by_name


def main(job):
    with open_dataset(job.input.images) as images:
        evaluations = evaluate_corruptions(
            load_by_name(job.input.networks),
            images,
            **job.params.settings,
            device=choose_device(job.config["device"], job.resources.gpu),
        )
    for (name, evaluation), path in zip(evaluations.items(), job.output, strict=True):
        write_dataset(evaluation.assign_attrs(job.params.attributes[name]), path)


if __name__ == "__main__":
    run(main, snakemake)
