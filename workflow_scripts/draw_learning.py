"""Draw learning curves."""

from neurobust.figures.learning import draw_learning
from neurobust.figures.style import save_figure
from neurobust.jobs import run
from neurobust.storage import read_tree


def main(job):
    roles = read_tree(job.input[0]).children
    figure = draw_learning({role: node.to_dataset() for role, node in roles.items()})
    save_figure(figure, job.output.pdf, job.output.png)


if __name__ == "__main__":
    run(main, snakemake)
