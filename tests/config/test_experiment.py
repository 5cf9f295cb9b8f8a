"""A configuration is checked as a whole: every name in it refers to something that fits."""

import copy
from pathlib import Path
from typing import ClassVar

import pytest
import yaml
from pydantic import TypeAdapter

from neurobust.config.checks import check_network, load_experiment
from neurobust.config.experiment import SLOTS, Experiment, Share
from neurobust.config.schedules import SCHEDULES
from neurobust.config.studies import StudySettings, find_studies
from neurobust.errors import InputError
from neurobust.jobs.gpus import SHARES
from tests.experiments import BASE, CLASSIFY, merge, responses

ROOT = Path(__file__).parents[2]
SIMILARITY = {"similarity": {"kind": "similarity", "source": "predictor"}}
BLURRED = {
    "objectives": CLASSIFY,
    "frontend": {"kind": "blur", "sigma_px": 1.0},
    "sweep": {"field": "frontend.sigma_px", "values": [1.0, 2.0]},
}


def experiment(**over):
    return load_experiment(merge(copy.deepcopy(BASE), over))


def with_network(**fields):
    return experiment(networks={"new": fields})


def test_sweeps_are_expanded_and_kept_in_order():
    found = experiment()
    assert list(found.networks) == ["baseline", "predictor", "mtl-1to4", "mtl-1to1"]
    assert found.sweep_members("mtl") == ["mtl-1to4", "mtl-1to1"]
    assert found.networks["mtl-1to4"].objectives["v1"].ratio == 0.25


def test_schedules_lie_over_the_built_in_ones():
    found = experiment(schedules={"prediction": {"lr": 0.01}, "mine": {"lr": 1.0}, "oracle": None})
    schedules = found.config.schedules
    assert schedules["prediction"].lr == 0.01
    assert schedules["prediction"].optimiser == "adam"
    assert schedules["mine"].lr == 1.0
    assert schedules["mine"].lr_factor == schedules["classification"].lr_factor
    assert schedules["oracle"].momentum == 0.8
    assert set(schedules) == {*SCHEDULES, "mine"}
    assert set(found.schedules_of("mtl-1to4")) == {"cotraining"}
    assert found.schedules_of("predictor")["prediction"]["lr"] == 0.01
    assert experiment(schedules=None).config.schedules["cotraining"].max_epochs == 407


@pytest.mark.parametrize("schedules", [3, ["sgd"], {"mine": 3}, {"mine": {"lr": "fast"}}])
def test_schedules_of_another_form_are_refused(schedules):
    with pytest.raises(InputError, match="schedules"):
        experiment(schedules=schedules)


def test_seeds_are_the_network_s_or_the_experiment_s():
    found = experiment(seeds=[1, 2], networks={"baseline": {"seeds": [7]}})
    assert found.seeds("baseline") == [7]
    assert found.seeds("mtl-1to1") == [1, 2]


def test_the_recording_behind_a_network():
    found = experiment(
        networks={
            "second-hand": {"objectives": {**CLASSIFY, **responses("mtl-1to1")}},
            "real": {"objectives": {**CLASSIFY, **responses("tvsd")}},
        }
    )
    of = found.recording_of
    assert [of(name) for name in ("baseline", "predictor", "mtl-1to1", "second-hand", "real")] == [
        None,
        "simulated-v1",
        "simulated-v1",
        "simulated-v1",
        "tvsd",
    ]
    assert found.simulated("second-hand")
    assert not found.simulated("real")
    assert not found.simulated("baseline")
    assert not found.trains_on_images("predictor")
    assert found.trains_on_images("real")
    assert found.trains_on_images("mtl-1to1")


def test_what_evaluations_record_about_a_network():
    found = experiment(
        networks={"baseline": {"display": {"label": "Baseline"}}, "blur": BLURRED},
    )
    assert found.attributes("baseline") == {"network": "baseline", "simulated": 0}
    assert found.attributes("predictor") == {"network": "predictor", "simulated": 1}
    assert found.attributes("mtl-1to4") == {
        "network": "mtl-1to4",
        "simulated": 1,
        "sweep": "mtl",
        "ratio": 0.25,
    }
    assert found.attributes("blur-2.0")["sigma_px"] == 2.0


def test_a_network_is_shown_by_its_name_unless_it_has_a_label():
    marks = {"label": "The first", "colour": "#0072B2", "marker": "s", "line": "--"}
    found = experiment(networks={"baseline": {"display": marks}})
    assert found.display("baseline") == marks
    assert found.display("predictor") == {
        "label": "predictor",
        "colour": None,
        "marker": None,
        "line": None,
    }
    assert found.display("mtl-1to4")["label"] == "mtl"


def test_trained_weights_stand_for_training():
    found = with_network(weights="a.pth", trunk="cornet-s", colour="rgb")
    assert found.schedules_of("new") == {}
    assert found.recording_of("new") is None
    assert not found.trains_on_images("new")
    assert not found.networks["new"].classifies()
    assert with_network(weights="a.pth", objectives=CLASSIFY).trains_on_images("new")


@pytest.mark.parametrize(
    ("fields", "place", "message"),
    [
        ({"objectives": CLASSIFY, "images": "patch"}, "networks.new.images", "image set: 'patch'"),
        ({"objectives": CLASSIFY, "schedule": "x"}, "networks.new.schedule", "schedule: 'x'"),
        ({"objectives": responses("v1")}, "networks.new.objectives.source", "'v1'"),
        ({"objectives": CLASSIFY, "start_from": "x"}, "networks.new.start_from", "network: 'x'"),
        # The sweep's own name is no network.
        ({"objectives": CLASSIFY, "start_from": "mtl"}, "networks.new.start_from", "'mtl'"),
        ({"display": {"label": "nothing"}}, "networks.new", "no objectives"),
        ({"stages": [{"objectives": CLASSIFY}, {}]}, "networks.new", "a stage without"),
        ({"weights": "a.pth", "stages": [{}]}, "networks.new", "a stage without"),
        (
            {"objectives": CLASSIFY, "weights": "a.pth", "start_from": "baseline"},
            "configuration",
            "networks.new: give either 'weights' or 'start_from'",
        ),
        (
            {"objectives": {**CLASSIFY, **responses("baseline")}},
            "networks.new.objectives.source",
            "'baseline' predicts no responses",
        ),
        (
            {"objectives": {**responses("tvsd"), "b": responses("predictor")["v1"]}},
            "networks.new.objectives.source",
            "several sources: predictor, tvsd",
        ),
        (
            {"objectives": {"m": {"kind": "matching"}}},
            "networks.new.objectives",
            "no validation score",
        ),
        (
            {"objectives": responses("predictor")},
            "networks.new.objectives",
            "no validation score",
        ),
        (
            {"objectives": CLASSIFY, "start_from": "baseline", "width": 0.5},
            "networks.new.start_from",
            "'baseline' has width 1.0, this network 0.5",
        ),
        (
            {"objectives": CLASSIFY, "start_from": "baseline", "trunk": "vgg11"},
            "networks.new.start_from",
            "trunk 'vgg19'",
        ),
    ],
)
def test_networks_that_refer_to_nothing_are_refused(fields, place, message):
    with pytest.raises(InputError) as caught:
        with_network(**fields)
    assert caught.value.place == place
    assert message in caught.value.problem


def test_a_near_name_is_proposed():
    with pytest.raises(InputError) as caught:
        with_network(objectives={**CLASSIFY, **responses("predicter")})
    assert "did you mean 'predictor'?" in caught.value.expected


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ({"a": {"objectives": {**CLASSIFY, **responses("a")}}}, "a -> a"),
        (
            {
                "a": {"objectives": {**CLASSIFY, **responses("b")}},
                "b": {"objectives": {**CLASSIFY, **responses("a")}},
            },
            "a -> b -> a",
        ),
        (
            {
                "a": {"objectives": {**CLASSIFY, **responses("b")}},
                "b": {"objectives": {**CLASSIFY, **responses("tvsd")}, "start_from": "a"},
            },
            "a -> b -> a",
        ),
    ],
)
def test_a_network_may_not_need_itself(networks, message):
    with pytest.raises(InputError, match=f"needs itself: {message}"):
        experiment(networks=networks)


def test_recordings_are_checked_too():
    with pytest.raises(InputError, match=r"recordings\.simulated-v1\.stimuli"):
        experiment(recordings={"simulated-v1": {"stimuli": "nothing"}})
    with pytest.raises(InputError, match="also the name of a recording"):
        experiment(networks={"tvsd": {"objectives": CLASSIFY}})


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"imags": {}}, "unknown key 'imags'; did you mean 'images'"),
        (
            {"images": {"patches": {"tile": 64}}},
            r"images\.patches\.photographs: unknown key 'tile'",
        ),
        ({"images": {"patches": {"source": "web"}}}, r"images\.patches"),
        ({"device": "tpu"}, "device"),
        ({"corruptions": {"severities": [0]}}, r"corruptions\.severities"),
        ({"jobs_per_gpu": {"patches": 5}}, "is 5; expected one of 1, 2, 3, 4, 6, 12"),
        ({"networks": None}, "networks"),
        ({"seeds": []}, "seeds"),
    ],
)
def test_wrong_keys_and_values_are_refused(over, message):
    with pytest.raises(InputError, match=message):
        experiment(**over)


def test_similarity_is_of_simulated_responses_if_the_recording_is():
    found = experiment(networks={"alike": {"objectives": {**CLASSIFY, **SIMILARITY}}})
    assert found.simulated("alike")
    assert found.recording_of("alike") is None  # it has no readout
    assert found.trains_on_images("alike")


def test_networks_and_sweeps_are_evaluated_together():
    found = experiment(evaluate_together=[["baseline", "mtl"]])
    assert found.evaluated_together() == [["baseline", "mtl-1to4", "mtl-1to1"]]
    assert experiment().evaluated_together() == []


@pytest.mark.parametrize(
    ("together", "message"),
    [
        ([["baseline", "nobody"]], "names no network: 'nobody'"),
        ([["baseline", "predictor"]], "'predictor' does not classify the images of 'baseline'"),
        ([["baseline", "other"]], "'other' does not classify the images of 'baseline'"),
        ([["baseline"], ["mtl", "mtl-1to1"]], "names 'mtl-1to1' twice"),
        ([[]], "at least 1 item"),
    ],
)
def test_networks_that_cannot_be_evaluated_together_are_refused(together, message):
    images = {"others": {"source": "photographs", "photographs": [2, 3]}}
    with pytest.raises(InputError, match=message):
        experiment(
            images=images,
            networks={"other": {"like": "baseline", "images": "others"}},
            evaluate_together=together,
        )


@pytest.mark.parametrize("source", ["mtl-1to1", "baseline", "simulated-v1"])
def test_similarities_come_from_a_network_that_predicts_a_recording(source):
    objective = {"similarity": {"kind": "similarity", "source": source}}
    with pytest.raises(InputError, match=r"predicts no recording|names no network") as caught:
        with_network(objectives={**CLASSIFY, **objective})
    assert caught.value.place == "networks.new.objectives.source"


def test_similarity_alone_has_no_validation_score():
    with pytest.raises(InputError, match="no validation score"):
        with_network(objectives=SIMILARITY)


def test_a_network_whose_weights_are_absent_is_not_available(tmp_path):
    there = tmp_path / "there.pt"
    there.touch()
    zoo = {"trunk": "robustbench", "architecture": "Carmon2019Unlabeled", "colour": "rgb"}
    found = experiment(
        networks={
            "have": {**zoo, "weights": str(there)},
            "have-not": {**zoo, "weights": str(tmp_path / "absent.pt")},
        }
    )
    assert found.available("baseline")  # it is trained here
    assert found.available("have")
    assert not found.available("have-not")
    assert found.networks["have"].classifies()
    assert found.trains_on_images("have")


def test_a_network_that_is_not_there_is_named_with_its_neighbour():
    with pytest.raises(InputError, match="there is no network 'basline'") as caught:
        experiment().networks["basline"]
    assert "did you mean 'baseline'?" in caught.value.expected


def test_shares_of_a_gpu_are_those_that_jobs_can_hold():
    assert {number for number in range(1, SLOTS + 1) if is_share(number)} == {*SHARES}
    assert not is_share(0)
    assert not is_share(2 * SLOTS)


def is_share(number):
    try:
        TypeAdapter(Share).validate_python(number)
    except ValueError:
        return False
    return True


class Colours(StudySettings):
    """A study of its own, with one demand."""

    title: ClassVar[str] = "Colours"

    network: str = "baseline"
    hues: int = 3

    def check(self, place, experiment):
        check_network(experiment, f"{place}.network", self.network)


class Shapes(StudySettings):
    """A study with a key that has no default."""

    title: ClassVar[str] = "Shapes"

    network: str


KNOWN = {"colours": Colours, "shapes": Shapes}


def with_studies(asked, **keys):
    return load_experiment({**copy.deepcopy(BASE), "studies": asked, **keys}, KNOWN)


def test_studies_are_those_asked_in_their_order():
    shapes = {"network": "baseline"}
    found = with_studies(["shapes", "colours"], colours={"hues": 5}, shapes=shapes)
    assert found.studies == {"shapes": Shapes(network="baseline"), "colours": Colours(hues=5)}
    assert [*found.studies] == ["shapes", "colours"]
    assert with_studies([]).studies == {}
    assert load_experiment(copy.deepcopy(BASE), KNOWN).studies == {}


def test_a_study_whose_settings_all_have_defaults_needs_no_key():
    assert with_studies(["colours"]).studies == {"colours": Colours()}
    with pytest.raises(InputError, match=r"shapes\.network"):
        with_studies(["shapes"])


@pytest.mark.parametrize("key", [None, 3, {"network": "nobody"}, {"netwrk": 1}])
def test_the_key_of_a_study_that_is_left_out_is_not_looked_at(key):
    found = with_studies(["colours"], shapes=key)
    assert [*found.studies] == ["colours"]
    assert not hasattr(found.config, "shapes")


@pytest.mark.parametrize(
    ("asked", "keys", "place", "message"),
    [
        (["colour"], {}, "studies", "names no study: 'colour'"),
        (["colours", "colours"], {}, "studies", "names 'colours' twice"),
        ("colours", {}, "configuration", "studies: "),
        (["colours"], {"colours": {"network": "x"}}, "colours.network", "names no network: 'x'"),
        (["colours"], {"colours": {"hue": 1}}, "configuration", "did you mean 'hues'"),
        (["colours"], {"colors": {}}, "configuration", "did you mean 'colours'"),
    ],
)
def test_studies_that_cannot_be_asked_for_are_refused(asked, keys, place, message):
    with pytest.raises(InputError) as caught:
        with_studies(asked, **keys)
    assert caught.value.place == place
    assert message in caught.value.problem


def test_an_unknown_study_is_proposed_its_neighbour():
    with pytest.raises(InputError) as caught:
        with_studies(["color"])
    assert caught.value.expected == "did you mean 'colours'? valid: colours, shapes"


def test_no_study_may_have_the_name_of_another_key():
    given = {**copy.deepcopy(BASE), "studies": ["images"]}
    with pytest.raises(InputError, match="has the name of a key") as caught:
        Experiment(given, {"images": Colours})
    assert caught.value.place == "studies/images"


def test_studies_are_the_folders_with_settings(tmp_path, monkeypatch):
    folder = tmp_path / "some_studies"
    for name in ("second", "first", "notes"):
        (folder / name).mkdir(parents=True)
        (folder / name / "README.md").touch()
    settings = "from neurobust.config.studies import StudySettings\n\n\n"
    for name in ("second", "first"):
        text = f"class Settings(StudySettings):\n    title = {name!r}\n"
        (folder / name / "settings.py").write_text(settings + text)
    monkeypatch.syspath_prepend(tmp_path)
    found = find_studies(folder)
    assert {name: each.title for name, each in found.items()} == {
        "first": "first",
        "second": "second",
    }
    assert all(issubclass(each, StudySettings) for each in found.values())


PRESETS = sorted((ROOT / "presets").glob("*.yaml"))


@pytest.mark.parametrize("overlay", [None, *PRESETS], ids=lambda path: path and path.stem)
def test_the_default_experiment_and_the_presets_pass(overlay):
    given = yaml.safe_load((ROOT / "config.yaml").read_text())
    if overlay is not None:
        given = merge(given, yaml.safe_load(overlay.read_text()))
    found = load_experiment(given, find_studies(ROOT / "studies"))
    assert [*found.studies] == given["studies"] != []
    assert found.networks["baseline"].classifies()
    assert len(found.sweep_members("mtl-monkey")) >= 2


def test_there_are_presets():
    assert PRESETS
