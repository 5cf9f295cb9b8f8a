"""Score every network of the study relative to Baseline."""

from neurobust.analysis.scores import robustness_scores
from neurobust.jobs import run
from neurobust.storage import read_dataset, write_dataset

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
