"""Score how well the features of all seeds of a network predict a recording."""

from neurobust.evaluation.predictivity.evaluate import evaluate_predictivity
from neurobust.files.storage import read_tree, write_dataset
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device
from neurobust.networks.files import load_networks


def main(job):
    evaluation = evaluate_predictivity(
        load_networks(job.input.networks),
        read_tree(job.input.recording),
        **job.params.settings,
        device=choose_device(job.config["device"], job.resources.gpu),
    )
    says = dict(job.params.attributes)
    says["simulated"] |= evaluation.attrs["simulated"]  # the network, or what it is to predict
    write_dataset(evaluation.assign_attrs(says), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
