"""Check the results with pytest, whose report is the output if all tests pass."""

import os
import subprocess
import sys
from pathlib import Path

from neurobust.errors import InputError
from neurobust.files.whole import whole
from neurobust.jobs.run import run


def main(job):
    results = str(Path(job.output[0]).parents[1])
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", job.input.checks]
    environment = {
        **os.environ,
        "NEUROBUST_RESULTS": results,
        "PYTHONPATH": os.pathsep.join(sys.path),  # so that pytest finds the same library
    }
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise InputError(
            results,
            f"the results fail a test\n{ran.stdout}{ran.stderr}",
            expected="results in range, within their intervals, controls below what they control",
            fix="look at the failed test; delete what is damaged and run again",
        )
    with whole(job.output[0]) as part:
        part.write_text(ran.stdout)


if __name__ == "__main__":
    run(main, snakemake)
