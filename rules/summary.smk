# What a dry run tells at its end: jobs, GPU hours and disk of each study.

import atexit

from neurobust.jobs.costs import PlannedJob, format_plan, summarise_plan
from neurobust.config.model import nearest

# A study's target is the rule of its name.
STUDY_TARGETS = [study.replace("-", "_") for study in STUDIES]

# A rule has the name of its script; one that has nothing to do now is no mistake.
KNOWN = {each.stem for each in Path(workflow.basedir).glob("workflow_scripts/*.py")}
for name in CONFIG.costs:
    if name not in KNOWN:
        raise WorkflowError(
            f"configuration: costs: no rule {name!r}; {nearest(name, KNOWN)}"
        )


def gpus_of(resources, otherwise):
    """Return how many GPUs are asked for, or allowed."""
    return resources["gpu"].value if "gpu" in resources else otherwise


# By rule: to ask each of thousands of jobs would take seconds.
GPUS_ALLOWED = gpus_of(workflow.global_resources, 1)
GPU_RULES = {
    each.name for each in workflow.rules if GPUS_ALLOWED and gpus_of(each.resources, 0)
}


def cost_names(network, wildcards):
    """Return what the cost of a network's job may be stated for."""
    recipe, member = EXPERIMENT.networks[network], EXPERIMENT.members.get(network)
    sweep = [] if member is None else [member.sweep]
    return (network, *sweep, recipe.trunk, wildcards.get("images", recipe.images))


def planned_job(job, studies):
    """Describe a job of the plan as its summary counts it."""
    own = job.wildcards_dict
    networks = EVALUATED_TOGETHER.get(
        job.rule.name, [own["network"]] if "network" in own else []
    )
    evaluates = job.rule.name.startswith("evaluate_")
    shares = [
        cost_names(network, own)
        for network in networks
        for _ in (EXPERIMENT.seeds(network) if evaluates else [None])
    ]
    return PlannedJob(
        job,
        Path(job.rule.script).stem if job.rule.script else job.rule.name,
        shares=shares or [tuple(own.values())],
        gpu=job.rule.name in GPU_RULES,
        needed_by=tuple(workflow.dag.depending[job]),
        wanted_by=tuple(
            name for name, files in studies.items() if files & {*job.output}
        ),
    )


def tell_plan():
    """Print the summary of a dry run that has jobs."""
    if not workflow.dryrun or workflow.dag is None:
        return
    planned = list(workflow.dag.needrun_jobs(exclude_finished=False))
    asked = {job.rule.name for job in planned} & {"all", *STUDY_TARGETS}
    studies = {
        name: {*getattr(rules, name).input}
        for name in STUDY_TARGETS
        if asked & {"all", name}
    }
    jobs = [planned_job(job, studies) for job in planned if job.output]
    if jobs:
        print(f"\n{format_plan(summarise_plan(jobs, CONFIG.costs, [*studies]))}")


# Snakemake has no hook for the end of a dry run.
atexit.register(tell_plan)
