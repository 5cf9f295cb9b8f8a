"""The fused augmentation against torchvision's three steps, one image at a time."""

import pytest
import torch
from torchvision.transforms import functional

from neurobust.images.augmentation import augment, transform


def random_images(*shape, dtype=torch.uint8):
    # No pixel is 0, so that the fill differs from the picture.
    generator = torch.Generator().manual_seed(0)
    return torch.randint(1, 256, shape, dtype=torch.uint8, generator=generator).to(dtype)


def random_parameters(n_images, padding):
    generator = torch.Generator().manual_seed(1)
    return {
        "offsets": torch.randint(0, 2 * padding + 1, (n_images, 2), generator=generator),
        "flips": torch.rand(n_images, generator=generator) < 0.5,
        "angles_deg": (torch.rand(n_images, generator=generator) - 0.5) * 30,
        "padding": padding,
    }


def step_by_step(images, *, offsets, flips, angles_deg, padding):
    """Crop, flip and rotate each image with torchvision."""
    height, width = images.shape[-2:]
    out = []
    for image, (top, left), flip, angle in zip(images, offsets, flips, angles_deg, strict=True):
        stepped = functional.pad(image, [padding])
        stepped = functional.crop(stepped, int(top), int(left), height, width)
        stepped = functional.hflip(stepped) if flip else stepped
        out.append(functional.rotate(stepped, float(angle)))
    return torch.stack(out)


@pytest.mark.parametrize("shape", [(40, 1, 64, 64), (12, 3, 32, 32), (12, 2, 21, 34)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_it_is_the_three_steps_of_torchvision(shape, dtype):
    images = random_images(*shape, dtype=dtype)
    parameters = random_parameters(len(images), padding=4)
    found = transform(images, **parameters)
    expected = step_by_step(images, **parameters)
    assert found.dtype == dtype
    # Sources within single precision of the border between two pixels may fall to either side:
    # about 2e-5 pixels of rounding, along two axes, in a pixel's width.
    assert (found != expected).float().mean() < 1e-4


@pytest.mark.parametrize(("padding", "times"), [(30, 1), (2, 12)])
def test_so_it_is_beyond_the_image_and_upside_down(padding, times):
    images = random_images(50, 1, 24, 31)
    parameters = random_parameters(len(images), padding=padding)
    parameters["angles_deg"] *= times
    found = transform(images, **parameters)
    assert (found == 0).flatten(1).all(1).any() == (padding == 30)  # some crops miss the image
    assert (found != step_by_step(images, **parameters)).float().mean() < 1e-4  # as above


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("offset", [(0, 0), (0, 8), (8, 3), (4, 4)])
def test_without_rotation_every_pixel_agrees(flip, offset):
    images = random_images(2, 3, 16, 20)
    parameters = {
        "offsets": torch.tensor([offset, offset]),
        "flips": torch.tensor([flip, flip]),
        "angles_deg": torch.zeros(2),
        "padding": 4,
    }
    assert torch.equal(transform(images, **parameters), step_by_step(images, **parameters))


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_positive_angle_turns_counter_clockwise(quarter):
    images = random_images(1, 1, 9, 9)
    turned = transform(
        images,
        offsets=torch.zeros(1, 2, dtype=torch.int64),
        flips=torch.tensor([False]),
        angles_deg=torch.tensor([90.0 * quarter]),
        padding=0,
    )
    assert torch.equal(turned, torch.rot90(images, quarter, dims=(2, 3)))


def test_nothing_asked_for_gives_the_images_and_leaves_them():
    images = random_images(5, 3, 12, 12)
    before = images.clone()
    generator = torch.Generator().manual_seed(3)
    same = augment(images, generator=generator, padding=0, max_rotation_deg=0, flip=False)
    assert torch.equal(same, images)
    augment(images, generator=generator)
    assert torch.equal(images, before)
    assert same.data_ptr() != images.data_ptr()


def test_the_generator_decides():
    images = random_images(6, 1, 16, 16)
    seeded = [augment(images, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert torch.equal(seeded[0], seeded[1])
    assert not torch.equal(seeded[0], seeded[2])


def test_a_setting_does_not_change_the_other_draws():
    after = []
    for settings in ({}, {"padding": 0, "max_rotation_deg": 0, "flip": False}):
        generator = torch.Generator().manual_seed(5)
        augment(random_images(4, 1, 8, 8), generator=generator, **settings)
        after.append(torch.rand(3, generator=generator))
    assert torch.equal(after[0], after[1])


def test_shifts_cover_their_range_and_half_the_images_are_mirrored():
    # One bright pixel left of the centre shows the shift and mirror of each image.
    n_images, side, row, column = 4000, 40, 20, 10
    images = torch.zeros(n_images, 1, side, side)
    images[:, :, row, column] = 1
    generator = torch.Generator().manual_seed(0)
    found = augment(images, generator=generator, padding=2, max_rotation_deg=0)
    _, _, rows, columns = found.nonzero(as_tuple=True)
    assert len(rows) == n_images
    mirrored = columns > side // 2
    columns = torch.where(mirrored, side - 1 - columns, columns)
    for shift in (rows - row, columns - column):
        counts = torch.bincount(shift + 2, minlength=5)
        # 800 expected of each; 5 standard deviations of a binomial count are 126.
        assert len(counts) == 5
        assert ((counts - 800).abs() < 126).all()
    # 2000 expected; 5 standard deviations are 158.
    assert abs(int(mirrored.sum()) - 2000) < 158


def test_angles_stay_within_the_greatest():
    # A pixel 30 columns right of the centre moves by 30 sin(angle) rows.
    images = torch.zeros(2000, 1, 61, 61)
    images[:, :, 29:32, 59:] = 1
    generator = torch.Generator().manual_seed(0)
    found = augment(images, generator=generator, padding=0, max_rotation_deg=10, flip=False)
    rows = torch.arange(61.0)[:, None]
    moved = (found[:, 0] * rows).sum((1, 2)) / found[:, 0].sum((1, 2)) - 30
    # 30 sin(10 deg) is 5.2; the nearest neighbour moves the centre of mass by less than a row.
    assert moved.abs().max() < 6.2
    assert moved.max() > 4.2
    assert moved.min() < -4.2
