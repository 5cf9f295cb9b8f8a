"""What a plan comes to, against a recursive count on small plans, and as a table."""

import random
from types import SimpleNamespace

import pytest

from neurobust.jobs.costs import TOTAL, PlannedJob, Summary, format_plan, summarise_plan


def cost(gpu_hours=0.0, disk_mb=0.0):
    return SimpleNamespace(gpu_hours=gpu_hours, disk_mb=disk_mb)


COSTS = {
    "train": {"cifar": cost(2.0, 45.0), "vgg": cost(8.0), "any": cost(4.0, 160.0)},
    "evaluate": {"cifar": cost(0.25, 1.0)},
    "draw": {"any": cost(0.0, 0.5)},
}

# Study a wants a figure of two networks, b a table of one of them. Nobody states the table's cost.
SHARED = [
    PlannedJob("train x", "train", [("cifar",)], gpu=True, needed_by=("evaluate x", "gone")),
    PlannedJob("train y", "train", [("tiny",)], gpu=True, needed_by=("evaluate y",)),
    PlannedJob("evaluate x", "evaluate", [("cifar",)] * 5, gpu=True, needed_by=("draw", "table")),
    PlannedJob("evaluate y", "evaluate", [("tiny",)] * 5, gpu=True, needed_by=("draw",)),
    PlannedJob("draw", "draw", wanted_by=("a",)),
    PlannedJob("table", "tabulate", wanted_by=("b",)),
]


def draw_plan(seed, jobs=60):
    """Draw a plan in which each job may be needed by later ones, and wanted by some studies."""
    draws = random.Random(seed)
    rules = {"train": True, "evaluate": True, "draw": False, "tabulate": False}
    names = [(), ("cifar",), ("tiny",), ("vgg", "cifar"), ("other", "cifar")]
    return [
        PlannedJob(
            number,
            rule := draws.choice(list(rules)),
            [draws.choice(names)] * draws.choice([1, 5]) + draws.choice([[], [("vgg",)]]),
            gpu=rules[rule],
            needed_by=tuple(
                draws.sample(range(number + 1, jobs + 5), draws.choice([0, 1, 1, 2, 3]))
            ),
            wanted_by=tuple(study for study in "abc" if draws.random() < 0.05),
        )
        for number in range(jobs)
    ]


def count_naively(jobs, study):
    """Add up, job by job, all that lead to the study's files."""
    by_key = {job.key: job for job in jobs}

    def leads_there(job):
        return study in job.wanted_by or any(
            leads_there(by_key[key]) for key in job.needed_by if key in by_key
        )

    hours = disk = 0.0
    count = on_gpu = unstated = unstated_on_gpu = 0
    for job in jobs:
        if study is not None and not leads_there(job):
            continue
        count += 1
        on_gpu += job.gpu
        of_rule = COSTS.get(job.rule, {})
        stated = [[of_rule[n] for n in (*names, "any") if n in of_rule] for names in job.shares]
        if not all(stated):
            unstated += 1
            unstated_on_gpu += job.gpu
            continue
        for found in stated:
            hours += found[0].gpu_hours if job.gpu else 0.0
            disk += found[0].disk_mb
    return (count, on_gpu, hours, disk, unstated, unstated_on_gpu)


def numbers(summary):
    return (
        *(summary.jobs, summary.gpu_jobs, summary.gpu_hours, summary.disk_mb),
        *(summary.unstated, summary.unstated_gpu),
    )


@pytest.mark.parametrize("seed", range(5))
def test_each_study_counts_what_leads_to_its_files_and_the_last_row_each_job_once(seed):
    jobs = draw_plan(seed)
    found = {each.name: each for each in summarise_plan(jobs, COSTS, "abc")}

    wanted = [study for study in "abc" if any(study in job.wanted_by for job in jobs)]
    assert list(found) == [*wanted, TOTAL]
    for study in wanted:
        # All costs are sums of powers of two: exact in any order.
        assert numbers(found[study]) == count_naively(jobs, study)
    assert numbers(found[TOTAL]) == count_naively(jobs, None)


def test_a_shared_job_is_in_each_study_and_in_the_total_once():
    a, b, total = summarise_plan(SHARED, COSTS, ["a", "b"])
    # a: x 2 h, y 4 h, evaluate x 5 seeds of .25 h; nobody states the cost of evaluate y.
    assert a == Summary("a", 5, 4, 7.25, 45 + 160 + 5 + 0.5, unstated=1, unstated_gpu=1)
    assert b == Summary("b", 3, 2, 3.25, 45 + 5, unstated=1, unstated_gpu=0)
    assert total == Summary(TOTAL, 6, 4, 7.25, 210.5, unstated=2, unstated_gpu=1)


def test_the_order_of_the_jobs_does_not_matter():
    jobs = draw_plan(7)
    assert summarise_plan(jobs, COSTS, "abc") == summarise_plan(jobs[::-1], COSTS, "abc")


def test_the_most_particular_cost_counts():
    def hours(*names):
        job = PlannedJob("train", "train", [names], gpu=True)
        return summarise_plan([job], COSTS, [])[0].gpu_hours

    assert hours("vgg", "cifar") == 8
    assert hours("other", "cifar") == 2
    assert hours("other", "tiny") == 4
    assert hours() == 4


def test_a_job_without_a_gpu_takes_no_gpu_hours():
    (total,) = summarise_plan([PlannedJob("train", "train", [("cifar",)])], COSTS, ["a"])
    assert total == Summary(TOTAL, 1, 0, 0, 45, unstated=0, unstated_gpu=0)


def test_without_a_study_there_is_the_total_alone():
    jobs = [PlannedJob(job.key, job.rule, job.shares, job.gpu, job.needed_by) for job in SHARED]
    assert [each.name for each in summarise_plan(jobs, COSTS, ["a", "b"])] == [TOTAL]


def test_a_chain_of_many_jobs_is_followed_to_its_end():
    length = 5000  # more than Python would recurse
    jobs = [PlannedJob(n, "draw", needed_by=(n + 1,)) for n in range(length)]
    jobs.append(PlannedJob(length, "draw", wanted_by=("a",)))
    assert [each.jobs for each in summarise_plan(jobs, COSTS, ["a"])] == [length + 1] * 2


def test_the_table_is_aligned_and_says_what_is_not_known():
    assert format_plan(summarise_plan(SHARED, COSTS, ["a", "b"])).splitlines() == [
        "                    jobs  GPU jobs  GPU hours  disk (MB)",
        "a                      5         4       7.2+     210.5+",
        "b                      3         2        3.2      50.0+",
        "all, each job once     6         4       7.2+     210.5+",
        "A job that several studies need is counted in each of them.",
        "+ 2 jobs without a stated cost, 1 of them on a GPU",
    ]


def test_large_disks_are_in_gigabytes_and_small_amounts_are_not_nothing():
    rows = [
        Summary("a", 1, 1, 0.04, 12.0, unstated=0, unstated_gpu=0),
        Summary("b", 2, 0, 0.0, 0.0, unstated=0, unstated_gpu=0),
        Summary(TOTAL, 3, 1, 0.06, 1000.0, unstated=0, unstated_gpu=0),
    ]
    assert format_plan(rows).splitlines() == [
        "                    jobs  GPU jobs  GPU hours  disk (GB)",
        "a                      1         1       <0.1       <0.1",
        "b                      2         0          0        0.0",
        "all, each job once     3         1        0.1        1.0",
        "A job that several studies need is counted in each of them.",
    ]


def test_a_plan_of_which_no_cost_is_stated_has_question_marks():
    told = format_plan(summarise_plan(SHARED[:1], {}, ["a"])).splitlines()
    assert told == [
        "                    jobs  GPU jobs  GPU hours  disk (MB)",
        "all, each job once     1         1          ?          ?",
        "+ 1 job without a stated cost, 1 of them on a GPU",
    ]
