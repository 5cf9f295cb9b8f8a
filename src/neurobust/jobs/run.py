"""The run of a workflow script: its log, its GPUs, its record and its exit status."""

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

    Log lines go to the rule's log file; warnings of the library also go to the terminal. A job with
    the resource ``gpu`` leases that many GPUs (`neurobust.jobs.gpus`) and sees no others. The files
    that it writes carry its record (`neurobust.files.provenance`).

    An `InputError` is printed to the terminal and the log without a traceback; any other error is a
    fault of the library and keeps its traceback. Both end the process with status 1. A signal to
    end (`neurobust.jobs.signals`) ends it with one message, without half-written files, and with
    the status that shells use: 128 plus the signal's number.

    Parameters
    ----------
    main
        Function that takes the ``snakemake`` object: ``input``, ``output``, ``params`` ...
    snakemake
        Object that Snakemake gives a script.
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
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    logging.getLogger("neurobust").addHandler(terminal)


def _lease_gpus(resources: Any) -> None:  # noqa: ANN401 - Snakemake's, untyped
    wanted = resources.get("gpu")
    if wanted is not None:
        gpus.assign(wanted, resources.get("jobs_per_gpu", 1))


def _end(message: str, status: int = 1) -> None:
    logging.error("%s", message)
    print(message, file=sys.stderr)
    sys.exit(status)
