"""Write Tables 1 to 3 and the scores by corruption."""

from neurobust.files.storage import read_dataset, write_table
from neurobust.jobs.run import run
from studies.safarani2021.tables import (
    clean_accuracy_table,
    detailed_table,
    recipe_table,
    robustness_table,
)

TABLE3 = ["baseline", "mtl-real", "mtl-monkey", "mtl-shuffled"]


def main(job):
    scores = read_dataset(job.input[0])
    write_table(recipe_table(job.params.recipes), job.output.table1)
    write_table(clean_accuracy_table(scores), job.output.table2)
    write_table(robustness_table(scores, TABLE3), job.output.table3)
    write_table(detailed_table(scores), job.output.corruptions)


if __name__ == "__main__":
    run(main, snakemake)
