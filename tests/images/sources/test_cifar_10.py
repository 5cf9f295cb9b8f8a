"""CIFAR-10 in miniature: files of the official format with checksums of their own.

The names file is the official one, byte by byte; the batches hold few pictures, in the opcodes that
Python 2 wrote the official ones with. The oracle is torchvision's reader of the same files.
"""

import hashlib
import io
import os
import pickle
import struct
import tarfile

import numpy as np
import pytest
from torchvision import datasets

from neurobust.config.images.cifar_10 import CIFAR10
from neurobust.errors import InputError
from neurobust.images.sources.cifar_10 import MD5, build, read_cifar10

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
N_PER_BATCH = 40  # four of each class
FOLDER = "cifar-10-batches-py"


def text(value):
    return b"U" + bytes([len(value)]) + value.encode()


def write_names():
    """Return the official batches.meta: a pickle of protocol 2 that numbers what it holds."""
    names = b"".join(text(name) + b"q" + bytes([5 + i]) for i, name in enumerate(NAMES))
    return (
        b"\x80\x02}q\x01("
        + (text("num_cases_per_batch") + b"q\x02M\x10\x27")
        + (text("label_names") + b"q\x03]q\x04(" + names + b"e")
        + (text("num_vis") + b"q\x0fM\x00\x0cu.")
    )


def write_batch(rows, labels):
    """Return a batch: text by Python 2's opcode U, the array by numpy's names of that age."""
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
        + (b"J" + struct.pack("<i", len(rows)) + b"M\x00\x0c\x86")
        + b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
        + (b"K\x00tb\x89T" + struct.pack("<i", rows.size) + rows.tobytes() + b"tb")
    )
    numbers = b"".join(b"K" + bytes([label]) for label in labels)
    return (
        b"\x80\x02}(" + (text("labels") + b"](" + numbers + b"e") + (text("data") + array) + b"u."
    )


@pytest.fixture
def files():
    """Return the seven files: noise, and the labels in another order in every batch."""
    random = np.random.default_rng(0)
    content = {"batches.meta": write_names()}
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        rows = random.integers(0, 256, (N_PER_BATCH, 3072), dtype=np.uint8)
        content[name] = write_batch(rows, random.permutation(np.arange(N_PER_BATCH) % 10))
    return content


def checksums(files):
    return {name: hashlib.md5(content).hexdigest() for name, content in files.items()}


def unpack(files, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def pack(files, path):
    with tarfile.open(path, "w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))


@pytest.fixture
def read(tmp_path, files):
    """Return a function that unpacks the files into a folder and reads them."""

    def unpack_and_read(**options):
        unpack(files, tmp_path / FOLDER)
        return read_cifar10(tmp_path / FOLDER, **({"md5": checksums(files)} | options))

    return unpack_and_read


def test_the_checksums_are_those_that_torchvision_knows():
    official = datasets.CIFAR10
    known = dict(official.train_list + official.test_list)
    assert known | {official.meta["filename"]: official.meta["md5"]} == MD5


def test_the_names_file_of_these_tests_is_the_official_one():
    assert hashlib.md5(write_names()).hexdigest() == MD5["batches.meta"]


def test_pictures_and_labels_are_those_of_torchvision(read, files, tmp_path, monkeypatch):
    data = read()
    md5 = checksums(files)
    train = [[name, md5[name]] for name in MD5 if name.startswith("data")]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", train)
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", md5["test_batch"]]])
    is_test = data["split"].values == "test"
    for part, chosen in ((True, ~is_test), (False, is_test)):
        expected = datasets.CIFAR10(tmp_path, train=part)
        np.testing.assert_array_equal(data["pixels"].values[chosen], expected.data)
        np.testing.assert_array_equal(data["label"].values[chosen], expected.targets)
    assert data["class_name"].values.tolist() == expected.classes == NAMES
    assert data.attrs["identifier"] == "cifar-10"


def test_a_picture_has_the_number_of_its_official_place(read):
    data = read()
    n_train = 5 * N_PER_BATCH
    test = 1_000_000 + np.arange(N_PER_BATCH)
    np.testing.assert_array_equal(data["image_id"], [*range(n_train), *test])
    assert set(data["split"].values[n_train:]) == {"test"}


def test_the_same_share_of_every_class_validates(read):
    data = read(validation_fraction=0.1)
    validation = data["label"].values[data["split"].values == "validation"]
    np.testing.assert_array_equal(np.bincount(validation), [2] * 10)  # of 20


def test_chosen_classes_keep_numbers_pictures_and_splits(read):
    data, some = read(), read(classes=["ship", "cat"])
    assert some["class_name"].values.tolist() == ["ship", "cat"]
    assert some.attrs["identifier"] == "cifar-10-2-classes"
    whole = data.swap_dims(image="image_id").sel(image_id=some["image_id"].values)
    for name in ("pixels", "split"):
        np.testing.assert_array_equal(whole[name], some[name])
    official = data["class_name"].values[whole["label"].values]
    assert (some["class_name"].values[some["label"].values] == official).all()
    assert some.sizes["image"] == 2 * 24


@pytest.mark.parametrize("form", ["tar", "folder above"])
def test_every_form_of_the_source_gives_the_same(read, files, tmp_path, form):
    expected = read()
    source = tmp_path
    if form == "tar":
        source = tmp_path / "cifar.tar.gz"
        pack({"readme.html": b"<html>"} | files, source)
    assert read_cifar10(source, md5=checksums(files)).identical(expected)


def test_an_absent_source_is_named_with_where_to_get_it(tmp_path):
    settings = CIFAR10(source="cifar-10", path=tmp_path / "none.tar.gz")
    with pytest.raises(InputError, match=r"none\.tar\.gz: is not there") as caught:
        build(settings)
    assert "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz" in caught.value.fix


@pytest.mark.parametrize("name", MD5)
def test_a_damaged_file_is_named_with_both_checksums(read, files, name):
    md5 = checksums(files)
    files[name] = files[name][:-1] + b"?"
    found = hashlib.md5(files[name]).hexdigest()
    with pytest.raises(InputError, match=f"{name}: the file's md5 is {found}") as caught:
        read(md5=md5)
    assert md5[name] in caught.value.expected


def test_files_are_checked_against_the_official_checksums_by_default(tmp_path, files):
    unpack(files, tmp_path)
    with pytest.raises(InputError, match="data_batch_1: the file's md5 is"):
        read_cifar10(tmp_path)


def test_a_missing_file_is_named(read, files):
    md5 = checksums(files)
    del files["data_batch_3"]
    with pytest.raises(InputError, match=r"data_batch_3: the file is missing"):
        read(md5=md5)


def test_a_truncated_tar_is_refused(files, tmp_path):
    source = tmp_path / "cifar.tar.gz"
    pack(files, source)
    source.write_bytes(source.read_bytes()[:100_000])
    with pytest.raises(InputError, match=r"cifar\.tar\.gz: cannot be read"):
        read_cifar10(source, md5=checksums(files))


class Harmful:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("known", [False, True])
def test_a_pickle_that_would_run_code_does_not(read, files, tmp_path, known):
    """An unknown one is not opened; one with the right checksum may only hold plain values."""
    md5 = checksums(files)
    files["test_batch"] = pickle.dumps(Harmful(tmp_path / "made"))
    problem = "holds more than arrays" if known else "the file's md5 is"
    with pytest.raises(InputError, match=f"test_batch: {problem}"):
        read(md5=checksums(files) if known else md5)
    assert not (tmp_path / "made").exists()
    pickle.loads(files["test_batch"])  # it would have run
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("classes", "problem"),
    [
        (["ship", "plane"], "'plane' is none of its classes"),
        (["ship", "ship"], r"'classes': it is \['ship', 'ship'\]"),
        ([], r"'classes': it is \[\]"),
    ],
)
def test_classes_that_are_not_there_are_refused(read, classes, problem):
    with pytest.raises(InputError, match=problem) as caught:
        read(classes=classes)
    assert "airplane, automobile" in caught.value.expected


def test_an_empty_split_is_refused(read):
    with pytest.raises(InputError, match=r"image set 'cifar-10': 'validation' is 1\.0"):
        read(validation_fraction=1.0)
