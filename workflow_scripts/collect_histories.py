"""Collect the training histories of networks, a group of the file for each named input."""

import xarray as xr

from neurobust.files.storage import write_dataset
from neurobust.jobs.run import run
from neurobust.networks.files import load_network
from neurobust.training.histories import collect_histories


def main(job):
    tree = xr.DataTree()
    for name, files in job.input.items():
        histories = {saved.seed: saved.history for saved in map(load_network, files)}
        collected = collect_histories(histories).assign_attrs(job.params.attributes[name])
        tree[name] = xr.DataTree(collected)
    write_dataset(tree, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
