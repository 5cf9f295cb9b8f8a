"""Predict the responses of all neuroids to every image of a set."""

from neurobust.files.storage import read_dataset, write_dataset
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device
from neurobust.networks.files import load_network
from neurobust.responses.synthesis import synthesise_responses


def main(job):
    responses = synthesise_responses(
        load_network(job.input.network).network,
        read_dataset(job.input.images),
        choose_device(job.config["device"], job.resources.gpu),
    )
    attributes = {"network": job.wildcards.network, "simulated": int(job.params.simulated)}
    write_dataset(responses.assign_attrs(attributes), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
