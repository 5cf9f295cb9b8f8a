"""The reader of TVSD, on a small file with the layout of the public one, as h5py shows it."""

import h5py
import numpy as np
import pytest
from PIL import Image

from neurobust.errors import InputError
from neurobust.recordings.form import average_repeats, sessions_of
from neurobust.recordings.sources.tvsd import read_tvsd

N_TRAIN, N_TEST, N_REPEATS, N_ELECTRODES = 10, 3, 30, 1024
RELIABLE = [0, 5, 511, 512, 830, 1000]


def write_strings(file, group, name, strings):
    references = np.empty((len(strings), 1), dtype=h5py.ref_dtype)
    for index, string in enumerate(strings):
        codes = np.frombuffer(string.encode("utf-16-le"), "<u2")[:, None]
        references[index, 0] = file.create_dataset(f"#refs#/{group}{name}{index}", data=codes).ref
    file.create_dataset(f"{group}/{name}", data=references)


@pytest.fixture
def tvsd(tmp_path):
    random = np.random.default_rng(0)
    train = [f"concept{i % 4}\\concept{i % 4}_{i:02d}b.jpg" for i in range(N_TRAIN)]
    test = [f"tëst\\tëst_{i:02d}s.jpg" for i in range(N_TEST)]
    for index, name in enumerate(train + test):
        path = tmp_path / "object_images" / name.replace("\\", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20), (index * 10,) * 3).save(path)
    with h5py.File(tmp_path / "things_imgs.mat", "w") as file:
        write_strings(file, "train_imgs", "things_path", train)
        write_strings(file, "test_imgs", "things_path", test)
    reliability = np.full((435, N_ELECTRODES), 0.1)
    reliability[:, RELIABLE] = random.uniform(0.35, 0.5, size=(435, len(RELIABLE)))
    arrays = {
        "train_MUA": random.normal(size=(N_TRAIN, N_ELECTRODES)),
        "test_MUA_reps": random.normal(size=(N_REPEATS, N_TEST, N_ELECTRODES)),
        "reliab": reliability,
    }
    with h5py.File(tmp_path / "THINGS_normMUA.mat", "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return tmp_path, arrays


def read(folder, **options):
    return read_tvsd(
        folder / "THINGS_normMUA.mat",
        folder / "things_imgs.mat",
        folder / "object_images",
        **({"monkey": "F", "region": "V1", "size_px": 16} | options),
    )


def test_reads_the_reliable_electrodes_of_an_area(tvsd):
    folder, arrays = tvsd
    tree = read(folder)
    session = sessions_of(tree)["monkeyF"]
    assert session["neuroid_id"].to_numpy().tolist() == ["F0000", "F0005", "F0511"]
    mean = average_repeats(session)
    assert mean["repeats"].to_numpy().tolist() == [1] * N_TRAIN + [N_REPEATS] * N_TEST
    # To float32's precision.
    electrodes = [0, 5, 511]
    np.testing.assert_allclose(
        mean["response"][:N_TRAIN], arrays["train_MUA"][:, electrodes], rtol=1e-6
    )
    expected = arrays["test_MUA_reps"].mean(axis=0)[:, electrodes]
    np.testing.assert_allclose(mean["response"][N_TRAIN:], expected, atol=1e-6)
    third = session.isel(presentation=session["stimulus_id"] == "tëst/tëst_02s.jpg")
    np.testing.assert_allclose(
        third["response"], arrays["test_MUA_reps"][:, 2, electrodes], rtol=1e-6
    )
    assert third["repetition"].to_numpy().tolist() == list(range(N_REPEATS))


@pytest.mark.parametrize(
    ("monkey", "region", "electrodes"),
    [("F", "IT", [512, 830]), ("F", "V4", [1000]), ("N", "V4", [512]), ("N", "IT", [830, 1000])],
)
def test_areas_differ_between_the_monkeys(tvsd, monkey, region, electrodes):
    tree = read(tvsd[0], monkey=monkey, region=region)
    names = sessions_of(tree)[f"monkey{monkey}"]["neuroid_id"].to_numpy().tolist()
    assert names == [f"{monkey}{index:04d}" for index in electrodes]


def test_labels_pictures_and_splits(tvsd):
    tree = read(tvsd[0])
    stimuli = tree["stimuli"].to_dataset()
    assert stimuli["stimulus_id"].to_numpy()[1] == "concept1/concept1_01b.jpg"
    assert stimuli["split"].to_numpy()[N_TRAIN:].tolist() == ["test"] * N_TEST
    assert (stimuli["split"] == "validation").sum() == 2  # 20% of 10
    # Uniform pictures; JPEG keeps them to a gray level or so.
    gray = stimuli["pixels"].to_numpy().astype(int)
    assert np.abs(gray - 10 * np.arange(N_TRAIN + N_TEST)[:, None, None]).max() <= 2
    assert tree.attrs["response_kind"] == "continuous"
    assert tree.attrs["px_per_deg"] == 2
    assert tree.attrs["window_start_ms"] == 25


def test_excludes_electrodes(tvsd):
    session = sessions_of(read(tvsd[0], exclude_neuroids=["F0005"]))["monkeyF"]
    assert session["neuroid_id"].to_numpy().tolist() == ["F0000", "F0511"]


def test_no_reliable_electrode(tvsd):
    with pytest.raises(InputError, match=r"'reliab' above 0.9; the highest is 0.4"):
        read(tvsd[0], min_reliability=0.9)


def lose_a_field(folder):
    with h5py.File(folder / "THINGS_normMUA.mat", "a") as file:
        del file["train_MUA"]


def lose_the_list(folder):
    (folder / "things_imgs.mat").write_bytes(b"not HDF5")


def lose_a_photograph(folder):
    (folder / "object_images/concept1/concept1_01b.jpg").unlink()


def show_fewer(folder):
    with h5py.File(folder / "THINGS_normMUA.mat", "a") as file:
        fewer = file["train_MUA"][:-1]
        del file["train_MUA"]
        file["train_MUA"] = fewer


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lose_a_field, "THINGS_normMUA.mat: cannot be read"),
        (lose_the_list, "things_imgs.mat: cannot be read"),
        (lose_a_photograph, "concept1_01b.jpg: cannot be read as a picture"),
        (show_fewer, "has 9 training and 3 test photographs\n.*10 and 3"),
    ],
)
def test_bad_input_is_named(tvsd, spoil, problem):
    spoil(tvsd[0])
    with pytest.raises(InputError, match=problem):
        read(tvsd[0])
