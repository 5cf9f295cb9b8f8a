"""Measure the similarity of stimuli to a population, from predicted responses."""

from neurobust.files.storage import read_tree, write_dataset
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device
from neurobust.networks.files import load_network
from neurobust.responses.similarity import measure_similarity


def main(job):
    similarities = measure_similarity(
        load_network(job.input.network).network,
        read_tree(job.input.recording),
        choose_device(job.config["device"], job.resources.gpu),
    )
    write_dataset(similarities.assign_attrs(job.params.attributes), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
