"""Evaluate all seeds of a network with the function that the rule names."""

from contextlib import ExitStack

from neurobust.files.storage import open_result, write_dataset
from neurobust.jobs.calls import find_function
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device
from neurobust.networks.files import load_networks


def main(job):
    files = {name: file for name, file in job.input.items() if name != "networks"}
    with ExitStack() as stack:
        evaluation = find_function(job.params.call)(
            load_networks(job.input.networks),
            **{name: stack.enter_context(open_result(file)) for name, file in files.items()},
            **job.params.settings,
            device=choose_device(job.config["device"], job.resources.gpu),
        )
    # Simulated data may be part of the training, or of what the network is evaluated on.
    simulated = max(job.params.attributes["simulated"], evaluation.attrs.get("simulated", 0))
    attributes = {**job.params.attributes, "simulated": simulated}
    write_dataset(evaluation.assign_attrs(attributes), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
