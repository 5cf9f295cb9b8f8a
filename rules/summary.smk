# What a dry run prints at its end: the jobs, GPU hours and disk of each study.

import atexit

import pandas as pd

from neurobust.config.costs import cost_of_job
from neurobust.config.model import nearest
from neurobust.jobs.costs import format_plan


def cost_key(rule):
    """Name a rule as `costs` does; evaluating several networks costs what each alone does."""
    return re.sub(r"_together_\d+$", "", rule)


def check_costs():
    """Check that costs are stated for rules, whether or not their study is asked for."""
    studies = tuple(f"{study}_" for study in find_studies(SOURCE / "studies"))
    names = {cost_key(each.name) for each in workflow.rules if each.output}
    for name in CONFIG.costs:
        if name not in names and not name.startswith(studies):
            problem = f"no rule {name!r}; {nearest(name, names)}"
            raise WorkflowError(f"configuration: costs: {problem}")


def shares_of(job):
    """List what a cost may be stated for, for each seed of each network of a job."""
    own = job.wildcards_dict
    single = [own["network"]] if "network" in own else []
    shares = []
    for network in EVALUATED_TOGETHER.get(job.rule.name, single):
        recipe, member = EXPERIMENT.networks[network], EXPERIMENT.members.get(network)
        names = [network, recipe.trunk, own.get("images", recipe.images)]
        names[1:1] = [] if member is None else [member.sweep]
        all_seeds = job.rule.name.startswith("evaluate_")
        shares += [names] * (len(EXPERIMENT.seeds(network)) if all_seeds else 1)
    return shares or [[*own.values()]]


def gpus_of(resources, otherwise):
    """Return how many GPUs are asked for, or allowed."""
    return resources["gpu"].value if "gpu" in resources else otherwise


def print_plan():
    """Print the summary of a dry run that has jobs."""
    if not workflow.dryrun or workflow.dag is None:
        return
    dag, rows, targets = workflow.dag, {}, set()
    allowed = gpus_of(workflow.global_resources, 1)
    on_gpu = {
        each.name for each in workflow.rules if allowed and gpus_of(each.resources, 0)
    }
    for job in dag.needrun_jobs(exclude_finished=False):
        if job.output:
            costs = CONFIG.costs.get(cost_key(job.rule.name), {})
            rows[job] = (job.rule.name in on_gpu, *cost_of_job(costs, shares_of(job)))
        else:
            targets.add(job.rule.name)
    asked = [name for name in EXPERIMENT.studies if targets & {"all", name}]
    needed = {}
    for study in asked:
        files = {*getattr(rules, study).input}
        own = [job for job in rows if not files.isdisjoint(job.output)]
        needed[study] = [job for job in dag.bfs(dag.dependencies, *own) if job in rows]
    if rows:
        columns = ["gpu", "gpu_hours", "disk_mb"]
        jobs = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        print(f"\n{format_plan(jobs, needed)}")


# A workflow that uses this one as a module has a plan and rules of its own.
if workflow.modifier.parent_modifier is None:
    check_costs()
    # Snakemake has no hook for the end of a dry run.
    atexit.register(print_plan)
