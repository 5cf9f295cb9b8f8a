"""The spectra of corruptions are those of the images that networks are evaluated on."""

import numpy as np
import pytest
import torch

from neurobust.errors import InputError
from neurobust.evaluation.corruptions.spectra import measure_corruption_spectra
from neurobust.files.storage import read_dataset, write_dataset
from neurobust.images.corruptions import TIN_TC, corrupt
from neurobust.images.form import luma, select_split
from neurobust.images.frequency_categories import FREQUENCY_CATEGORIES

SEVERITIES = (1, 4)
# The same float64 sums of a thousand terms in another order.
EXACT = 1e-10


def measure(image_set, **options):
    given = {"colour": "gray", "severities": SEVERITIES, "images": 8, "batch_size": 8, "seed": 7}
    return measure_corruption_spectra(image_set, **given | options, device=torch.device("cpu"))


@pytest.fixture(scope="module")
def spectra(image_set):
    return measure(image_set)


def seen_differences(image_set, spectra, corruption, severity, colour):
    """Return corrupted minus clean pixels, from 0 to 1, of the images that were drawn."""
    test = select_split(image_set, "test")
    chosen = test.isel(image=np.flatnonzero(np.isin(test["image_id"], spectra["image_id"])))
    clean = chosen["pixels"].values
    ids = torch.from_numpy(chosen["image_id"].values)
    corrupted = corrupt(torch.from_numpy(clean), corruption, severity, image_ids=ids, seed=7)
    pair = [corrupted.numpy(), clean]
    if colour == "gray":
        pair = [luma(pixels)[..., None] for pixels in pair]
    return (pair[0].astype(float) - pair[1]) / 255


@pytest.mark.parametrize("colour", ["gray", "rgb"])
def test_power_is_that_of_corrupted_minus_clean_images(image_set, colour):
    spectra = measure(image_set, colour=colour)
    for corruption in TIN_TC:
        by_severity = [
            seen_differences(image_set, spectra, corruption, severity, colour)
            for severity in SEVERITIES
        ]
        # numpy's transform, with means over severities and channels.
        power = np.mean(
            [np.abs(np.fft.fft2(d, axes=(1, 2))) ** 2 / 32**2 for d in by_severity], axis=(0, 4)
        )
        power[:, 0, 0] = 0
        found = spectra.sel(corruption=corruption)
        expected = np.fft.fftshift(power, axes=(1, 2))
        np.testing.assert_allclose(found["power"], expected.mean(0), rtol=1e-8, atol=EXACT)
        np.testing.assert_allclose(
            found["radial_power"].sum("radial_frequency"), power.sum((1, 2)), rtol=EXACT
        )


def test_radial_power_and_power_tell_of_the_same(spectra):
    radius = np.hypot(spectra["row_frequency"], spectra["column_frequency"])
    for limit in (0.1, 0.3, 0.55):
        within = spectra["power"].where(radius <= limit).sum(["row_frequency", "column_frequency"])
        rings = spectra["radial_power"].where(spectra["radial_frequency"] <= limit)
        np.testing.assert_allclose(rings.sum("radial_frequency").mean("image"), within, rtol=EXACT)
        # Half of the power lies within the limit exactly where the fraction exceeds one half.
        share = within / spectra["power"].sum(["row_frequency", "column_frequency"])
        assert ((spectra["half_power_frequency"] <= limit) == (share >= 0.5)).all()


def test_noise_alters_higher_frequencies_than_blur_and_blur_than_fog(spectra):
    half = spectra["half_power_frequency"]
    # White noise has half of its power within sqrt(0.5 / pi) = 0.399 cycles/pixel.
    noise = half.sel(corruption=["gaussian_noise", "shot_noise", "impulse_noise"])
    np.testing.assert_allclose(noise, (0.5 / np.pi) ** 0.5, atol=0.03)
    assert half.sel(corruption="fog") < half.sel(corruption="defocus_blur") < noise.min()


def test_the_size_of_the_batches_does_not_matter(image_set, spectra):
    for batch_size in (3, 64):
        other = measure(image_set, batch_size=batch_size)
        assert other["image_id"].equals(spectra["image_id"])
        for name in spectra:
            np.testing.assert_allclose(other[name], spectra[name], rtol=1e-8, atol=EXACT)


def test_images_are_drawn_by_the_seed_and_at_most_all(image_set, spectra):
    test = select_split(image_set, "test")["image_id"].values
    drawn = spectra["image_id"].values
    assert len(np.unique(drawn)) == 8
    assert np.isin(drawn, test).all()
    assert measure(image_set).identical(spectra)
    assert set(measure(image_set, seed=8)["image_id"].values) != set(drawn)
    everything = measure(image_set, images=1000, severities=[1])
    assert everything["image_id"].values.tolist() == test.tolist()


def test_the_result_is_labelled_and_survives_a_file(image_set, spectra, tmp_path):
    assert spectra["power"].dims == ("corruption", "row_frequency", "column_frequency")
    assert spectra["radial_power"].dims == ("corruption", "image", "radial_frequency")
    assert spectra["half_power_frequency"].dims == ("corruption",)
    for name in ("row_frequency", "column_frequency", "radial_frequency", "half_power_frequency"):
        assert spectra[name].attrs["units"] == "cycles/pixel"
    assert spectra["power"].attrs == spectra["radial_power"].attrs
    assert spectra["corruption"].values.tolist() == list(TIN_TC)
    assert spectra.attrs == {"images": "gratings", "colour": "gray", "severities": [1, 4]}
    write_dataset(spectra, tmp_path / "spectra.nc")
    read = read_dataset(tmp_path / "spectra.nc")
    assert read.equals(spectra)
    assert read["category"].sel(corruption=["snow", "pixelate", "shot_noise"]).values.tolist() == [
        "low",
        "medium",
        "high",
    ]


def test_every_corruption_has_a_category():
    assert set(TIN_TC) | {"glass_blur"} == set(FREQUENCY_CATEGORIES)


def test_a_gray_image_set_is_refused(image_set):
    with pytest.raises(InputError, match="is gray"):
        measure(image_set.isel(channel=0, drop=True))
