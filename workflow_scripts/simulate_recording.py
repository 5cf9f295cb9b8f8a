"""Simulate a population of V1 cells and write it as a BrainIO assembly."""

from neurobust.config.recordings.simulated import Simulated
from neurobust.files.storage import read_dataset
from neurobust.jobs.run import run
from neurobust.recordings.brainio.read import write_brainio
from neurobust.recordings.sources.simulated import simulate_recording


def main(job):
    responses, pixels, table = simulate_recording(
        Simulated.model_validate(job.params.settings),
        read_dataset(job.input[0]),
        place=f"recordings.{job.wildcards.recording}",
    )
    write_brainio(
        responses,
        pixels,
        table,
        assembly=job.output.assembly,
        stimulus_table=job.output.stimulus_set,
        stimuli=job.output.stimuli,
    )


if __name__ == "__main__":
    run(main, snakemake)
