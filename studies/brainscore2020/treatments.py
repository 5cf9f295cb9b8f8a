"""The ways to compute the study's headline, and the names in its tables."""

from typing import NamedTuple

from studies.brainscore2020.table1 import (
    AREAS,
    AVERAGE,
    AVERAGE_WITHOUT_OST,
    IT,
    MCE,
    PRINTED_AVERAGE,
    RECOMPUTED_MCE,
)

FIG1, FIG2, FIG3 = "fig1", "fig2", "fig3"
PUBLISHED, WITHOUT_WEAKEST = "published", "without_weakest"
WITHOUT_OST, WITHOUT_WEAKEST_AND_OST = "without_ost", "without_weakest_and_ost"
WEAKEST = ["alexnet", "cornet_z", "squeezenet1_0", "squeezenet1_1"]  # mCE of 100 or more
SIN, SIN_IN = "resnet50_sin", "resnet50_sin_in"
OLS_SLOPE, THEIL_SEN, HUBER = "ols", "theil_sen", "huber"
LINE = ["x_start", "y_start", "x_end", "y_end"]
TABLE = "Table 1 of brainscore2020"  # for messages


class Treatment(NamedTuple):
    """One way to compute the headline: which columns, and which models are left out."""

    label: str
    x: str = AVERAGE
    y: str = MCE
    without: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    robust: bool = False


TREATMENTS = {
    PUBLISHED: Treatment("As published", areas=tuple(AREAS), robust=True),
    "printed_average": Treatment("Averages as printed", x=PRINTED_AVERAGE),
    "recomputed_mce": Treatment("mCE recomputed", y=RECOMPUTED_MCE),
    WITHOUT_OST: Treatment("OST left out", x=AVERAGE_WITHOUT_OST, areas=(IT,)),
    "without_sin": Treatment("Without SIN", without=(SIN,)),
    "without_sin_in": Treatment("Without SIN-IN", without=(SIN_IN,)),
    "without_both_sin": Treatment("Without both", without=(SIN, SIN_IN)),
    WITHOUT_WEAKEST: Treatment(
        "Without the weakest four", without=tuple(WEAKEST), areas=tuple(AREAS), robust=True
    ),
    WITHOUT_WEAKEST_AND_OST: Treatment(
        "The same, OST left out",
        x=AVERAGE_WITHOUT_OST,
        without=tuple(WEAKEST),
        areas=(IT,),
    ),
}
