"""An experiment of many networks: the plan has the jobs that can be counted by hand."""

NETWORKS, SEEDS = 12, 10


def test_many_networks_become_a_job_per_seed_and_one_per_evaluation(workflow, tmp_path):
    preset = tmp_path / "many.yaml"
    sigmas = [number / 10 for number in range(1, NETWORKS + 1)]
    preset.write_text(
        "networks:\n"
        "  many:\n"
        "    like: baseline\n"
        f"    seeds: {[1000 * number for number in range(1, SEEDS + 1)]}\n"
        "    frontend: {kind: blur, sigma_px: 1.0}\n"
        f"    sweep: {{field: frontend.sigma_px, values: {sigmas}}}\n"
    )
    few = workflow.plan("brain_likeness")
    many = workflow.plan("brain_likeness", options=("--configfile", str(preset)))
    assert few.status == many.status == 0, few.printed + many.printed
    added = {rule: many.jobs[rule] - count for rule, count in few.jobs.items()}
    evaluations = ("corruptions", "predictivity", "attacks", "hybrids")
    assert {rule: count for rule, count in added.items() if count} == {
        "train_network": NETWORKS * SEEDS,
        **{f"evaluate_{evaluation}": NETWORKS for evaluation in evaluations},
    }
    assert {*many.jobs} == {*few.jobs}
