"""Compare the choices of all seeds of a network with those of observers."""

from neurobust.evaluation.behaviour.evaluate import evaluate_behaviour
from neurobust.files.storage import write_dataset
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device
from neurobust.networks.files import load_networks
from neurobust.recordings.brainio.behaviour import read_behaviour


def main(job):
    settings = job.params.settings
    trials, stimuli = read_behaviour(settings, f"behaviour.{job.wildcards.behaviour}")
    evaluation = evaluate_behaviour(
        load_networks(job.input.networks),
        trials,
        stimuli,
        **{name: settings[name] for name in ("layer", "fit_share", "halves", "seed")},
        device=choose_device(job.config["device"], job.resources.gpu),
    )
    write_dataset(evaluation.assign_attrs(job.params.attributes), job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
