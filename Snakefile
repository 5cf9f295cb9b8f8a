"""neurobust: from raw neural and image data to the figures of the studies."""

import os
import sys
from pathlib import Path

from snakemake.common.configfile import load_configfile
from snakemake.pathvars import Pathvars
from snakemake.utils import min_version, update_config

min_version("9.20")
# Where this file lies, also when the workflow is used as a module or from another folder. The plan
# and the jobs import the library and the studies from here, also inside a conda environment, and
# whatever version of the library may be installed there.
SOURCE = Path(str(workflow.current_basedir))
HERE = [str(SOURCE / "src"), str(SOURCE)]
sys.path[:0] = HERE
installed = filter(None, [os.environ.get("PYTHONPATH")])
os.environ.update(PYTHONPATH=os.pathsep.join([*HERE, *installed]))


configfile: SOURCE / "config.yaml"


# A workflow that uses this one as a module may give a configuration: it overlays the default one,
# as a preset does.
if workflow.modifier.skip_configfile:
    given, config = config, load_configfile(SOURCE / "config.yaml")
    update_config(config, given)
    workflow.pathvars.update(Pathvars.from_config(config))


report: "docs/report/workflow.rst"


include: "rules/common.smk"
include: "rules/bases.smk"
include: "rules/images.smk"
include: "rules/recordings.smk"
include: "rules/networks.smk"
include: "rules/responses.smk"
include: "rules/evaluation.smk"


for study in EXPERIMENT.studies:

    include: f"studies/{study}/rules.smk"


include: "rules/claims.smk"
include: "rules/summary.smk"


onstart:
    write_history(begin_run, config["provenance"], RESOLVED, sys.argv)


onsuccess:
    write_history(end_run, COMPLETE)


onerror:
    write_history(end_run, FAILED)


rule all:
    """Everything: the studies that are asked for, and the table of their claims."""
    default_target: True
    input:
        [getattr(rules, study).input for study in EXPERIMENT.studies],
        rules.collect_claims.output if CLAIMED else [],
