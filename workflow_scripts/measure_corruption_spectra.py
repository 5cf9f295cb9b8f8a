"""Measure which spatial frequencies each corruption alters."""

from neurobust.evaluation.corruption_spectra import measure_corruption_spectra
from neurobust.jobs import run
from neurobust.networks.devices import choose_device
from neurobust.storage import read_dataset, write_dataset


def main(job):
    spectra = measure_corruption_spectra(
        read_dataset(job.input[0]),
        **job.params.settings,
        device=choose_device(job.config["device"], job.resources.gpu),
    )
    write_dataset(spectra, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
