"""Read a recording into the labelled form."""

from neurobust.files.storage import write_dataset
from neurobust.jobs.run import run
from neurobust.recordings.build import read_recording


def main(job):
    recording = read_recording(
        job.params.settings,
        dict(job.input.items()),
        place=f"recordings.{job.wildcards.recording}",
    )
    write_dataset(recording, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
