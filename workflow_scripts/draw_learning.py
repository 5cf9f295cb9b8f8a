"""Draw learning curves."""

from neurobust.files.storage import read_tree
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure
from studies.safarani2021.figures.learning import draw_learning


def main(job):
    roles = read_tree(job.input[0]).children
    figure = draw_learning({role: node.to_dataset() for role, node in roles.items()})
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
