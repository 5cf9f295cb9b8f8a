"""The workflow through profiles/slurm on a real Slurm: GPUs, logs, failures and interruptions.

One run with all of it, watched by ``squeue``: a figure with what it needs, and three trainings,
each ended another way when it has saved its state.
"""

import signal
import threading
import time
from typing import NamedTuple

import pytest
import yaml

pytestmark = pytest.mark.slow
RESULTS = "results/slurm"
FIGURE = f"{RESULTS}/figures/li2023/figd.png"
EVALUATION = f"{RESULTS}/evaluations/corruptions/baseline.nc"
PROFILE = ("--workflow-profile", "profiles/slurm")
# This Slurm has no accounting database, and its jobs last seconds.
QUICK = (
    *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2"),
    *("--seconds-between-status-checks", "2"),
)
# Each training saves its state after every step, and has enough steps to be met while it trains.
OVERLAY = {
    "pathvars": {"results": RESULTS},
    "seeds": [1000, 2000, 3000],
    "checkpoint_minutes": 0,
    "evaluate_together": [],  # the baseline alone
    "schedules": {"classification": {"max_epochs": 100, "patience": 100}},
}
# The kernel where memory runs out; Slurm before the time is over or another takes the node; a user.
DISTURBED = {
    "1000": lambda job: ("--signal=KILL", f"{job}.0"),
    "2000": lambda job: ("--signal=USR1", job),
    "3000": lambda job: (job,),
}
TRAINING = "rule_train_network_wildcards_baseline_"
LIMIT_S = 1200  # it takes a sixth of that on two cores of its own


class Watched(NamedTuple):
    """A finished run: its status, what it printed, and the queue at every look."""

    status: int
    printed: str
    queues: list
    disturbed: dict

    def attempts(self, comment):
        """Return the jobs of one rule and its wildcards, by the time of their submission."""
        jobs = {job.number: job for queue in self.queues for job in queue}
        return [jobs[number] for number in sorted(jobs, key=int) if jobs[number].comment == comment]

    def running_gpu_jobs(self):
        """Return for each look at the queue the GPU jobs that ran."""
        running = [[job for job in queue if job.state == "RUNNING"] for queue in self.queues]
        return [[job for job in jobs if job.gpus] for jobs in running]


def disturb(slurm, folder, queue, disturbed):
    """End the first attempt at each training that has saved a state, each another way."""
    for job in queue:
        seed = job.comment.removeprefix(TRAINING)
        saved = folder / RESULTS / "checkpoints" / "baseline" / f"seed{seed}.ckpt"
        if seed in DISTURBED.keys() - disturbed and job.state == "RUNNING" and saved.exists():
            slurm.cancel(*DISTURBED[seed](job.number))
            disturbed[seed] = job.number


@pytest.fixture(scope="module")
def watched(workflow, slurm):
    """Run the workflow through the profile and watch the queue."""
    preset = workflow.folder / "slurm.yaml"
    preset.write_text(yaml.safe_dump(OVERLAY))
    presets = ("--configfile", "presets/smoke.yaml", str(preset))
    queues, disturbed, printed = [], {}, []
    with workflow.start(FIGURE, EVALUATION, *PROFILE, *QUICK, *presets) as process:
        reader = threading.Thread(target=lambda: printed.append(process.stdout.read()))
        reader.start()
        try:
            end = time.monotonic() + LIMIT_S
            while process.poll() is None and time.monotonic() < end:
                queues.append(slurm.jobs())
                disturb(slurm, workflow.folder, queues[-1], disturbed)
                time.sleep(0.3)
        finally:
            process.send_signal(signal.SIGINT)  # cancels its jobs; of no effect on one that ended
            reader.join()
    return Watched(process.returncode, printed[0], queues, disturbed)


def test_the_profile_plans_where_there_is_no_slurm(workflow):
    network = "results/smoke/networks/baseline/seed3000.pt"
    seeds = ("--config", "seeds=[3000]")
    smoke = ("--configfile", "presets/smoke.yaml")
    plan = workflow.plan(network, options=(*PROFILE, *smoke, *seeds))
    assert plan.status == 0, plan.printed
    training = plan.printed.partition("rule train_network")[2].partition("\n\n")[0]
    for asked in (" gpu=1", " mem_mb=8000", " slurm_extra=--signal=USR1@180"):
        assert asked in training


def test_a_figure_and_an_evaluation_are_built(workflow, watched):
    assert watched.status == 0, watched.printed
    assert (workflow.folder / FIGURE).stat().st_size
    assert (workflow.folder / EVALUATION).stat().st_size


def test_gpu_jobs_are_given_a_device_each(slurm, watched):
    devices = slurm.devices()
    for jobs in watched.running_gpu_jobs():
        given = [devices[job.number] for job in jobs if job.number in devices]
        assert len(given) == len(set(given))
    asked = {job.number: job.gpus for queue in watched.queues for job in queue}
    assert {devices[number] for number in devices if asked.get(number)} == {"0", "1"}
    assert {devices[number] for number in devices if not asked.get(number)} == {"none"}


def test_a_job_logs_which_gpu_it_was_given(slurm, workflow, watched):
    job = watched.attempts("rule_evaluate_corruptions_wildcards_baseline")[-1]
    log = (workflow.folder / RESULTS / "logs/evaluate_corruptions/baseline.log").read_text()
    assert f"GPUs leased: {slurm.devices()[job.number]}" in log.splitlines()


def test_a_third_gpu_job_waits(watched):
    assert max(len(jobs) for jobs in watched.running_gpu_jobs()) == 2
    waited = [
        job.reason
        for queue, running in zip(watched.queues, watched.running_gpu_jobs(), strict=True)
        for job in queue
        if len(running) == 2 and job.gpus and job.state == "PENDING"
    ]
    assert {"Resources", "Priority"} & set(waited)


def test_logs_arrive(workflow, watched):
    logs = {*(workflow.folder / RESULTS / "logs").rglob("*.log")}
    for rule in ("build_image_set", "train_network", "evaluate_corruptions", "li2023_figd"):
        assert any(rule in str(log) for log in logs)


def test_slurms_own_log_is_kept_of_what_failed(workflow, watched):
    first, second = watched.attempts(f"{TRAINING}1000")
    folder = workflow.folder / ".snakemake/slurm_logs/rule_train_network/baseline_1000"
    assert "srun: error" in (folder / f"{first.number}.log").read_text()
    assert not (folder / f"{second.number}.log").exists()


def test_a_failed_job_is_tried_again_with_more_memory_and_time(watched):
    first, second = watched.attempts(f"{TRAINING}1000")
    assert (first.state, first.memory, first.time_limit) == ("FAILED", "8000M", "1-00:00:00")
    assert (second.state, second.memory, second.time_limit) == ("COMPLETED", "16000M", "2-00:00:00")
    assert f"SLURM-job '{first.number}' failed, SLURM status is: 'FAILED'" in watched.printed


def test_a_cancelled_job_is_reported(watched):
    number = watched.disturbed["3000"]
    assert f"SLURM-job '{number}' failed, SLURM status is: 'CANCELLED'" in watched.printed


@pytest.mark.parametrize(("seed", "name"), [("2000", "SIGUSR1"), ("3000", "SIGTERM")])
def test_a_signal_is_answered_with_a_message(watched, seed, name):
    file = f"{RESULTS}/checkpoints/baseline/seed{seed}.ckpt"
    message = f"train_network: ended by {name}: the state is in {file}"
    assert message in watched.printed.replace("\n", " ")


@pytest.mark.parametrize("seed", DISTURBED)
def test_an_interrupted_training_is_continued(workflow, watched, seed):
    assert len(watched.attempts(TRAINING + seed)) == 2
    log = (workflow.folder / RESULTS / f"logs/train_network/baseline/seed{seed}.log").read_text()
    assert "the state of an interrupted training" in log
    assert "continuing from stage 0, epoch " in log
    assert not [*(workflow.folder / RESULTS / "checkpoints").rglob("*.ckpt")]


def test_the_same_command_again_does_nothing(workflow, watched):
    preset = str(workflow.folder / "slurm.yaml")
    presets = ("--configfile", "presets/smoke.yaml", preset)
    again = workflow.run(FIGURE, EVALUATION, *PROFILE, *presets)
    assert again.status == 0
    assert "Nothing to be done" in again.printed
