"""Any scheduler: a submit command gets what a job asks for, and more of it with a retry."""

import pytest

pytestmark = pytest.mark.slow
RESULTS = "results/generic"
NETWORK = f"{RESULTS}/networks/baseline/seed1000.pt"
# Stands for a scheduler: notes what is asked for, runs it at once and prints its number. The first
# job that wants a GPU comes to nothing, as if it had been killed.
SUBMIT = """\
#!/bin/sh
echo "$1 $2 $3 $4 $5" >> submitted
if [ "$2" = 1 ] && [ ! -e lost ]; then
    touch lost
    sed -i "s/-m snakemake/-m lost/" "$6"
fi
sh "$6" > "scheduler-$$.log" 2>&1
echo $$
"""


@pytest.fixture(scope="module")
def submitted(workflow):
    """Train a network through the scheduler; return what each job asked for."""
    submit = workflow.folder / "submit.sh"
    submit.write_text(SUBMIT)
    submit.chmod(0o755)
    asks = "{rule} {resources.gpu} {resources.mem_mb} {resources.runtime} {threads}"
    ran = workflow.run(
        NETWORK,
        *("--executor", "cluster-generic", "--jobs", "2", "--retries", "1"),
        *("--seconds-between-status-checks", "1"),
        *("--cluster-generic-submit-cmd", f"./submit.sh {asks}"),
        *("--default-resources", "gpu=0"),
        *("--resources", "gpu=1"),
        *("--configfile", "presets/smoke.yaml", "--config", f"pathvars={{results: {RESULTS}}}"),
    )
    assert ran.status == 0, ran.printed
    lines = (workflow.folder / "submitted").read_text().splitlines()
    return [tuple(line.split()) for line in lines]


def test_jobs_ask_for_what_their_rules_state_and_a_retry_for_twice_as_much(workflow, submitted):
    assert submitted == [
        ("build_image_set", "0", "8000", "60", "1"),
        ("train_network", "1", "8000", "1440", "1"),  # on a cluster it asks for a GPU
        ("train_network", "1", "16000", "2880", "1"),
    ]
    assert (workflow.folder / NETWORK).stat().st_size
