"""Studies are asked for by name: one that is left out needs no key, no network and no file."""

import shutil

import pytest
import yaml

from tests.workflow.rules import STUDIES

ASKED = "safarani2021"
OTHERS = [study for study in STUDIES if study != ASKED]
ITS_NETWORKS = {
    *("baseline", "monkey-predictor", "oracle", "oracle-readout"),
    *("mtl-oracle", "mtl-monkey", "mtl-shuffled", "mtl-real"),
}
ITS_IMAGES = {"photographs", "photographs-shown"}
ITS_RECORDINGS = {"simulated-v1"}


@pytest.fixture(scope="module")
def alone(workflow, tmp_path_factory):
    """Return a copy that has the folder, the key and the data of one study and nothing else's."""
    copy = workflow.copy(workflow.folder, tmp_path_factory.mktemp("alone") / "neurobust")
    for study in OTHERS:
        shutil.rmtree(copy.folder / "studies" / study)
    file = copy.folder / "config.yaml"
    config = yaml.safe_load(file.read_text())
    for key in (*OTHERS, "predictivity", "behaviour", "attacks", "hybrids", "evaluate_together"):
        config.pop(key, None)
    kept = {"networks": ITS_NETWORKS, "images": ITS_IMAGES, "recordings": ITS_RECORDINGS}
    for key, names in kept.items():
        config[key] = {name: value for name, value in config[key].items() if name in names}
    file.write_text(yaml.safe_dump({**config, "studies": [ASKED]}, sort_keys=False))
    return copy


def test_a_study_needs_nothing_of_another(workflow, alone):
    overlay = ("--config", "evaluate_together=[]")
    among_others = workflow.plan(ASKED, options=overlay)
    plan = alone.plan(ASKED)
    assert plan.status == among_others.status == 0, plan.printed + among_others.printed
    assert plan.jobs == among_others.jobs
    everything = alone.plan()
    assert everything.status == 0, everything.printed
    assert everything.jobs.keys() - plan.jobs.keys() == {"all", "collect_claims"}


@pytest.mark.parametrize("overlay", [(), ("--config", f"studies=[{ASKED}]")])
@pytest.mark.parametrize("preset", ["config.yaml", "presets/paper.yaml"])
def test_a_plan_of_one_study_is_silent_about_the_others(workflow, preset, overlay):
    plan = workflow.plan(ASKED, options=("--configfile", preset, *overlay))
    assert plan.status == 0, plan.printed
    assert not [study for study in OTHERS if study in plan.printed]


def test_an_overlay_adds_and_drops_a_study(workflow, tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("studies: [brainscore2020]\n")
    plan = workflow.plan(options=("--configfile", str(overlay), "--quiet", "rules"))
    assert plan.status == 0, plan.printed
    assert "train_network" not in plan.jobs
    assert plan.jobs["brainscore2020_fig1"] == plan.jobs["check_claims"] == 1
    overlay.write_text("studies: [brain_likeness, brainscore2020]\n")
    plan = workflow.plan(options=("--configfile", str(overlay), "--quiet", "rules"))
    assert plan.status == 0, plan.printed
    assert plan.jobs["brainscore2020_fig1"] == plan.jobs["brain_likeness_robustness"] == 1
    assert not any(rule.startswith(("safarani2021", "li2023")) for rule in plan.jobs)


def test_a_study_that_is_not_asked_for_is_no_target(workflow):
    plan = workflow.plan("li2023", options=("--config", f"studies=[{ASKED}]"))
    assert plan.status == 1
    assert "li2023" in plan.printed
    assert "Traceback" not in plan.printed


def test_without_studies_the_stages_can_be_used(workflow):
    network = "results/networks/baseline/seed1000.pt"
    plan = workflow.plan(network, options=("--config", "studies=[]"))
    assert plan.status == 0, plan.printed
    assert plan.jobs == {"build_image_set": 1, "train_network": 1}
