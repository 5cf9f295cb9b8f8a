"""BrainIO recordings: what is read, and errors about bad input."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from neurobust.errors import InputError
from neurobust.files.storage import read_tree, write_dataset
from neurobust.recordings.brainio.read import read_brainio, write_brainio
from neurobust.recordings.form import check_recording, sessions_of
from neurobust.recordings.splits import SplitRule


def test_reads_counts_pixels_and_labels(brainio):
    tree = brainio.write().read(licence="CC0", source="a lab")
    assert list(sessions_of(tree)) == ["left_1", "right_2"]
    right = sessions_of(tree)["right_2"]
    np.testing.assert_array_equal(right["response"], brainio.counts[:, 3:])
    assert right["response"].dtype == np.float32
    assert right["neuroid_id"].to_numpy().tolist() == ["n3", "n4", "n5"]
    assert right["animal"].to_numpy().tolist() == ["b"] * 3
    assert right.attrs["session"] == "right 2"
    assert tree.attrs["identifier"] == "lab.Test"
    assert tree.attrs["region"] == "V1, V2"
    assert tree.attrs["simulated"] == 0
    for index, name in enumerate(tree["stimuli"]["stimulus_id"].to_numpy()):
        expected = np.asarray(brainio.pictures[f"{name}.png"])
        np.testing.assert_array_equal(tree["stimuli"]["pixels"][index], expected)


def test_survives_its_file(brainio, tmp_path):
    tree = brainio.write().read()
    write_dataset(tree, tmp_path / "recording.nc")
    again = read_tree(tmp_path / "recording.nc")
    check_recording(again, "recording.nc")
    xr.testing.assert_equal(tree, again)


def test_groups_are_never_divided(brainio):
    tree = brainio.write().read(split=SplitRule(by="movie", test=0.2, validation=0.25))
    labels = pd.DataFrame({k: tree["stimuli"][k].to_numpy() for k in ("group", "split")})
    assert len(labels.drop_duplicates()) == labels["group"].nunique()
    assert labels["split"].value_counts().to_dict() == {"train": 6, "validation": 2, "test": 2}


def test_splits_by_a_column(brainio):
    tree = brainio.write().read(split=SplitRule(by="movie", column="part"))
    assert tree["stimuli"]["split"].to_numpy().tolist() == brainio.table["part"].tolist()


def test_reads_the_older_names(brainio):
    brainio.dataset = brainio.dataset.rename(
        stimulus_id="image_id", data="__xarray_dataarray_variable__"
    ).transpose("neuroid", "presentation")
    brainio.table = brainio.table.rename(
        columns={"stimulus_id": "image_id", "filename": "image_file_name"}
    )
    tree = brainio.write().read(split=SplitRule())
    left = sessions_of(tree)["left_1"]
    np.testing.assert_array_equal(left["response"], brainio.counts[:, :3])
    assert left["stimulus_id"].to_numpy()[0] == "frame0"


def test_optional_coordinates_have_defaults(brainio):
    brainio.dataset = brainio.dataset.drop_vars(
        ["session", "repetition", "neuroid_id", "animal", "region"]
    )
    tree = brainio.write().read(region="V1")
    session = sessions_of(tree)["all"]
    assert session["neuroid_id"].to_numpy().tolist() == [f"neuroid_{i:04d}" for i in range(6)]
    assert session["repetition"].to_numpy()[:5].tolist() == [0, 1, 2, 3, 0]
    assert set(session["region"].to_numpy()) == {"V1"}


def test_sessions_may_label_presentations(brainio):
    data = brainio.dataset.drop_vars("session")
    days = np.where(np.arange(40) % 4 < 2, "day1", "day2")
    data["data"].to_numpy()[days == "day1", 3:] = np.nan
    data["data"].to_numpy()[days == "day2", :3] = np.nan
    brainio.dataset = data.assign_coords(session=("presentation", days))
    sessions = sessions_of(brainio.write().read())
    assert sessions["day1"]["neuroid_id"].to_numpy().tolist() == ["n0", "n1", "n2"]
    np.testing.assert_array_equal(sessions["day2"]["response"], brainio.counts[days == "day2", 3:])


@pytest.mark.parametrize(("kind", "join"), [("counts", np.sum), ("continuous", np.mean)])
def test_time_bins_within_the_window_are_joined(brainio, kind, join):
    bins = np.random.default_rng(1).poisson(2, size=(40, 6, 5)).astype(float)
    data = brainio.dataset.drop_vars("data")
    data["data"] = ("presentation", "neuroid", "time_bin"), bins
    starts = np.arange(5) * 20
    units = {"units": "ms"}  # which must not be decoded as durations
    brainio.dataset = data.assign_coords(
        time_bin_start=("time_bin", starts, units), time_bin_end=("time_bin", starts + 20, units)
    )
    window = {"window_start_ms": 20.0, "window_stop_ms": 85.0}
    tree = brainio.write().read(response_kind=kind, **window)
    expected = join(bins[:, :3, 1:4], axis=-1)
    # Equal to float32's precision: the sums are small integers.
    np.testing.assert_allclose(sessions_of(tree)["left_1"]["response"], expected, rtol=1e-6)
    with pytest.raises(InputError, match="no time bin lies within 200 to 300"):
        brainio.read(window_start_ms=200.0, window_stop_ms=300.0)


def test_unrecorded_presentations_are_dropped(brainio):
    brainio.dataset["data"].to_numpy()[1, :3] = np.nan
    sessions = sessions_of(brainio.write().read())
    np.testing.assert_array_equal(
        sessions["left_1"]["response"], np.delete(brainio.counts[:, :3], 1, axis=0)
    )
    assert sessions["right_2"].sizes["presentation"] == 40


def test_stimuli_never_shown_are_left_out(brainio):
    brainio.dataset = brainio.dataset.isel(presentation=slice(0, 36))
    assert "frame9" not in brainio.write().read()["stimuli"]["stimulus_id"].to_numpy()


def test_closes_up_missing_repeats(brainio):
    brainio.dataset["data"].to_numpy()[[1, 6], [0, 2]] = np.nan
    brainio.write()
    with pytest.raises(InputError, match=r"session left/1: responses of n0, n2 .*missing"):
        brainio.read()
    left = sessions_of(brainio.read(missing_repeats="close_up"))["left_1"]
    counts = brainio.counts[:, :3].reshape(10, 4, 3)
    first = left["response"].to_numpy()[:3]
    np.testing.assert_array_equal(first[:, 0], counts[0, [0, 2, 3], 0])
    np.testing.assert_array_equal(first[:, 1:], counts[0, :3, 1:])
    assert left["repetition"].to_numpy()[:7].tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert left["stimulus_id"].to_numpy()[:7].tolist() == ["frame0"] * 3 + ["frame1"] * 3 + [
        "frame2"
    ]
    np.testing.assert_array_equal(left["response"].to_numpy()[6:], counts[2:].reshape(-1, 3))


def test_refuses_a_stimulus_that_a_neuroid_never_saw(brainio):
    brainio.dataset["data"].to_numpy()[:4, 1] = np.nan
    with pytest.raises(InputError, match=r"no response to stimulus frame0 was recorded from n1"):
        brainio.write().read(missing_repeats="close_up")


def test_selects_a_region_and_excludes_neuroids(brainio):
    tree = brainio.write().read(region="V1", exclude_neuroids=["n0", "n1", "n2", "n4"])
    assert list(sessions_of(tree)) == ["right_2"]
    assert sessions_of(tree)["right_2"]["neuroid_id"].to_numpy().tolist() == ["n3"]
    with pytest.raises(InputError, match="exclude_neuroids names n9"):
        brainio.read(exclude_neuroids=["n9"])
    with pytest.raises(InputError, match="names all neuroids"):
        brainio.read(region="V2", exclude_neuroids=["n5"])
    with pytest.raises(InputError, match=r"no neuroid is in region 'V4'\n.*V1, V2"):
        brainio.read(region="V4")


def test_colour_is_luma_of_the_central_square(brainio):
    colour = np.random.default_rng(2).integers(0, 256, size=(12, 20, 3), dtype=np.uint8)
    brainio.pictures["frame0.png"] = Image.fromarray(colour)
    pixels = brainio.write().read(crop_px=2, size_px=8)["stimuli"]["pixels"].to_numpy()[0]
    expected = colour[2:10, 6:14] @ [0.299, 0.587, 0.114]
    assert np.abs(pixels - expected).max() <= 1  # rounding of the integer formula


def test_shrinking_does_not_alias(brainio):
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))  # at the Nyquist limit
    brainio.pictures["frame0.png"] = Image.fromarray(stripes)
    pixels = brainio.write().read(size_px=6)["stimuli"]["pixels"].to_numpy()[0]
    assert np.ptp(pixels[:, 1:-1].astype(int)) < 26  # a tenth; picking pixels gives 255


def spoil_dataset(change):
    def spoil(brainio):
        brainio.dataset = change(brainio.dataset)
        brainio.write()

    return spoil


def set_response(row, column, value):
    def spoil(brainio):
        brainio.dataset["data"].to_numpy()[row, column] = value
        brainio.write()

    return spoil


def lose_a_stimulus(brainio):
    brainio.table = brainio.table[brainio.table["stimulus_id"] != "frame3"]
    brainio.write()


def repeat_a_stimulus(brainio):
    brainio.table = pd.concat([brainio.table, brainio.table.iloc[:1]])
    brainio.write()


def lose_a_picture(brainio):
    del brainio.pictures["frame3.png"]
    brainio.write()


def rename_the_files(brainio):
    brainio.table = brainio.table.rename(columns={"filename": "picture"})
    brainio.write()


def truncate(name):
    def spoil(brainio):
        path = brainio.write().folder / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return spoil


def garble_a_picture(brainio):
    class Garbled:
        def save(self, file, format):  # noqa: A002 - Pillow's name
            file.write(b"not a picture")

    brainio.pictures["frame3.png"] = Garbled()
    brainio.write()


def make_transparent(brainio):
    brainio.pictures["frame3.png"] = Image.new("RGBA", (8, 8))
    brainio.write()


def lose_the_assembly(brainio):
    (brainio.write().folder / "assembly.nc").unlink()


@pytest.mark.parametrize(
    ("spoil", "place", "problem"),
    [
        (spoil_dataset(lambda d: d.drop_vars("stimulus_id")), "assembly.nc", "'stimulus_id' is mi"),
        (spoil_dataset(lambda d: d.rename(neuroid="unit")), "assembly.nc", "0 variables with"),
        (truncate("assembly.nc"), "assembly.nc", "cannot be read"),
        (lose_the_assembly, "assembly.nc", "cannot be read"),
        (set_response(5, 1, -1), "assembly.nc, session left/1", "negative counts of n1"),
        (set_response(5, 1, np.inf), "assembly.nc, session left/1", "responses of n1 are infinite"),
        (set_response(5, 1, np.nan), "assembly.nc, session left/1", "responses of n1 are .*NaN"),
        (set_response(slice(None), 4, 0), "assembly.nc, session right 2", "never fire.*: n4"),
        (lose_a_stimulus, "stimuli.csv", "lacks the stimulus_id frame3"),
        (repeat_a_stimulus, "stimuli.csv", "more than once: frame0"),
        (rename_the_files, "stimuli.csv", "no column 'filename'"),
        (lose_a_picture, "stimuli.zip", "frame3.png is not in the zip"),
        (truncate("stimuli.zip"), "stimuli.zip", "cannot be read as a zip"),
        (garble_a_picture, "stimuli.zip, frame3.png", "cannot be read as a picture"),
        (make_transparent, "stimuli.zip, frame3.png", "pixel mode 'RGBA'"),
    ],
)
def test_bad_input_is_named(brainio, spoil, place, problem):
    spoil(brainio)
    with pytest.raises(InputError, match=problem) as error:
        brainio.read()
    found = error.value.place.replace(f"{brainio.folder}/", "")
    assert found == place


def test_never_firing_neuroids_are_named_to_be_excluded(brainio):
    brainio.dataset["data"].to_numpy()[:, [0, 2]] = 0
    with pytest.raises(InputError) as error:
        brainio.write().read()
    assert "n0, n2" in error.value.problem
    assert "exclude_neuroids: [n0, n2]" in error.value.fix
    assert len(sessions_of(brainio.read(exclude_neuroids=["n0", "n2"]))["left_1"].neuroid) == 1


def test_a_crop_larger_than_the_picture_is_refused(brainio):
    with pytest.raises(InputError, match="leave nothing after crop_px = 4"):
        brainio.write().read(crop_px=4)


def test_what_is_written_is_read_back(tmp_path):
    random = np.random.default_rng(3)
    pixels = random.integers(0, 256, size=(6, 8, 8), dtype=np.uint8)
    table = pd.DataFrame({"stimulus_id": list("abcdef"), "split": ["train"] * 4 + ["test"] * 2})
    counts = random.poisson(9, size=(6, 3)).astype(np.float32)
    responses = xr.DataArray(
        counts,
        dims=("presentation", "neuroid"),
        coords={"stimulus_id": ("presentation", list("abcdef"))},
        attrs={"identifier": "simulated.test", "simulated": 1},
    )
    paths = {
        "assembly": tmp_path / "a.nc",
        "stimulus_table": tmp_path / "s.csv",
        "stimuli": tmp_path / "s.zip",
    }
    write_brainio(responses, pixels, table, **paths)
    tree = read_brainio(
        *paths.values(),
        size_px=8,
        px_per_deg=4.0,
        split=SplitRule(column="split"),
        species="none",
        window_start_ms=0.0,
        window_stop_ms=1.0,
    )
    np.testing.assert_array_equal(tree["sessions/all/response"], counts)
    np.testing.assert_array_equal(tree["stimuli/pixels"], pixels)
    assert tree.attrs["simulated"] == 1
    before = {name: path.read_bytes() for name, path in paths.items()}
    write_brainio(responses, pixels, table, **paths)
    assert before == {name: path.read_bytes() for name, path in paths.items()}
