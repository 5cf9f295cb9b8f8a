"""Measure robustness and preferred frequency of every network, and compare them."""

import pandas as pd

from neurobust.files.storage import read_dataset, write_dataset, write_table
from neurobust.jobs.run import run
from studies.li2023.blur_series import Optimum
from studies.li2023.comparison import compare_networks
from studies.li2023.differences import pair_differences
from studies.li2023.networks import draw_measures, mean_spectra, tabulate_networks
from studies.li2023.quantities import collect_frequency_quantities

SEED = 1000  # of the bootstrap


def main(job):
    settings = job.params
    evaluations = {
        kind: dict(zip(settings.networks, map(read_dataset, job.input[kind]), strict=True))
        for kind in ("corruptions", "attacks", "hybrids")
    }
    draws = draw_measures(**evaluations, repetitions=settings.repetitions, seed=SEED)
    networks = tabulate_networks(draws, **evaluations)
    compared = compare_networks(
        draws, networks, settings.comparisons, norm=settings.norm, seed=SEED
    )
    differences = pair_differences(draws, settings.pairs)
    quantities = collect_frequency_quantities(
        draws,
        differences,
        compared.correlations,
        compared.optima,
        pairs=settings.pairs,
        comparisons={name: parts["families"] for name, parts in settings.comparisons.items()},
        norm=settings.norm,
    )
    write_dataset(networks, job.output.networks)
    spectra = mean_spectra(evaluations["attacks"])
    write_dataset(spectra, job.output.spectra)
    write_table(differences, job.output.differences)
    write_table(compared.points, job.output.points)
    write_table(compared.correlations, job.output.correlations)
    write_table(compared.blur_series, job.output.blur_series)
    write_table(pd.DataFrame(compared.optima, columns=Optimum._fields), job.output.optima)
    write_table(quantities, job.output.quantities)


if __name__ == "__main__":
    run(main, snakemake)
