"""Collect the training histories of the study's networks, one group of the file per role."""

import xarray as xr

from neurobust.files.storage import write_dataset
from neurobust.jobs.run import run
from neurobust.networks.files import load_network
from neurobust.training.histories import collect_histories


def main(job):
    files = iter(job.input)
    tree = xr.DataTree()
    for role, said in job.params.networks.items():
        histories = {seed: load_network(next(files)).history for seed in said["seeds"]}
        collected = collect_histories(histories).assign_attrs(said["attributes"])
        tree[role] = xr.DataTree(collected)
    write_dataset(tree, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
