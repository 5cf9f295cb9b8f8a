"""Folders of pictures; the oracle is torchvision's ImageFolder with the usual evaluation crop."""

import hashlib
import shutil
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from torchvision import transforms
from torchvision.datasets import ImageFolder

from neurobust.config.images.folder import Folder
from neurobust.errors import InputError
from neurobust.images.sources.folder import build, number_of, read_folder

CLASSES = ("apple", "bird", "cat")
SMALL = {"size_px": 40, "short_side_px": 47, "validation_fraction": 0.25}
SUFFIXES = ("jpg", "jpeg", "png", "JPEG")


@pytest.fixture
def folder(tmp_path):
    """Return a folder of eight training and two test pictures a class, of all shapes and forms."""
    random = np.random.default_rng(0)
    for part, count in (("train", 8), ("test", 2)):
        for name in CLASSES:
            path = tmp_path / "pictures" / part / name
            path.mkdir(parents=True)
            for number in range(count):
                shape = random.integers(30, 90, 2)
                mode = "L" if number == 1 else "RGB"
                noise = random.integers(0, 256, (*shape, 3), dtype=np.uint8)
                file = path / f"{number}.{SUFFIXES[number % 4]}"
                Image.fromarray(noise).convert(mode).save(file)
    return tmp_path / "pictures"


def read(folder, **changes):
    return read_folder(folder, **(SMALL | changes))


@pytest.mark.parametrize("sizes", [(40, 47), (64, 64), (97, 100)])
def test_pixels_and_labels_are_those_of_torchvision(folder, sizes):
    size_px, short_side_px = sizes
    data = read(folder, size_px=size_px, short_side_px=short_side_px)
    crop = transforms.Compose(
        [transforms.Resize(short_side_px), transforms.CenterCrop(size_px), np.asarray]
    )
    is_test = data["split"].values == "test"
    for part, chosen in (("train", ~is_test), ("test", is_test)):
        oracle = ImageFolder(folder / part, transform=crop)
        pixels, labels = zip(*oracle, strict=True)
        np.testing.assert_array_equal(data["pixels"].values[chosen], np.stack(pixels))
        np.testing.assert_array_equal(data["label"].values[chosen], labels)
        assert data["class_name"].values.tolist() == oracle.classes
    assert data.attrs["identifier"] == "pictures-3"


def test_every_class_has_its_share_of_every_split(folder):
    data = read(folder)
    counts = Counter(zip(data["label"].values.tolist(), data["split"].values, strict=True))
    for label in range(3):
        assert counts[label, "train"] == 6
        assert counts[label, "validation"] == 2
        assert counts[label, "test"] == 2


def test_numbers_are_those_of_the_paths_and_outlast_other_pictures(folder):
    data = read(folder)
    digest = hashlib.sha256(b"train/apple/0.jpg").hexdigest()
    first_bytes = bytes.fromhex(digest[:16])[::-1]  # most significant first
    assert data["image_id"].values[0] == int(first_bytes.hex(), 16) // 2
    shutil.copytree(folder / "train/cat", folder / "train/ant")
    (folder / "test/ant").mkdir()
    Image.new("RGB", (50, 50)).save(folder / "test/ant/0.png")
    more = read(folder).swap_dims(image="image_id").sel(image_id=data["image_id"].values)
    for name in ("pixels", "split"):
        np.testing.assert_array_equal(more[name], data[name])


def test_imagenets_name_of_the_test_folder_is_taken(folder):
    expected = read(folder)
    (folder / "test").rename(folder / "val")
    data = read(folder)
    assert data.attrs["sha256"] == expected.attrs["sha256"]
    assert number_of("val/apple/0.jpg") in data["image_id"].values


def test_classes_are_chosen_by_number_or_name(folder):
    assert read(folder, classes=2)["class_name"].values.tolist() == ["apple", "bird"]
    named = read(folder, classes=["cat", "apple"])
    assert named["class_name"].values.tolist() == ["cat", "apple"]
    whole = read(folder).swap_dims(image="image_id").sel(image_id=named["image_id"].values)
    for name in ("pixels", "split"):
        np.testing.assert_array_equal(whole[name], named[name])


def test_the_settings_reach_the_reader(folder):
    settings = {"source": "folder", "path": str(folder), "classes": 2, "validation": 0.25}
    settings |= {"size_px": 40, "short_side_px": 47}
    assert build(Folder.model_validate(settings)).identical(read(folder, classes=2))


def test_other_files_are_passed_over(folder):
    expected = read(folder)
    (folder / "train/cat/notes.txt").write_text("x")
    (folder / "train/cat/._0.jpg").write_text("x")
    (folder / "train/.checkpoints").mkdir()
    (folder / "train/list.txt").write_text("x")
    assert read(folder).identical(expected)


@pytest.mark.parametrize(
    ("classes", "problem"),
    [
        (["cat", "dog"], "'classes': there is no folder 'dog'"),
        (["cat", "cat"], r"'classes': it is \['cat', 'cat'\]"),
        ([], r"'classes': it is \[\]"),
        (4, "'classes': it is 4"),
        (0, "'classes': it is 0"),
    ],
)
def test_classes_that_are_not_there_are_refused(folder, classes, problem):
    with pytest.raises(InputError, match=problem):
        read(folder, classes=classes)


def test_what_is_no_such_folder_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match="none: is not there") as caught:
        read(tmp_path / "none")
    assert "train/CLASS" in caught.value.expected
    with pytest.raises(InputError, match=r"0\.jpg: is no folder"):
        read(folder / "train/cat/0.jpg")
    (folder / "train").rename(folder / "training")
    with pytest.raises(InputError, match="pictures: has no folder 'train'"):
        read(folder)
    (folder / "training").rename(folder / "train")
    (folder / "val").mkdir()
    with pytest.raises(InputError, match="pictures: has both 'test' and 'val'"):
        read(folder)
    (folder / "val").rmdir()
    (folder / "test").rename(folder / "tests")
    with pytest.raises(InputError, match="pictures: has no folder 'test'"):
        read(folder)


@pytest.mark.parametrize(("part", "other"), [("train", "test"), ("test", "train")])
def test_a_class_must_be_in_both_unless_others_are_chosen(folder, part, other):
    shutil.rmtree(folder / part / "bird")
    problem = f"class 'bird' is in '{other}' but not in '{part}'"
    for classes in (None, 2, ["bird"]):
        with pytest.raises(InputError, match=problem):
            read(folder, classes=classes)
    assert read(folder, classes=["apple", "cat"]).sizes["class"] == 2


@pytest.mark.parametrize("part", ["train", "test"])
def test_an_empty_class_is_named(folder, part):
    for file in (folder / part / "cat").iterdir():
        file.rename(file.with_suffix(".webp"))
    with pytest.raises(InputError, match=f"class 'cat' has no picture in '{part}'"):
        read(folder)


@pytest.mark.parametrize("content", [b"nothing", None])
def test_a_picture_that_does_not_decode_is_named(folder, content):
    file = folder / "test/bird/1.jpeg"
    file.write_bytes(content or file.read_bytes()[:-300])
    with pytest.raises(InputError, match=r"test/bird/1\.jpeg: the image does not decode"):
        read(folder)


def test_a_picture_that_cannot_be_read_is_named(folder):
    file = folder / "train/bird/9.png"
    file.symlink_to(folder / "nowhere.png")
    with pytest.raises(InputError, match=r"train/bird/9\.png: cannot be read"):
        read(folder)


def test_a_test_picture_that_is_trained_on_is_refused(folder):
    shutil.copy(folder / "train/cat/2.png", folder / "test/apple/copy.png")
    problem = r"test/apple/copy\.png: the same picture is in train, as .*train/cat/2\.png"
    with pytest.raises(InputError, match=problem):
        read(folder)


def test_a_square_that_does_not_fit_is_refused(folder):
    with pytest.raises(InputError, match="'size_px' is 48 with 'short_side_px' 47"):
        read(folder, size_px=48)


def test_a_class_with_one_picture_to_train_is_refused(folder):
    for number in range(1, 8):
        (folder / f"train/cat/{number}.{SUFFIXES[number % 4]}").unlink()
    with pytest.raises(InputError, match="pictures: class 'cat' has 1 training pictures"):
        read(folder)
