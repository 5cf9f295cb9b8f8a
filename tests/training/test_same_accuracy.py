"""The library's batches train networks as accurate as torchvision's usual pipeline, over seeds.

The pictures to learn are eight patterns as they are; those to be recognised are shifted, mirrored
and rotated (by scipy, which neither pipeline uses), so that each step of the augmentation counts.
"""

from itertools import count

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from statsmodels.stats.weightstats import ttost_ind
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from neurobust.config.objective import Augmentation
from neurobust.config.objectives import classification as config
from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.images.batches import LabelledPictures, Standard
from neurobust.networks.inference import correctness
from neurobust.networks.network import Heads, build_network
from neurobust.training.loop import train_stage
from neurobust.training.objectives.classification import Classification

CLASSES, SIDE_PX, NOISE = 8, 32, 15
TRAINING, TEST = 8, 60  # pictures of each class
SEEDS = range(8)
AUGMENTATION = {"padding_px": 4, "flip": True, "rotation_deg": 45.0}
RECIPE = Recipe(trunk="cornet-z", width=1 / 8, objectives={"names": {"kind": "classification"}})
SCHEDULE = Schedule(
    optimiser="adam", lr=0.006, max_epochs=39, phase_epochs=13, lr_steps=3, lr_factor=0.3
)
BATCH_SIZE = 32
# Of an accuracy near .9, where chance is .125 and one step left out costs .08 to .2. The standard
# deviation over seeds is below .02, so that of a difference of means is below .01.
MARGIN = 0.05
CPU = torch.device("cpu")


def move(pattern, random):
    """Shift, mirror and rotate a pattern at random, within what training shows."""
    shift = AUGMENTATION["padding_px"]
    moved = ndimage.shift(pattern, random.uniform(-shift, shift, 2), order=1)
    moved = moved[:, ::-1] if random.random() < 0.5 else moved
    angle = random.uniform(-1, 1) * AUGMENTATION["rotation_deg"]
    return ndimage.rotate(moved, angle, reshape=False, order=1)


@pytest.fixture(scope="module")
def pictures():
    """Return the training and the test pictures."""
    random = np.random.default_rng(0)
    smooth = ndimage.gaussian_filter(random.normal(size=(CLASSES, SIDE_PX, SIDE_PX)), (0, 4, 4))
    patterns = 128 + 45 * smooth / smooth.std((1, 2), keepdims=True)
    training = np.repeat(patterns, TRAINING, axis=0)
    test = np.stack([move(pattern, random) for pattern in patterns for _ in range(TEST)])
    noisy = [
        (shown + random.normal(0, NOISE, shown.shape)).clip(0, 255) for shown in (training, test)
    ]
    pixels = [torch.from_numpy(shown.astype(np.uint8)) for shown in noisy]
    standard = Standard.of(pixels[0][:, None])
    return [
        LabelledPictures(
            shown,
            torch.arange(CLASSES).repeat_interleave(len(shown) // CLASSES),
            torch.arange(len(shown)),
            "gray",
            standard,
        )
        for shown in pixels
    ]


class TransformedImages(Dataset):
    """Pillow images that torchvision transforms anew whenever they are drawn."""

    def __init__(self, training):
        self._images = [Image.fromarray(picture) for picture in training.pixels.numpy()]
        self._labels = training.labels.tolist()
        self._transform = transforms.Compose(
            [
                transforms.RandomCrop(SIDE_PX, padding=AUGMENTATION["padding_px"]),
                transforms.RandomHorizontalFlip(),
                transforms.RandomRotation(
                    AUGMENTATION["rotation_deg"], transforms.InterpolationMode.NEAREST
                ),
                transforms.ToTensor(),
                transforms.Normalize(training.standard.mean, training.standard.std),
            ]
        )

    def __len__(self):
        return len(self._images)

    def __getitem__(self, number):
        return self._transform(self._images[number]), self._labels[number]


class UsualPipeline:
    """Cross-entropy on the batches of torch's loader, as an objective of the loop."""

    ratio = weight = 1.0
    gaussian = False

    def __init__(self, training, seed):
        order = torch.Generator().manual_seed(seed)
        self._loader = DataLoader(
            TransformedImages(training), BATCH_SIZE, shuffle=True, generator=order
        )

    def __len__(self):
        return len(self._loader)

    def losses(self, network, number):
        if number % len(self) == 0:
            self._epoch = iter(self._loader)
        images, labels = next(self._epoch)
        yield cross_entropy(network.classify(images), labels)


def our_pipeline(training, seed, **changed):
    """Return the library's objective, its augmentation changed or not."""
    augmentation = Augmentation(**AUGMENTATION | changed)
    settings = config.Classification(augmentation=augmentation)
    return Classification(settings, training, batch_size=BATCH_SIZE, seed=seed, purpose="names")


def accuracies(pipeline, pictures, seeds=SEEDS, **changed):
    """Train a network on each seed's batches; return their accuracies on the test pictures."""
    training, test = pictures
    (stage,) = RECIPE.training()
    found = []
    for seed in seeds:
        network = build_network(RECIPE, Heads(CLASSES), seed=seed)
        with torch.random.fork_rng(devices=[]):
            train_stage(
                network,
                {"names": pipeline(training, seed, **changed)},
                stage=stage,
                number=0,
                schedule=SCHEDULE,
                validate=count().__next__,  # the last epoch counts as the best
                seed=seed,
                device=CPU,
                history={},
            )
        found.append(correctness(network, test).double().mean().item())
    return np.array(found)


def are_equivalent(first, second):
    """Return whether mean accuracies differ by less than the margin (two one-sided t tests)."""
    p, *_ = ttost_ind(first, second, -MARGIN, MARGIN, usevar="unequal")
    return p < 0.05


@pytest.fixture(scope="module")
def usual(pictures):
    return accuracies(UsualPipeline, pictures)


def test_networks_are_as_accurate_as_those_of_the_usual_pipeline(pictures, usual):
    assert are_equivalent(accuracies(our_pipeline, pictures), usual)


@pytest.mark.parametrize("step", [{"padding_px": 0}, {"flip": False}, {"rotation_deg": 0.0}])
def test_a_step_left_out_is_found(pictures, usual, step):
    assert not are_equivalent(accuracies(our_pipeline, pictures, SEEDS[:4], **step), usual)
