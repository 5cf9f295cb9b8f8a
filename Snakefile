"""neurobust: from raw neural and image data to the figures of the studies."""

import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.20")
# Scripts import the library from here, also inside a conda environment.
sys.path.insert(0, str(Path(workflow.basedir) / "src"))


configfile: "config.yaml"


report: "docs/report/workflow.rst"


include: "rules/common.smk"
include: "rules/images.smk"
include: "rules/recordings.smk"
include: "rules/networks.smk"
include: "rules/responses.smk"
include: "rules/evaluation.smk"
include: "rules/analysis.smk"
include: "rules/figures.smk"
include: "rules/brainscore.smk"
include: "rules/li2023.smk"
include: "rules/claims.smk"
include: "rules/summary.smk"


onstart:
    tell_history(begin_run, config["provenance"], RESOLVED, sys.argv)


onsuccess:
    tell_history(end_run, COMPLETE)


onerror:
    tell_history(end_run, FAILED)


rule all:
    """Everything: all studies and the table of claims."""
    default_target: True
    input:
        rules.safarani2021.input,
        rules.brainscore2020.input,
        rules.brain_likeness.input,
        rules.li2023.input,
        rules.collect_claims.output,
