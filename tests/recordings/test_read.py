"""A simulated recording from its settings to the labelled form, for each species."""

import pytest

from neurobust.config.recordings.simulated import Simulated
from neurobust.config.recordings.tvsd import TVSD
from neurobust.errors import InputError
from neurobust.recordings.brainio.read import write_brainio
from neurobust.recordings.form import sessions_of
from neurobust.recordings.read import part_of, read_recording
from neurobust.recordings.sources.simulated import simulate_recording

SETTINGS = {
    "source": "simulated",
    "stimuli": "gratings",
    "neuroids": 6,
    "sessions": 2,
    "test_stimuli": 5,
    "test_repeats": 3,
    "size_px": 32,
}
SPECIES = {
    "macaque": {},  # the default, as in configurations that name no species
    "mouse": {"species": "mouse", "px_per_deg": 0.474},
}


@pytest.fixture
def build(image_set, tmp_path):
    """Return a function that simulates a recording, writes it and reads it."""

    def build(species):
        settings = Simulated.model_validate(SETTINGS | SPECIES[species])
        responses, pixels, table = simulate_recording(settings, image_set, "recordings.v1")
        files = {
            "assembly": tmp_path / "assembly.nc",
            "stimulus_set": tmp_path / "stimulus_set.csv",
            "stimuli": tmp_path / "stimuli.zip",
        }
        write_brainio(
            responses,
            pixels,
            table,
            assembly=files["assembly"],
            stimulus_table=files["stimulus_set"],
            stimuli=files["stimuli"],
        )
        return responses, read_recording(settings, files, "recordings.v1")

    return build


@pytest.mark.parametrize(
    ("species", "identifier"),
    [("macaque", "simulated.V1.1000"), ("mouse", "simulated.mouse-V1.1000")],
)
def test_a_simulated_recording_names_its_species(build, species, identifier):
    responses, tree = build(species)
    assert f"simulated {species} V1, not recorded" in responses.attrs["description"]
    assert tree.attrs["identifier"] == identifier
    assert tree.attrs["species"] == f"{species} (simulated)"
    assert tree.attrs["region"] == "V1"
    assert tree.attrs["simulated"] == 1
    assert sum(session.sizes["neuroid"] for session in sessions_of(tree).values()) == 6


def test_mouse_cells_prefer_what_mouse_cells_do(build):
    responses, tree = build("mouse")
    assert (responses["spatial_frequency"] <= 0.16).all()
    assert tree.attrs["px_per_deg"] == 0.474


def test_a_file_that_is_not_there_is_named_with_its_key(tmp_path):
    settings = TVSD(
        source="tvsd",
        normalised_mua=tmp_path,
        image_list=tmp_path / "absent.mat",
        photographs=tmp_path,
        monkey="F",
    )
    with pytest.raises(InputError, match=r"is not there \(recordings\.it\.image_list\)") as caught:
        read_recording(settings, {}, "recordings.it")
    assert caught.value.place == str(tmp_path / "absent.mat")


def test_a_recording_is_read_by_the_part_of_its_source():
    assert part_of("brainio") == "recordings.sources.brainio"
