"""Join neural predictivity and robustness of every network, and correlate them."""

from neurobust.files.storage import read_dataset, write_table
from neurobust.jobs.run import run
from studies.brain_likeness.correlations import correlate_likeness
from studies.brain_likeness.points import likeness_points

SEED = 1000  # of the bootstrap


def main(job):
    evaluations = {
        kind: dict(zip(job.params.networks, map(read_dataset, job.input[kind]), strict=True))
        for kind in ("corruptions", "predictivity", "attacks", "hybrids")
    }
    points = likeness_points(**evaluations, reference=job.params.reference)
    write_table(points, job.output.points)
    write_table(correlate_likeness(points, seed=SEED), job.output.correlations)


if __name__ == "__main__":
    run(main, snakemake)
