"""What would run: dry runs in a copy without results and without any file of data."""

import re

import pytest

from tests.workflow.rules import STUDIES, all_rules, figure_names

FIGURES = {f"{study}_{figure}": study for study in STUDIES for figure in figure_names(study)}
ON_REQUEST = {"li2023_fig6"}  # drawn where an ImageNet-like folder is compared
NEED_NO_NETWORK = {"safarani2021_fig9", "safarani2021_reliability", "li2023_figa"} | {
    figure for figure, study in FIGURES.items() if study == "brainscore2020"
}
NETWORK_FILE = re.compile(r"output: results/\w+/networks/(\S+)/seed(\d+)\.pt$", re.MULTILINE)
RATIOS = {
    *("1to15", "1to10", "1to7", "1to5", "1to4", "1to3", "1to2"),
    *("1to1", "2to1", "3to1", "4to1", "5to1"),
}  # Safarani 2021, section 3
PAPERS_SEEDS = {"1000", "2000", "3000", "4000", "5000"}  # its released code
PREDICTORS = {"monkey-predictor", "oracle-readout", "mouse-predictor"}  # of one seed
SIGMAS = ("1.0", *(f"1.{tenth}" for tenth in range(1, 10)), "2.0", "2.5", "3.0")  # Li 2023
TRAINED_ONCE = {
    *("baseline-32px", "mouse-similarity", "mouse-shuffled"),
    *("baseline-rgb", "pca", "adversarial-linf", "adversarial-l2", "augmix"),
    *(f"blur-{sigma}" for sigma in SIGMAS),
}  # as in the paper


SUMMARY_ROW = re.compile(rf"^({'|'.join(STUDIES)}|all, each job once) +(\d.+)$", re.MULTILINE)
TOTAL = "all, each job once"


def figures_drawn(plan):
    """Return the rules of figures in a plan."""
    return FIGURES.keys() & {*plan.jobs}


def path_of(figure):
    """Return the file of a figure, which is given by its rule."""
    study = FIGURES[figure]
    return f"results/figures/{study}/{figure.removeprefix(study)[1:]}.pdf"


def test_everything_can_be_planned(workflow):
    plan = workflow.plan()
    assert plan.status == 0, plan.printed
    assert plan.jobs["all"] == 1
    assert figures_drawn(plan) == FIGURES.keys() - ON_REQUEST
    assert plan.jobs["collect_claims"] == 1
    assert plan.jobs["check_claims"] == 3


@pytest.mark.parametrize("study", STUDIES)
def test_figures_can_be_planned_alone(workflow, study):
    figures = {figure for figure, of in FIGURES.items() if of == study} - ON_REQUEST
    without = figures & NEED_NO_NETWORK
    for asked, trains in ((without, False), (figures - without, True)):
        if asked:
            plan = workflow.plan(*map(path_of, asked))
            assert plan.status == 0, plan.printed
            assert figures_drawn(plan) == asked
            assert ("train_network" in plan.jobs) == trains
            assert study not in plan.jobs


def test_the_papers_scale_can_be_planned_without_its_data(workflow):
    plan = workflow.plan(options=("--configfile", "presets/paper.yaml"))
    assert plan.status == 0, plan.printed
    seeds = {}
    for network, seed in NETWORK_FILE.findall(plan.printed):
        seeds.setdefault(network, set()).add(seed)
    for once in PREDICTORS | TRAINED_ONCE:
        assert len(seeds.pop(once)) == 1
    assert all(given == PAPERS_SEEDS for given in seeds.values())
    swept = {f"{name}-{ratio}" for name in ("mtl-monkey", "mtl-shuffled") for ratio in RATIOS}
    others = {"baseline", "cornet-s", "cornet-z", "oracle", "mtl-oracle", "mtl-real"}
    assert {*seeds} == swept | others
    assert plan.jobs["retrieve_tiny_imagenet"] == 1


def test_a_plan_states_what_each_study_costs(workflow):
    plan = workflow.plan(options=("--configfile", "presets/paper.yaml", "--quiet", "rules"))
    rows = dict(SUMMARY_ROW.findall(plan.printed))
    assert {*rows} == {*STUDIES, TOTAL}
    costs = {
        name: [float(value.rstrip("+")) for value in row.split()[:3]] for name, row in rows.items()
    }
    total = costs.pop(TOTAL)
    assert total[0] == sum(plan.jobs.values()) - 1  # 'all' makes nothing
    on_gpu = {rule.name for rule in all_rules().values() if "gpu" in rule.resources}
    assert total[1] == sum(count for rule, count in plan.jobs.items() if rule in on_gpu)
    # Studies share networks: together they name more than there is, each of them less.
    for column in range(3):
        assert max(row[column] for row in costs.values()) < total[column]
        assert total[column] < sum(row[column] for row in costs.values())
    assert costs["brainscore2020"][1:] == [0, 0]


def test_a_plan_of_a_single_figure_states_its_cost_alone(workflow):
    plan = workflow.plan("results/figures/safarani2021/fig3.pdf")
    ((name, row),) = SUMMARY_ROW.findall(plan.printed)
    assert name == TOTAL
    assert int(row.split()[0]) == sum(plan.jobs.values())


def test_a_cost_of_no_rule_is_refused(workflow):
    plan = workflow.plan(options=("--config", "costs={train_netwrok: {any: {disk_mb: 1}}}"))
    assert plan.status == 1
    assert "no rule 'train_netwrok'; did you mean 'train_network'?" in plan.printed


def test_a_checkpoint_that_is_not_there_is_named_and_the_others_are_compared(workflow):
    there = workflow.folder / "resources/robustbench/Wu2020Adversarial_extra.pt"
    there.parent.mkdir(parents=True, exist_ok=True)
    there.touch()
    plan = workflow.plan("li2023", options=("--configfile", "presets/paper.yaml"))
    there.unlink()
    assert plan.status == 0, plan.printed
    assert "carmon2019 is left out" in plan.printed
    assert "resources/robustbench/Carmon2019Unlabeled.pt" in plan.printed
    assert "evaluations/attacks/wu2020.nc" in plan.printed
    assert "evaluations/attacks/carmon2019.nc" not in plan.printed


def test_figure_6_is_drawn_where_an_imagenet_like_folder_is_compared(workflow, tmp_path):
    preset = tmp_path / "imagenet.yaml"
    preset.write_text(
        "images: {imagenet: {source: folder, path: resources/imagenet}}\n"
        "networks:\n"
        "  resnet: {like: baseline-32px, images: imagenet, colour: rgb, trunk: resnet18}\n"
        "  blurred:\n"
        "    like: resnet\n"
        "    start_from: resnet\n"
        "    frontend: {kind: blur, sigma_px: 1.5}\n"
        "    sweep: {field: frontend.sigma_px, values: [1.0, 2.0]}\n"
        "li2023: {imagenet: {baseline: resnet, networks: {}, blur: blurred}}\n"
    )
    plan = workflow.plan("results/figures/li2023/fig6.pdf", options=("--configfile", str(preset)))
    assert plan.status == 0, plan.printed
    assert figures_drawn(plan) == {"li2023_fig6"}


def test_the_study_on_published_numbers_trains_nothing(workflow):
    plan = workflow.plan("brainscore2020")
    assert plan.status == 0, plan.printed
    others = {*plan.jobs} - {"brainscore2020", "check_claims"}
    assert all(rule.startswith("brainscore2020_") for rule in others)


def test_brain_likeness_compares_every_classifier(workflow):
    plan = workflow.plan("brain_likeness")
    assert plan.status == 0, plan.printed
    # All classifiers of its images: not those of 32 px, and not the two that only predict.
    for kind in ("predictivity", "attacks", "hybrids"):
        assert plan.jobs[f"evaluate_{kind}"] == 10
    together = [rule for rule in plan.jobs if rule.startswith("evaluate_corruptions_together_")]
    assert len(together) == 3  # eight of them
    assert plan.jobs["evaluate_corruptions"] == 2


def test_a_network_is_evaluated_alone_if_no_list_names_it(workflow):
    baseline = "results/evaluations/corruptions/baseline.nc"
    together = workflow.plan(baseline)
    assert together.jobs["evaluate_corruptions_together_1"] == 1
    assert "evaluations/corruptions/mtl-monkey-1to1.nc" in together.printed
    alone = workflow.plan(baseline, options=("--config", "evaluate_together=[]"))
    assert alone.jobs["evaluate_corruptions"] == 1
    assert "evaluations/corruptions/mtl-monkey-1to1.nc" not in alone.printed


@pytest.mark.parametrize("preset", ["config.yaml", "presets/henaff2021.yaml"])
@pytest.mark.parametrize("figure", ["safarani2021/fig2", "li2023/fig2"])
def test_no_figure_trains_a_network_for_the_sake_of_a_list(workflow, preset, figure):
    results = "results" if preset == "config.yaml" else "results/henaff2021"
    target = f"{results}/figures/{figure}.pdf"
    listed, alone = (
        workflow.plan(target, options=("--configfile", preset, *overlay))
        for overlay in ((), ("--config", "evaluate_together=[]"))
    )
    assert listed.status == alone.status == 0, listed.printed
    assert any(rule.startswith("evaluate_corruptions_together_") for rule in listed.jobs)
    assert listed.jobs["train_network"] == alone.jobs["train_network"] > 0


def test_a_job_for_several_networks_costs_what_they_do(workflow):
    totals = []
    for together in ("[]", "[[baseline, mtl-oracle], [oracle, mtl-real]]"):
        costs = "costs={evaluate_corruptions: {any: {disk_mb: 100}, oracle: {disk_mb: 30}}}"
        overlay = ("--config", f"evaluate_together={together}", costs)
        plan = workflow.plan("safarani2021", options=overlay)
        columns = dict(SUMMARY_ROW.findall(plan.printed))["safarani2021"].split()
        totals.append((int(columns[0]), columns[3]))
    (jobs_alone, disk_alone), (jobs, disk) = totals
    assert jobs == jobs_alone - 2
    assert disk == disk_alone


def test_real_data_can_be_planned_without_them(workflow):
    plan = workflow.plan(options=("--configfile", "presets/henaff2021.yaml"))
    assert plan.status == 0, plan.printed
    assert "simulate_recording" not in plan.jobs
    assert plan.jobs["import_recording"] == 1


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (
            "schedules: {classification: {max_epoch: 3}}",
            ["schedules.classification: unknown key 'max_epoch'", "did you mean 'max_epochs'?"],
        ),
        (
            "networks: {mtl-oracle: {objectives: {v1: {ratio: 1:2}}}}",  # YAML 1.1: 62 minutes
            ["objectives.v1", "ratio", "62", "quote"],
        ),
        (
            "safarani2021: {roles: {oracle: oracel}}",
            ["safarani2021.oracle", "names no network: 'oracel'", "did you mean 'oracle'?"],
        ),
        (
            "studies: [safarani2021, li2032]",
            ["studies", "'li2032'", "did you mean 'li2023'?"],
        ),
    ],
    ids=[
        "unknown key within",
        "ratio without quotes",
        "unknown network",
        "unknown study",
    ],
)
def test_a_mistake_in_the_configuration_ends_in_one_message(workflow, tmp_path, overlay, message):
    preset = tmp_path / "overlay.yaml"
    preset.write_text(overlay + "\n")
    plan = workflow.plan(options=("--configfile", str(preset)))
    assert plan.status == 1
    assert all(words in plan.printed for words in message), plan.printed
    assert plan.printed.count("to fix:") == 1
    assert "Traceback" not in plan.printed
    assert "Job stats" not in plan.printed


def test_a_mistake_on_the_command_line_ends_in_the_same_message(workflow):
    plan = workflow.plan(options=("--config", "corruptoins={severities: [1]}"))
    assert plan.status == 1
    assert "did you mean 'corruptions'?" in plan.printed
    assert "Traceback" not in plan.printed
