"""Corruption errors of all networks, relative to those of a reference."""

from collections.abc import Sequence

import pandas as pd
import xarray as xr

from neurobust.dims import CORRUPTION, NETWORK
from neurobust.statistics.accuracy import CORRUPTION_GROUP
from neurobust.statistics.bootstrap import BOUND, HIGH, LOW
from neurobust.statistics.corruption_errors import corruption_errors


def measure_errors(
    corruptions: Sequence[xr.Dataset],
    *,
    networks: Sequence[str],
    reference: str | None,
    repetitions: int,
    seed: int,
) -> dict[str, xr.Dataset | pd.DataFrame]:
    """Divide the errors of networks under corruptions by those of a reference.

    Parameters
    ----------
    corruptions
        Evaluation of each network, in the order of ``networks``.
    networks
        Names of the networks.
    reference, repetitions, seed
        See `neurobust.statistics.corruption_errors.corruption_errors`, which also raises.

    Returns
    -------
    ``errors``, from `neurobust.statistics.corruption_errors.corruption_errors`, and ``table``, from
    `corruption_error_table`.
    """
    errors = corruption_errors(
        dict(zip(networks, corruptions, strict=True)),
        reference=reference,
        seed=seed,
        repetitions=repetitions,
    )
    return {"errors": errors, "table": corruption_error_table(errors)}


def corruption_error_table(errors: xr.Dataset) -> pd.DataFrame:
    """Tabulate each network's mean corruption error, then its error by group and by corruption.

    Parameters
    ----------
    errors
        Errors in %, from `neurobust.statistics.corruption_errors.corruption_errors`.
    """
    bounds = errors["mean_error_interval"]
    columns = {
        "network": errors[NETWORK].to_numpy(),
        "mce_percent": errors["mean_error"].to_numpy(),
        "mce_low_percent": bounds.sel({BOUND: LOW}).to_numpy(),
        "mce_high_percent": bounds.sel({BOUND: HIGH}).to_numpy(),
    }
    for name, dim in (("group_error", CORRUPTION_GROUP), ("corruption_error", CORRUPTION)):
        values = errors[name].transpose(dim, NETWORK)
        columns |= {
            f"{str(label).lower()}_percent": values.sel({dim: label}).to_numpy()
            for label in errors[dim].to_numpy()
        }
    return pd.DataFrame(columns)
