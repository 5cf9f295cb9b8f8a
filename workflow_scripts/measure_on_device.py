"""Compute with the function that the rule names, on a GPU where the job has one."""

from neurobust.files.storage import read_result
from neurobust.jobs.calls import find_function, parameters, save
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device


def main(job):
    inputs = {name: read_result(file) for name, file in job.input.items()}
    device = choose_device(job.config["device"], job.resources.gpu)
    save(find_function(job.params.call)(**inputs, **parameters(job), device=device), job)


if __name__ == "__main__":
    run(main, snakemake)
