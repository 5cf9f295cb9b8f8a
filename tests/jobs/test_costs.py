"""What a plan comes to: the cost of a job, and the table of what studies need."""

from math import isnan, nan

import pandas as pd
import pytest

from neurobust.config.costs import Cost, cost_of_job
from neurobust.jobs.costs import format_plan

CIFAR = Cost(gpu_hours=2, disk_mb=45)
TRAINING = {
    "cifar": CIFAR,
    "vgg": Cost(gpu_hours=8, disk_mb=0),
    "any": Cost(gpu_hours=4, disk_mb=160),
}


def jobs_of(**jobs):
    columns = ["gpu", "gpu_hours", "disk_mb"]
    return pd.DataFrame.from_dict(jobs, orient="index", columns=columns)


# The cost of answer_b and of table is unknown.
JOBS = jobs_of(
    train_a=(True, 2.0, 45.0),
    train_b=(True, 4.0, 160.0),
    answer_a=(True, 1.25, 5.0),
    answer_b=(True, nan, nan),
    draw=(False, 3.0, 0.5),
    table=(False, nan, nan),
)
NEEDED = {
    "figures": ["train_a", "train_b", "answer_a", "answer_b", "draw"],
    "tables": ["train_a", "answer_a", "table"],
}


@pytest.mark.parametrize(
    ("names", "hours"),
    [(("vgg", "cifar"), 8), (("other", "cifar"), 2), (("other", "tiny"), 4), ((), 4)],
)
def test_the_most_particular_cost_counts(names, hours):
    assert cost_of_job(TRAINING, [names])[0] == hours


def test_a_job_costs_what_its_seeds_and_networks_do():
    shares = [["cifar"]] * 5 + [["other"]] * 2
    assert cost_of_job(TRAINING, shares) == (5 * 2 + 2 * 4, 5 * 45 + 2 * 160)


def test_the_cost_of_a_job_is_unknown_if_that_of_one_share_is():
    assert all(map(isnan, cost_of_job({"cifar": CIFAR}, [["cifar"], ["tiny"]])))
    assert all(map(isnan, cost_of_job({}, [[]])))


def test_a_shared_job_is_in_each_study_and_in_the_total_once():
    assert format_plan(JOBS, NEEDED).splitlines() == [
        "                         jobs   GPU jobs  GPU hours  disk (MB)",
        "figures                     5          4       7.2+     210.5+",
        "tables                      3          2        3.2      50.0+",
        "all, each job once          6          4       7.2+     210.5+",
        "A job that several studies need is counted in each of them.",
        "+ 2 jobs of unknown cost, 1 of them on a GPU",
    ]


def test_a_study_that_needs_no_job_has_no_row():
    (_, *rows) = format_plan(JOBS[:3], {"figures": []}).splitlines()
    assert [row.split("  ")[0] for row in rows] == ["all, each job once"]


def test_large_disks_are_in_gigabytes_and_small_amounts_are_not_nothing():
    jobs = jobs_of(a=(True, 0.04, 12.0), b=(True, 0.02, 988.0), c=(False, 0.0, 0.0))
    assert format_plan(jobs, {"one": ["a"], "two": ["c"]}).splitlines() == [
        "                         jobs   GPU jobs  GPU hours  disk (GB)",
        "one                         1          1       <0.1       <0.1",
        "two                         1          0          0        0.0",
        "all, each job once          3          2        0.1        1.0",
        "A job that several studies need is counted in each of them.",
    ]


def test_a_plan_without_known_costs_has_question_marks():
    assert format_plan(JOBS.loc[["answer_b"]], {}).splitlines() == [
        "                         jobs   GPU jobs  GPU hours  disk (MB)",
        "all, each job once          1          1          ?          ?",
        "+ 1 job of unknown cost, 1 of them on a GPU",
    ]
