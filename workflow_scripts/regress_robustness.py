"""Regress robustness on clean accuracy and neural performance over batch ratios."""

from neurobust.files.storage import read_dataset, write_table
from neurobust.jobs.run import run
from studies.safarani2021.regressions import regress_robustness, regression_line
from studies.safarani2021.scores import seed_scores
from studies.safarani2021.sweeps import sweep_points


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
