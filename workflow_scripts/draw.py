"""Draw a figure with the function that the rule names."""

from neurobust.jobs.calls import call
from neurobust.jobs.run import run
from neurobust.plotting.style import save_figure


def main(job):
    save_figure(call(job), *job.output)


if __name__ == "__main__":
    run(main, snakemake)
