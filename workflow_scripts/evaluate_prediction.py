"""Compare predicted with recorded responses for all seeds of a network."""

from neurobust.evaluation.readouts import evaluate_prediction
from neurobust.files.storage import read_dataset, read_tree, write_dataset
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device
from neurobust.networks.files import load_networks


def main(job):
    evaluation = evaluate_prediction(
        load_networks(job.input.networks),
        read_tree(job.input.recording),
        read_dataset(job.input.reliability),
        choose_device(job.config["device"], job.resources.gpu),
    )
    write_dataset(evaluation.assign_attrs(job.params.attributes), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
