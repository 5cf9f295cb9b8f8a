"""Classify hybrids of the test images with all seeds of a network."""

from neurobust.evaluation.hybrids import evaluate_hybrids
from neurobust.jobs import run
from neurobust.networks.devices import choose_device
from neurobust.networks.files import load_networks
from neurobust.storage import open_dataset, write_dataset


def main(job):
    with open_dataset(job.input.images) as images:
        evaluation = evaluate_hybrids(
            load_networks(job.input.networks),
            images,
            **job.params.settings,
            device=choose_device(job.config["device"], job.resources.gpu),
        )
    write_dataset(evaluation.assign_attrs(job.params.attributes), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
