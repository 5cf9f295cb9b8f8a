"""Read a recording into the labelled form."""

from neurobust.config.kinds import kinds_in
from neurobust.files.storage import write_dataset
from neurobust.jobs.run import run
from neurobust.recordings.read import read_recording


def main(job):
    settings = job.params.settings
    kinds = kinds_in("neurobust.config.recordings", "source")
    recording = read_recording(
        kinds[settings["source"]].model_validate(settings),
        dict(job.input.items()),
        place=f"recordings.{job.wildcards.recording}",
    )
    write_dataset(recording, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
