"""How a script of the workflow runs: its log, its GPUs, its record, and how it ends."""

import logging
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurobust.errors import InputError
from neurobust.files import provenance
from neurobust.jobs import gpus
from neurobust.jobs.signals import Interrupted, raise_on_signals


def run(main: Callable[[Any], None], snakemake: Any) -> None:  # noqa: ANN401 - injected, untyped
    """Run a script's main function with the job that Snakemake describes.

    Log lines go to the rule's log file, warnings of the library to the terminal, too. A job with
    the resource ``gpu`` leases as many (`neurobust.jobs.gpus`) and sees no others. What it
    writes carries its record (`neurobust.files.provenance`).

    An `InputError` is printed as it is, without a traceback, to the terminal and the log;
    any other error is a fault of ours and keeps its traceback. Either ends the process with
    status 1. A signal to end (`neurobust.jobs.signals`) does so in one message, with nothing
    half-written and the status that a shell gives it, 128 and the signal's number.

    Parameters
    ----------
    main
        Takes the ``snakemake`` object: ``input``, ``output``, ``params``, ``resources`` ...
    snakemake
        What Snakemake gives a script.
    """
    _open_log(Path(snakemake.log[0]))
    raise_on_signals()
    try:
        _lease_gpus(snakemake.resources)
        with provenance.recording(provenance.describe_job(snakemake)):
            main(snakemake)
            for path in snakemake.output:
                if Path(path).suffix not in provenance.EMBEDDED:
                    provenance.write_sidecar(path)
    except InputError as error:
        _end(f"{snakemake.rule}: {error}")
    except Interrupted as interruption:
        _end(f"{snakemake.rule}: {interruption}", 128 + signal.Signals[interruption.signal])
    except Exception:
        _end(f"{snakemake.rule}: this is a fault of neurobust\n{traceback.format_exc()}")


def _open_log(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=path, filemode="w", level=logging.INFO, format="%(message)s", force=True
    )
    logging.captureWarnings(True)
    told = logging.StreamHandler()
    told.setLevel(logging.WARNING)
    logging.getLogger("neurobust").addHandler(told)


def _lease_gpus(resources: Any) -> None:  # noqa: ANN401 - Snakemake's, untyped
    wanted = resources.get("gpu")
    if wanted is not None:
        gpus.assign(wanted, resources.get("jobs_per_gpu", 1))


def _end(message: str, status: int = 1) -> None:
    logging.error("%s", message)
    print(message, file=sys.stderr)
    sys.exit(status)
