"""How a script of the workflow runs: it logs to its file and ends errors in one clear message."""

import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurobust.errors import InputError


def run(main: Callable[[Any], None], snakemake: Any) -> None:  # noqa: ANN401 - injected, untyped
    """Run a script's main function with the job that Snakemake describes.

    Log lines go to the rule's log file. An :class:`InputError` is printed as it is, without a
    traceback, to the terminal and the log; any other error is a fault of ours and keeps its
    traceback. Either ends the process with status 1.

    Parameters
    ----------
    main
        Takes the ``snakemake`` object: ``input``, ``output``, ``params``, ``resources`` ...
    snakemake
        What Snakemake gives a script.
    """
    log = Path(snakemake.log[0])
    log.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=log, filemode="w", level=logging.INFO, format="%(message)s", force=True
    )
    logging.captureWarnings(True)
    try:
        main(snakemake)
    except InputError as error:
        _fail(f"{snakemake.rule}: {error}")
    except Exception:
        _fail(f"{snakemake.rule}: this is a fault of neurobust\n{traceback.format_exc()}")


def _fail(message: str) -> None:
    logging.error("%s", message)
    print(message, file=sys.stderr)
    sys.exit(1)
