"""Tiny ImageNet in miniature: a zip of the official layout, whole and damaged in each way."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from neurobust.errors import InputError
from neurobust.images.sources.tiny_imagenet import read_tiny_imagenet

WNIDS = ("n00000007", "n00000003", "n00000005")  # not in alphabetical order
N_TRAIN, N_TEST = 10, 2


def jpeg(value, *, mode="RGB", side=64):
    file = io.BytesIO()
    Image.fromarray(np.full((side, side), value, dtype=np.uint8)).convert(mode).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def files():
    """Return names and contents; each class has a gray value, its first image is a gray JPEG."""
    content = {
        "wnids.txt": "\n".join(WNIDS).encode(),
        "words.txt": b"n00000001\tentity\n"
        + b"".join(f"{w}\tname of {w}, alias\n".encode() for w in WNIDS),
        "test/images/test_0.JPEG": jpeg(0),
    }
    annotations = []
    for position, wnid in enumerate(WNIDS):
        content[f"train/{wnid}/{wnid}_boxes.txt"] = b"x\t0\t0\t1\t1\n"
        for i in range(N_TRAIN):
            content[f"train/{wnid}/images/{wnid}_{i}.JPEG"] = jpeg(
                50 * position + i, mode="RGB" if i else "L"
            )
    for number in range(N_TEST * len(WNIDS)):
        position = number % len(WNIDS)
        content[f"val/images/val_{number}.JPEG"] = jpeg(50 * position + 20)
        annotations.append(f"val_{number}.JPEG\t{WNIDS[position]}\t0\t0\t1\t1")
    content["val/val_annotations.txt"] = "\n".join(annotations).encode()
    return content


@pytest.fixture
def read(tmp_path, files):
    """Return a function that zips the files and reads them."""

    def pack_and_read(**options):
        path = tmp_path / "tiny.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for name, content in files.items():
                packed.writestr(f"tiny-imagenet-200/{name}", content)
        return read_tiny_imagenet(path, **({"n_train": N_TRAIN, "n_test": N_TEST} | options))

    return pack_and_read


def test_every_picture_has_its_label_split_and_number(read):
    data = read(validation_fraction=0.2)
    assert data["class_name"].values.tolist() == [f"name of {wnid}, alias" for wnid in WNIDS]
    # Gray values of classes are 50 apart; JPEG changes a flat picture by about a level.
    gray = data["pixels"].values.mean((1, 2, 3))
    np.testing.assert_array_equal(data["label"], (gray + 5) // 50)
    test = data["split"].values == "test"
    assert data["image_id"].values[test].tolist() == list(range(6))
    np.testing.assert_allclose(gray[test], 50 * data["label"].values[test] + 20, atol=1.5)
    in_class = data["image_id"].values[~test] % 100_000
    np.testing.assert_allclose(gray[~test], 50 * data["label"].values[~test] + in_class, atol=1.5)
    assert data["split"].values.tolist().count("validation") == 6
    assert data["pixels"].shape == (36, 64, 64, 3)


def test_pixels_are_those_of_pillow(read, files):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG")
    files[f"train/{WNIDS[0]}/images/{WNIDS[0]}_4.JPEG"] = file.getvalue()
    data = read().swap_dims(image="image_id")
    with Image.open(file) as picture:
        np.testing.assert_array_equal(data["pixels"].sel(image_id=700_004), np.asarray(picture))


def test_the_validation_images_follow_numpys_legacy_shuffle(read):
    data = read(validation_fraction=0.1, seed=1000)
    train = [f"{wnid}_{i}" for wnid in sorted(WNIDS) for i in range(N_TRAIN)]
    drawn = np.random.RandomState(1000).permutation(len(train))[:3]
    expected = {int(name[1:9]) * 100_000 + int(name[10:]) for name in np.array(train)[drawn]}
    validation = data["image_id"].values[data["split"].values == "validation"]
    assert set(validation.tolist()) == expected


@pytest.mark.parametrize("inner", ["", "tiny-imagenet-200"])
def test_a_folder_gives_what_the_zip_gives(read, files, tmp_path, inner):
    for name, content in files.items():
        path = tmp_path / "unpacked" / inner / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    folder = read_tiny_imagenet(tmp_path / "unpacked", n_train=N_TRAIN, n_test=N_TEST)
    assert folder.identical(read())


def test_classes_are_chosen_by_number_or_name(read):
    first = read(classes=2)
    assert [name.split(",")[0][8:] for name in first["class_name"].values] == list(WNIDS[:2])
    named = read(classes=[WNIDS[2], WNIDS[0]])
    assert [name.split(",")[0][8:] for name in named["class_name"].values] == [WNIDS[2], WNIDS[0]]
    whole = read().swap_dims(image="image_id")
    same = whole.sel(image_id=named["image_id"].values)
    np.testing.assert_array_equal(same["pixels"], named["pixels"])


@pytest.mark.parametrize(
    ("classes", "problem"),
    [
        (["n99999999"], "n99999999 is not listed"),
        ([WNIDS[0], WNIDS[0]], "'classes': it is"),
        ([], r"'classes': it is \[\]"),
        (4, "'classes': it is 4"),
        (0, "'classes': it is 0"),
    ],
)
def test_classes_that_are_not_there_are_refused(read, classes, problem):
    with pytest.raises(InputError, match=problem):
        read(classes=classes)


def test_a_listed_class_without_images_matters_only_when_asked_for(read, files):
    files["wnids.txt"] += b"\nn00000009\n"
    assert read(classes=3).sizes["class"] == 3
    for classes in (None, 4, ["n00000009"]):
        with pytest.raises(InputError, match="train: class n00000009 is absent"):
            read(classes=classes)


def test_counts_are_checked(read, files):
    with pytest.raises(InputError, match="train: class n00000007 has 10 images") as caught:
        read(n_train=500)
    assert caught.value.expected == "500 images per class"
    with pytest.raises(InputError, match="val: class n00000007 has 2 images"):
        read(n_test=50)
    del files[f"train/{WNIDS[1]}/images/{WNIDS[1]}_3.JPEG"]
    with pytest.raises(InputError, match="train: class n00000003 has 9 images"):
        read()


def test_an_image_in_the_folder_of_another_class_is_named(read, files):
    files[f"train/{WNIDS[0]}/images/{WNIDS[1]}_3.JPEG"] = jpeg(1)
    with pytest.raises(InputError, match=r"n00000003_3\.JPEG: an image of class n00000003 is in"):
        read()


@pytest.mark.parametrize(
    "name", [f"train/{WNIDS[1]}/images/{WNIDS[1]}_3.JPEG", "val/images/val_2.JPEG"]
)
def test_an_image_that_does_not_decode_is_named(read, files, name):
    for content in (b"nothing", files[name][:-200]):
        files[name] = content
        with pytest.raises(InputError, match=f"{name}: the image does not decode"):
            read()


def test_an_image_of_another_size_is_named(read, files):
    files["val/images/val_2.JPEG"] = jpeg(9, side=32)
    with pytest.raises(InputError, match=r"val_2\.JPEG: the image has 32 x 32 pixels"):
        read()


@pytest.mark.parametrize("name", ["wnids.txt", "words.txt", "val/val_annotations.txt"])
def test_another_layout_is_refused(read, files, name):
    del files[name]
    with pytest.raises(InputError, match=f"{name}: the file is missing"):
        read()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("wnids.txt", b"cat\ndog\n", "it does not list WordNet ids"),
        ("wnids.txt", b"", "it does not list WordNet ids"),
        ("wnids.txt", b"\xff\xfe\xfa", "the file is not text"),
        ("words.txt", b"n00000007\ta\n", "class n00000003 has no name"),
        ("val/val_annotations.txt", b"val_0.JPEG n00000007", "line 1 has 1 fields"),
        ("val/val_annotations.txt", b"val_77.JPEG\tn00000007", r"names val_77\.JPEG"),
    ],
)
def test_a_list_that_is_wrong_is_refused(read, files, name, content, problem):
    files[name] = content
    with pytest.raises(InputError, match=problem):
        read()


def test_a_truncated_zip_is_refused(read, tmp_path):
    read()
    path = tmp_path / "tiny.zip"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match="the zip cannot be opened"):
        read_tiny_imagenet(path)


def test_damage_inside_of_the_zip_is_named(read, files, tmp_path):
    read()
    path = tmp_path / "tiny.zip"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"name of", b"mane of", 1))
    with pytest.raises(InputError, match=r"words\.txt: the file cannot be read"):
        read_tiny_imagenet(path)


def test_a_source_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="the zip cannot be opened"):
        read_tiny_imagenet(tmp_path / "none.zip")
    with pytest.raises(InputError, match=r"wnids\.txt: the file is missing"):
        read_tiny_imagenet(tmp_path)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5])
def test_an_empty_split_is_refused(read, fraction):
    with pytest.raises(InputError, match="leaves a split empty"):
        read(validation_fraction=fraction)
