"""Measure which spatial frequencies each corruption alters."""

from neurobust.evaluation.corruptions.spectra import measure_corruption_spectra
from neurobust.files.storage import read_dataset, write_dataset
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device


def main(job):
    spectra = measure_corruption_spectra(
        read_dataset(job.input[0]),
        **job.params.settings,
        device=choose_device(job.config["device"], job.resources.gpu),
    )
    write_dataset(spectra, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
