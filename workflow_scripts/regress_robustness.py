"""Regress robustness on clean accuracy and neural performance over batch ratios."""

from neurobust.analysis.inference import regress_robustness, regression_line
from neurobust.analysis.scores import seed_scores
from neurobust.analysis.sweeps import sweep_points
from neurobust.jobs import run
from neurobust.storage import read_dataset, write_table


def main(job):
    names, sweeps = job.params.networks, job.params.sweeps
    corruptions = dict(zip(names, map(read_dataset, job.input.corruptions), strict=True))
    predictions = dict(zip(names[1:], map(read_dataset, job.input.predictions), strict=True))
    for name, data in corruptions.items():
        data.attrs["sweep"] = sweeps.get(name, "")
    points = sweep_points(seed_scores(corruptions, baseline=names[0]), predictions)
    write_table(points, job.output.points)
    write_table(regression_line(points), job.output.lines)
    write_table(regress_robustness(points), job.output.regressions)


if __name__ == "__main__":
    run(main, snakemake)
