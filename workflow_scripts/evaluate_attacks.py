"""Find the smallest adversarial perturbations for all seeds of a network."""

from neurobust.evaluation.attacks.evaluate import evaluate_attacks
from neurobust.files.storage import open_dataset, write_dataset
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device
from neurobust.networks.files import load_networks


def main(job):
    with open_dataset(job.input.images) as images:
        evaluation = evaluate_attacks(
            load_networks(job.input.networks),
            images,
            **job.params.settings,
            device=choose_device(job.config["device"], job.resources.gpu),
        )
    write_dataset(evaluation.assign_attrs(job.params.attributes), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
