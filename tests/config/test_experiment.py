"""A configuration is checked as a whole: every name in it refers to something that fits."""

import copy
from pathlib import Path

import pytest
import yaml

from neurobust.config.experiment import Experiment
from neurobust.config.settings import SCHEDULES
from neurobust.errors import InputError

ROOT = Path(__file__).parent.parent
CLASSIFY = {"classification": {"kind": "classification"}}


def responses(source, **fields):
    return {"v1": {"kind": "responses", "source": source, **fields}}


BASE = {
    "scale": "a test",
    "images": {"patches": {"source": "photographs", "photographs": [0, 1]}},
    "recordings": {
        "simulated-v1": {"source": "simulated", "stimuli": "patches"},
        "tvsd": {
            "source": "tvsd",
            "normalised_mua": "a.mat",
            "image_list": "b.mat",
            "photographs": "c",
            "monkey": "F",
        },
    },
    "network_defaults": {"images": "patches"},
    "networks": {
        "baseline": {"objectives": CLASSIFY},
        "predictor": {"objectives": responses("simulated-v1"), "schedule": "prediction"},
        "mtl": {
            "objectives": {**CLASSIFY, **responses("predictor")},
            "schedule": "cotraining",
            "sweep": {"field": "objectives.v1.ratio", "values": ["1:4", "1:1"]},
        },
    },
    "predictivity": {"v1": {"recording": "simulated-v1"}},
    "safarani2021": {
        "roles": {"baseline": "baseline", "mtl-monkey": "mtl-1to1"},
        "predictor": "predictor",
        "ratios": {"mtl-monkey": "mtl"},
    },
    "li2023": {
        "pairs": {"monkey": {"baseline": "baseline", "regularised": "mtl-1to1"}},
        "comparison": {"baseline": "baseline", "networks": {"mtl-1to4": "neural"}},
    },
}


def merge(base, over):
    merged = dict(base)
    for key, value in over.items():
        deeper = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if deeper else value
    return merged


def experiment(**over):
    return Experiment(merge(copy.deepcopy(BASE), over))


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


def test_seeds_are_the_network_s_or_the_study_s():
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


def test_what_evaluations_say_of_a_network():
    found = experiment(networks={"baseline": {"label": "Baseline"}})
    assert found.attributes("baseline") == {
        "network": "baseline",
        "label": "Baseline",
        "simulated": 0,
        "monitor": "validation accuracy",
    }
    assert found.attributes("predictor")["monitor"] == "validation correlation"
    assert "ratio" not in found.attributes("predictor")
    swept = found.attributes("mtl-1to4")
    assert (swept["sweep"], swept["ratio"], swept["simulated"]) == ("mtl", 0.25, 1)


def test_trained_weights_stand_for_training():
    found = with_network(weights="a.pth", trunk="cornet-s", colour="rgb")
    assert found.schedules_of("new") == {}
    assert found.recording_of("new") is None
    assert not found.trains_on_images("new")
    assert "new" not in found.compared_networks()  # without training it has no classifier
    assert with_network(weights="a.pth", objectives=CLASSIFY).trains_on_images("new")


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"objectives": CLASSIFY, "images": "patch"}, "networks.new.images", "image set: 'patch'"),
        ({"objectives": CLASSIFY, "schedule": "x"}, "networks.new.schedule", "schedule: 'x'"),
        ({"objectives": responses("v1")}, "networks.new.objectives.source", "'v1'"),
        ({"objectives": CLASSIFY, "start_from": "x"}, "networks.new.start_from", "network: 'x'"),
        # The sweep's own name is no network.
        ({"objectives": CLASSIFY, "start_from": "mtl"}, "networks.new.start_from", "'mtl'"),
        ({"label": "nothing"}, "networks.new", "no objectives"),
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
            "nothing to be validated by",
        ),
        (
            {"objectives": responses("predictor")},
            "networks.new.objectives",
            "nothing to be validated by",
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
def test_networks_that_refer_to_nothing_are_refused(fields, place, said):
    with pytest.raises(InputError) as caught:
        with_network(**fields)
    assert caught.value.place == place
    assert said in caught.value.problem


def test_a_near_name_is_proposed():
    with pytest.raises(InputError) as caught:
        with_network(objectives={**CLASSIFY, **responses("predicter")})
    assert "did you mean 'predictor'?" in caught.value.expected


@pytest.mark.parametrize(
    ("networks", "said"),
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
def test_a_network_may_not_need_itself(networks, said):
    with pytest.raises(InputError, match=f"needs itself: {said}"):
        experiment(networks=networks)


@pytest.mark.parametrize(
    ("over", "place", "said"),
    [
        ({"roles": {"oracle": "orakel"}}, "safarani2021.oracle", "network: 'orakel'"),
        ({"predictor": "x"}, "safarani2021.predictor", "network: 'x'"),
        ({"ratios": {"mtl-monkey": "baseline"}}, "safarani2021.ratios.mtl-monkey", "sweep"),
        ({"roles": {"baselin": "baseline"}}, "configuration", "baselin"),
    ],
)
def test_a_study_that_refers_to_nothing_is_refused(over, place, said):
    with pytest.raises(InputError) as caught:
        experiment(safarani2021=over)
    assert caught.value.place == place
    assert said in caught.value.problem


def test_a_study_without_a_baseline_is_refused():
    given = copy.deepcopy(BASE)
    del given["safarani2021"]["roles"]["baseline"]
    with pytest.raises(InputError, match="names no baseline"):
        Experiment(given)


def test_recordings_are_checked_too():
    with pytest.raises(InputError, match=r"recordings\.simulated-v1\.stimuli"):
        experiment(recordings={"simulated-v1": {"stimuli": "nothing"}})
    with pytest.raises(InputError, match="also the name of a recording"):
        experiment(networks={"tvsd": {"objectives": CLASSIFY}})


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"imags": {}}, "unknown key 'imags'; did you mean 'images'"),
        (
            {"images": {"patches": {"tile": 64}}},
            r"images\.patches\.photographs: unknown key 'tile'",
        ),
        ({"images": {"patches": {"source": "web"}}}, r"images\.patches"),
        ({"device": "tpu"}, "device"),
        ({"evaluation": {"severities": [0]}}, r"evaluation\.severities"),
        ({"networks": None}, "networks"),
        ({"seeds": []}, "seeds"),
    ],
)
def test_wrong_keys_and_values_are_refused(over, said):
    with pytest.raises(InputError, match=said):
        experiment(**over)


def test_the_default_experiment_and_the_presets_pass():
    default = yaml.safe_load((ROOT / "config.yaml").read_text())
    presets = sorted((ROOT / "presets").glob("*.yaml"))
    assert presets
    for overlay in ({}, *(yaml.safe_load(path.read_text()) for path in presets)):
        found = Experiment(merge(default, overlay))
        assert found.networks["baseline"].classifies()
        assert len(found.sweep_members("mtl-monkey")) >= 2


SIMILARITY = {"similarity": {"kind": "similarity", "source": "predictor"}}
BLURRED = {
    "objectives": CLASSIFY,
    "frontend": {"kind": "blur", "sigma_px": 1.0},
    "sweep": {"field": "frontend.sigma_px", "values": [1.0, 2.0]},
}


def zoo(path):
    return {
        "trunk": "robustbench",
        "architecture": "Carmon2019Unlabeled",
        "weights": str(path),
        "colour": "rgb",
    }


def test_the_low_frequency_study_lists_its_networks_once_and_in_order():
    found = experiment(
        networks={"blur": BLURRED}, li2023={"comparison": {"blur": "blur"}, "representations": []}
    )
    comparison = found.config.li2023.comparison
    assert found.families(comparison) == {
        "baseline": "baseline",
        "mtl-1to4": "neural",
        "blur-1.0": "preprocessing",
        "blur-2.0": "preprocessing",
    }
    assert found.frequency_networks() == [
        *("baseline", "mtl-1to1", "mtl-1to4", "blur-1.0", "blur-2.0")
    ]
    assert found.blur_series(comparison) == ["blur-1.0", "blur-2.0"]
    assert found.attributes("blur-2.0")["sigma_px"] == 2.0


def test_an_overlay_takes_a_network_away_with_null():
    found = experiment(
        networks={"other": {"like": "baseline"}},
        li2023={
            "pairs": {"monkey": None, "mine": {"baseline": "baseline", "regularised": "other"}},
            "comparison": {"networks": {"mtl-1to4": None, "other": "other"}},
        },
    )
    assert [*found.config.li2023.pairs] == ["mine"]
    assert found.frequency_networks() == ["baseline", "other"]


def test_a_network_whose_weights_are_absent_is_named_and_left_out(tmp_path):
    there = tmp_path / "there.pt"
    there.touch()
    found = experiment(
        networks={"have": zoo(there), "have-not": zoo(tmp_path / "absent.pt")},
        li2023={"comparison": {"networks": {"have": "adversarial", "have-not": "adversarial"}}},
    )
    assert "have" in found.frequency_networks()
    assert "have-not" not in found.frequency_networks()
    assert found.absent_networks() == {"have-not": str(tmp_path / "absent.pt")}
    # It has no layers that could predict responses.
    assert not {"have", "have-not"} & {*found.compared_networks()}
    assert found.trains_on_images("have")


def test_similarity_is_of_simulated_responses_if_the_recording_is():
    found = experiment(networks={"alike": {"objectives": {**CLASSIFY, **SIMILARITY}}})
    assert found.simulated("alike")
    assert found.recording_of("alike") is None  # it has no readout
    assert found.trains_on_images("alike")


@pytest.mark.parametrize(
    ("over", "place", "said"),
    [
        (
            {"pairs": {"monkey": {"regularised": "mtl"}}},
            "li2023.pairs.monkey",
            "names no network: 'mtl'",
        ),
        (
            {"pairs": {"monkey": {"regularised": "predictor"}}},
            "li2023.pairs.monkey",
            "does not classify the images of 'baseline'",
        ),
        ({"pairs": {"monkey": None}}, "configuration", "pairs"),
        ({"comparison": {"networks": {"mtl-1to4": "robust"}}}, "configuration", "neural"),
        ({"comparison": {"blur": "blurs"}}, "li2023.comparison.blur", "names no sweep"),
        ({"comparison": {"blur": "mtl"}}, "li2023.comparison.blur", "has no blur"),
        (
            {"imagenet": {"baseline": "nobody", "networks": {}}},
            "li2023.imagenet",
            "names no network",
        ),
        ({"representations": ["baseline"]}, "li2023.representations", "predicts no recording"),
    ],
)
def test_a_low_frequency_study_that_cannot_be_is_refused(over, place, said):
    with pytest.raises(InputError, match=said) as caught:
        experiment(li2023=over)
    assert caught.value.place == place


def test_networks_and_sweeps_are_evaluated_together():
    found = experiment(evaluate_together=[["baseline", "mtl"]])
    assert found.evaluated_together() == [["baseline", "mtl-1to4", "mtl-1to1"]]
    assert experiment().evaluated_together() == []


@pytest.mark.parametrize(
    ("together", "said"),
    [
        ([["baseline", "nobody"]], "names no network: 'nobody'"),
        ([["baseline", "predictor"]], "'predictor' does not classify the images of 'baseline'"),
        ([["baseline", "other"]], "'other' does not classify the images of 'baseline'"),
        ([["baseline"], ["mtl", "mtl-1to1"]], "names 'mtl-1to1' twice"),
        ([[]], "at least 1 item"),
    ],
)
def test_networks_that_cannot_be_evaluated_together_are_refused(together, said):
    images = {"others": {"source": "photographs", "photographs": [2, 3]}}
    with pytest.raises(InputError, match=said):
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


def test_similarity_alone_has_nothing_to_be_validated_by():
    with pytest.raises(InputError, match="nothing to be validated by"):
        with_network(objectives=SIMILARITY)
