"""Settings of predictivity against robustness: which networks are compared, what is refused."""

import pytest

from neurobust.errors import InputError
from studies.brain_likeness.settings import Settings
from tests.experiments import load_study


def load(over=None, **changes):
    experiment = load_study("brain_likeness", Settings, {**changes, "brain_likeness": over or {}})
    return experiment, experiment.studies["brain_likeness"]


def compared(**networks):
    experiment, study = load(networks=networks)
    return study.compared(experiment)


def test_classifiers_of_the_reference_s_images_are_compared():
    images = {"others": {"source": "photographs", "photographs": [2, 3]}}
    experiment, study = load(
        images=images, networks={"other": {"like": "baseline", "images": "others"}}
    )
    assert study.compared(experiment) == ["baseline", "mtl-1to4", "mtl-1to1"]
    experiment, study = load(
        {"images": "others", "reference": "other"},
        images=images,
        networks={"other": {"like": "baseline", "images": "others"}},
    )
    assert study.compared(experiment) == ["other"]


def test_networks_without_a_classifier_or_layers_are_not_compared(tmp_path):
    untrained = {"weights": "a.pth", "trunk": "cornet-s", "colour": "rgb"}
    assert "new" not in compared(new=untrained)
    whole = {"trunk": "robustbench", "architecture": "Carmon2019Unlabeled", "colour": "rgb"}
    assert "new" not in compared(new={**whole, "weights": str(tmp_path / "a.pt")})
    assert "new" in compared(new={"like": "baseline", "trunk": "cornet-s"})


def test_published_errors_of_alexnet_may_be_the_reference():
    experiment, study = load({"reference": "alexnet", "images": "patches"})
    assert study.reference_network() is None
    assert study.compared(experiment) == ["baseline", "mtl-1to4", "mtl-1to1"]
    assert load()[1].reference_network() == "baseline"


def test_results_of_a_simulated_recording_are_known_as_such():
    experiment, study = load()
    assert study.simulated(experiment)


@pytest.mark.parametrize(
    ("over", "place", "message"),
    [
        (
            {"predictivity": "v2"},
            "brain_likeness.predictivity",
            "names no entry of 'predictivity': 'v2'",
        ),
        ({"reference": "basline"}, "brain_likeness.reference", "names no network: 'basline'"),
        ({"reference": "alexnet"}, "brain_likeness.images", "is not given"),
        ({"images": "patch"}, "brain_likeness.images", "names no image set: 'patch'"),
        (
            {"reference": "predictor"},
            "brain_likeness.reference",
            "'predictor' does not classify the image set",
        ),
    ],
)
def test_a_study_that_cannot_be_is_refused(over, place, message):
    with pytest.raises(InputError) as caught:
        load(over)
    assert caught.value.place == place
    assert message in caught.value.problem
