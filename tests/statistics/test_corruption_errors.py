"""Corruption errors against their definition, for a network and for AlexNet as reference."""

import numpy as np
import pytest

from neurobust.errors import InputError
from neurobust.statistics.corruption_errors import (
    ALEXNET_ERRORS,
    corruption_errors,
    seed_errors,
)

SEED = 7
GROUP_MEMBERS = {"Noise": [0, 1], "Blur": [2], "Weather": [3, 4], "Digital": [5]}


def naive_errors(network, reference):
    """Sum errors over severities, one corruption at a time, and divide."""
    found = []
    for corruption in network["corruption"].values:
        sums = []
        for data in (network, reference):
            total = 0.0
            for severity in data["severity"].values:
                correct = data["correct"].sel(corruption=corruption, severity=severity)
                total += 1 - correct.values.sum() / correct.size
            sums.append(total)
        found.append(100 * sums[0] / sums[1])
    return np.array(found)


def test_it_is_the_ratio_of_summed_errors(random_networks):
    errors = corruption_errors(random_networks, reference="baseline", seed=SEED, repetitions=20)
    for name, data in random_networks.items():
        expected = naive_errors(data, random_networks["baseline"])
        found = errors.sel(network=name)
        np.testing.assert_allclose(found["corruption_error"], expected, rtol=1e-12)
        np.testing.assert_allclose(found["mean_error"], expected.mean(), rtol=1e-12)
        for group, members in GROUP_MEMBERS.items():
            value = found["group_error"].sel(corruption_group=group)
            np.testing.assert_allclose(value, expected[members].mean(), rtol=1e-12)
    np.testing.assert_allclose(errors["mean_error"].sel(network="baseline"), 100, rtol=1e-12)
    assert errors["mean_error"].attrs["units"] == "%"


def test_networks_with_known_accuracy_have_known_errors(known):
    errors = corruption_errors(known, reference="baseline", seed=SEED, repetitions=20)
    # 50, 60 and 40 right of 100: errors of 50, 40 and 60 %.
    np.testing.assert_allclose(errors["mean_error"], [100, 80, 120])
    assert errors.attrs["simulated"] == 1
    assert errors.attrs["reference"] == "baseline"


def test_intervals_hold_the_estimate_and_shrink_with_more_images(random_networks):
    def width(images):
        fewer = {name: data.isel(image=slice(images)) for name, data in random_networks.items()}
        errors = corruption_errors(fewer, reference="baseline", seed=SEED)
        low, high = (errors["mean_error_interval"].sel(bound=b) for b in ("low", "high"))
        assert ((low <= errors["mean_error"]) & (errors["mean_error"] <= high)).all()
        return float((high - low).mean())

    assert width(40) < width(10)


def test_alexnet_s_published_errors_can_be_the_reference(known):
    errors = corruption_errors(known, reference=None, seed=SEED, repetitions=20)
    published = np.array([ALEXNET_ERRORS[name] for name in errors["corruption"].values])
    found = errors["corruption_error"].sel(network="better")
    np.testing.assert_allclose(found, 100 * 0.4 / published, rtol=1e-12)
    assert errors.attrs["reference"] == "AlexNet, published errors"
    assert len(ALEXNET_ERRORS) == 15


def test_alexnet_has_no_errors_at_other_severities_or_corruptions(known):
    fewer = {name: data.isel(severity=[0, 1]) for name, data in known.items()}
    with pytest.raises(InputError, match=r"severities \[1, 2\]"):
        corruption_errors(fewer, reference=None, seed=SEED)
    other = {
        name: data.assign_coords(corruption=[*data["corruption"].values[:-1], "spatter"])
        for name, data in known.items()
    }
    with pytest.raises(InputError, match="not known for spatter"):
        seed_errors(other, reference=None)


def test_a_reference_without_errors_is_named(known):
    known["baseline"]["correct"].loc[{"corruption": "fog"}] = 1
    with pytest.raises(InputError, match="no error under fog"):
        corruption_errors(known, reference="baseline", seed=SEED)
    with pytest.raises(InputError, match="'vgg' is missing"):
        corruption_errors(known, reference="vgg", seed=SEED)


@pytest.mark.parametrize("reference", ["baseline", None])
def test_seeds_average_to_the_network(random_networks, reference):
    rows = seed_errors(random_networks, reference=reference)
    errors = corruption_errors(random_networks, reference=reference, seed=SEED, repetitions=10)
    means = rows.groupby("network")["mce_percent"].mean()
    for name in random_networks:
        # Every seed has as many images, so that the mean of ratios is the ratio of means.
        value = errors["mean_error"].sel(network=name)
        np.testing.assert_allclose(means[name], value, rtol=1e-12)
    assert list(rows["seed"][:3]) == [1000, 2000, 3000]
