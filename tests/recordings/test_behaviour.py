"""Behavioural assemblies and their stimuli: what is read, and errors about bad input."""

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from neurobust.errors import InputError
from neurobust.recordings.brainio.behaviour import read_behaviour, read_trials

OBJECTS = ("bear", "car", "dog")
SHOWN = [f"image{number}" for number in range(6)]
REPEATS = 4


def make_labels():
    """Return six stimuli of three objects, each against both others, twice right, twice wrong."""
    rows = [
        (stimulus, OBJECTS[number % 3], distractor, repeat)
        for number, stimulus in enumerate(SHOWN)
        for distractor in OBJECTS
        if distractor != OBJECTS[number % 3]
        for repeat in range(REPEATS)
    ]
    table = pd.DataFrame(rows, columns=["stimulus_id", "truth", "distractor", "repeat"])
    wrong = table["repeat"] % 2 == 1
    return table.assign(choice=table["truth"].where(~wrong, table["distractor"]))


def assembly_of(labels, *, data="choice", **names):
    """Return an assembly with the choices as data and the labels as plain coordinates."""
    coordinates = labels.drop(columns=["repeat", *([data] if data == "choice" else [])])
    return xr.Dataset(
        {"data": ("presentation", labels[data].to_numpy(str if data == "choice" else None))},
        coords={
            names.get(name, name): ("presentation", column.to_numpy(str))
            for name, column in coordinates.items()
        },
        attrs={"identifier": "lab.Choices", "stimulus_set_identifier": "lab.Objects"},
    )


@pytest.fixture
def labels():
    return make_labels()


@pytest.fixture
def write(tmp_path):
    """Return a function that writes an assembly and returns its path."""

    def write_assembly(assembly):
        assembly.to_netcdf(tmp_path / "assembly.nc")
        return tmp_path / "assembly.nc"

    return write_assembly


@pytest.fixture
def benchmark_files(tmp_path, labels, write):
    """Write an assembly with nine pictures, three of which no trial shows; return the settings."""
    names = [*SHOWN, "spare0", "spare1", "spare2"]
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (len(names), 24, 24), dtype=np.uint8)
    table = pd.DataFrame(
        {
            "stimulus_id": names,
            "filename": [f"{name}.png" for name in names],
            "object_name": [OBJECTS[number % 3] for number in range(len(names))],
        }
    )
    table.to_csv(tmp_path / "stimuli.csv", index=False)
    with zipfile.ZipFile(tmp_path / "stimuli.zip", "w") as archive:
        for filename, pixels in zip(table["filename"], pictures, strict=True):
            encoded = BytesIO()
            Image.fromarray(pixels).save(encoded, format="PNG")
            archive.writestr(filename, encoded.getvalue())
    settings = {
        "assembly": str(write(assembly_of(labels))),
        "stimulus_set": str(tmp_path / "stimuli.csv"),
        "stimuli": str(tmp_path / "stimuli.zip"),
        "truth": "object_name",
        "size_px": 16,
        "crop_px": 4,
    }
    return settings, table, pictures


def check_labels(trials, labels):
    for name in ("stimulus_id", "truth", "distractor", "choice"):
        assert trials[name].dims == ("presentation",)
        assert trials[name].dtype.kind == "U"
        assert trials[name].to_numpy().tolist() == labels[name].tolist()


def test_reads_the_choices_with_what_was_shown_and_offered(write, labels):
    trials = read_trials(write(assembly_of(labels)))
    check_labels(trials, labels)
    assert list(trials.data_vars) == ["choice"]
    assert trials.attrs["identifier"] == "lab.Choices"


def test_a_coordinate_choice_goes_before_data_that_are_no_choices(write, labels):
    correct = labels.assign(correct=(labels["choice"] == labels["truth"]).astype(float))
    check_labels(read_trials(write(assembly_of(correct, data="correct"))), labels)


@pytest.mark.parametrize("data", ["__xarray_dataarray_variable__", "lab.Choices"])
def test_reads_the_older_names(write, labels, data):
    older = {"stimulus_id": "image_id", "truth": "sample_obj", "distractor": "dist_obj"}
    check_labels(read_trials(write(assembly_of(labels, **older).rename(data=data))), labels)


def test_today_s_names_go_before_older_ones_and_further_coordinates_are_left(write, labels):
    more = {
        "sample_obj": ("presentation", np.full(len(labels), "other")),
        "subject": ("presentation", np.arange(len(labels))),
        "reaction_time": ("presentation", np.ones(len(labels)), {"units": "ms"}),
    }
    trials = read_trials(write(assembly_of(labels).assign_coords(more)))
    check_labels(trials, labels)
    assert set(trials.coords) == {"stimulus_id", "truth", "distractor"}


def test_a_file_that_lists_no_coordinates_is_read(write, labels):
    check_labels(read_trials(write(assembly_of(labels).reset_coords())), labels)


def test_labels_of_bytes_are_text(write, labels):
    assembly = assembly_of(labels)
    for name in ("truth", "distractor", "data"):
        assembly[name] = assembly[name].astype("S")
    check_labels(read_trials(write(assembly)), labels)


def set_value(column, value, rows=0):
    def spoil(labels):
        labels.loc[rows, column] = value
        return assembly_of(labels)

    return spoil


def keep(rows):
    return lambda labels: assembly_of(labels[rows(labels)])


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda t: assembly_of(t).drop_vars("stimulus_id"), "'stimulus_id' is missing"),
        (lambda t: assembly_of(t).drop_vars("truth"), "'truth' is missing"),
        (lambda t: assembly_of(t).drop_vars("distractor"), "'distractor' is missing"),
        (lambda t: assembly_of(t).drop_vars("data"), "'choice' is missing, and 0 data variables"),
        (
            lambda t: assembly_of(t).rename(data="a").assign(b=("presentation", t["repeat"])),
            "'choice' is missing, and 2 data variables",
        ),
        (
            lambda t: assembly_of(t).assign_coords(choice=("choice", list(OBJECTS))),
            r"'choice' has the dims \('choice',\)",
        ),
        (set_value("choice", "boat"), r"'choice' is neither .*\(boat\), in trials of .*image0"),
        (set_value("distractor", "bear"), "'distractor' is the same object as 'truth'.*image0"),
        (
            # The last stimulus, of a dog against a bear, is labelled as a car.
            set_value(["truth", "choice"], ["car", "car"], [40]),
            "'truth' differs between trials, in trials of stimulus image5",
        ),
        (keep(lambda t: t["stimulus_id"].isin(SHOWN[:4])), "in more than one stimulus: 1"),
        (keep(lambda t: t.index < 0), "in more than one stimulus: 0"),
        (keep(lambda t: t.index % 8 == 0), "6 trials of 6 stimuli .*too few"),
    ],
)
def test_trials_that_cannot_be_scored_are_named(write, labels, spoil, problem):
    path = write(spoil(labels))
    with pytest.raises(InputError, match=problem) as error:
        read_trials(path)
    assert error.value.place == str(path)


def test_a_truncated_or_absent_assembly_is_named(write, labels, tmp_path):
    path = write(assembly_of(labels))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    for broken in (path, tmp_path / "absent.nc"):
        with pytest.raises(InputError, match="cannot be read") as error:
            read_trials(broken)
        assert error.value.place == str(broken)


def test_reads_all_pictures_with_their_objects(benchmark_files, labels):
    settings, table, pictures = benchmark_files
    trials, stimuli = read_behaviour(settings, "behaviour.lab")
    check_labels(trials, labels)
    assert stimuli["pixels"].dims == ("stimulus", "row", "column")
    # 24 px less 4 at each side are 16: nothing is resized.
    np.testing.assert_array_equal(stimuli["pixels"], pictures[:, 4:-4, 4:-4])
    assert stimuli["stimulus_id"].to_numpy().tolist() == table["stimulus_id"].tolist()
    assert stimuli["truth"].to_numpy().tolist() == table["object_name"].tolist()


@pytest.mark.parametrize("name", ["assembly", "stimulus_set", "stimuli"])
def test_a_file_that_is_not_there_is_named_with_its_key(benchmark_files, name):
    settings, _, _ = benchmark_files
    Path(settings[name]).unlink()
    with pytest.raises(InputError, match=rf"is not there \(behaviour\.lab\.{name}\)") as error:
        read_behaviour(settings, "behaviour.lab")
    assert error.value.place == settings[name]
    assert f"behaviour.lab.{name}" in error.value.fix


@pytest.mark.parametrize(
    ("spoil", "problem", "fix"),
    [
        (
            lambda table: table.rename(columns={"object_name": "label"}),
            r"no column 'object_name' \(behaviour\.lab\.truth\)",
            "behaviour.lab.truth",
        ),
        (
            lambda table: table.assign(object_name=[*table["object_name"][:8], ""]),
            "'object_name' is empty for spare2",
            "behaviour.lab.truth",
        ),
        (
            lambda table: table.drop(index=[1, 3]),
            "lacks the stimulus_id image1, image3",
            "behaviour.lab.stimulus_set",
        ),
        (
            lambda table: table.assign(object_name=list("abcdefghi")),
            "names other objects .*image0, image1, .*: 'a' for 'bear'",
            "behaviour.lab.truth",
        ),
    ],
)
def test_a_stimulus_set_that_does_not_fit_is_named(benchmark_files, spoil, problem, fix):
    settings, table, _ = benchmark_files
    spoil(table).to_csv(settings["stimulus_set"], index=False)
    with pytest.raises(InputError, match=problem) as error:
        read_behaviour(settings, "behaviour.lab")
    assert error.value.place == settings["stimulus_set"]
    assert fix in error.value.fix
