"""Collect the training histories of a network's seeds."""

from neurobust.evaluation.learning import collect_histories
from neurobust.jobs import run
from neurobust.networks.files import load_network
from neurobust.provenance import stamp
from neurobust.storage import write_dataset


def main(job):
    histories = {
        seed: load_network(path).history
        for seed, path in zip(job.params.seeds, job.input, strict=True)
    }
    says = {**job.params.attributes, **stamp(job.rule, job.params.code)}
    write_dataset(collect_histories(histories).assign_attrs(says), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
