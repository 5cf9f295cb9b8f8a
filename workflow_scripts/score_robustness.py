"""Score every network of the study relative to Baseline."""

from neurobust.files.storage import read_dataset, write_dataset
from neurobust.jobs.run import run
from studies.safarani2021.scores import robustness_scores

SEED = 1000  # of the bootstrap


def main(job):
    scores = robustness_scores(
        {role: read_dataset(path) for role, path in job.input.items()},
        baseline="baseline",
        seed=SEED,
        repetitions=job.params.repetitions,
    )
    write_dataset(scores, job.output[0])


if __name__ == "__main__":
    run(main, snakemake)
