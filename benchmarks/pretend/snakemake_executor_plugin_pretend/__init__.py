"""A Snakemake executor that only pretends: each job leaves tiny files and has ended at once.

What a run with it takes is what Snakemake's main process takes: choosing jobs, reporting them,
writing down what made a file. It is found through ``PYTHONPATH``, as executor ``pretend``.
"""

import sys
from pathlib import Path

from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.real import RealExecutor
from snakemake_interface_executor_plugins.jobs import JobExecutorInterface
from snakemake_interface_executor_plugins.settings import CommonSettings, ExecMode

__all__ = ["Executor", "common_settings"]

common_settings = CommonSettings(
    non_local_exec=True,  # as a cluster's: --jobs bounds how many are out at once
    implies_no_shared_fs=False,
    job_deploy_sources=False,
)


class Executor(RealExecutor):
    """Writes every file that a job promises, and reports success."""

    cores = "all"

    def run_job(self, job: JobExecutorInterface) -> None:
        """Pretend to run a job."""
        started = SubmittedJobInfo(job, external_jobid=str(job.jobid))
        self.report_job_submission(started)
        promised = [*job.output, *job.log, *([job.benchmark] if job.benchmark else [])]
        for file in map(Path, promised):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("pretended\n")
        self.report_job_success(started)

    def get_python_executable(self) -> str:
        """Return the interpreter of jobs, though none is started."""
        return sys.executable

    def get_exec_mode(self) -> ExecMode:
        """Return how jobs would run."""
        return ExecMode.REMOTE

    def cancel(self) -> None:
        """Nothing is running."""

    def shutdown(self) -> None:
        """Nothing is left to end."""
