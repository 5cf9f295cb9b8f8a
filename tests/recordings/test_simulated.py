"""Simulated cells against what is known of V1: tuning, phase, saturation, Poisson spikes."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from neurobust.errors import InputError
from neurobust.recordings.brainio.read import read_brainio, write_brainio
from neurobust.recordings.form import sessions_of
from neurobust.recordings.simulated.responses import (
    draw_population,
    drive_cells,
    normalise,
    simulate_v1,
)
from neurobust.recordings.simulated.tuning import MACAQUE, MOUSE, Tuning
from neurobust.recordings.splits import SplitRule

SIZE_PX, PX_PER_DEG = 64, 16.0
MOUSE_PICTURES = {"size_px": 32, "px_per_deg": 0.474}  # 67.5 degrees (Li et al. 2023)
MACAQUE_PICTURES = {"size_px": 64, "px_per_deg": 14.0}  # 4.6 degrees (Safarani et al. 2021)


def make_gratings(
    orientation_deg,
    frequency_cpd,
    phase=0.0,
    contrast=1.0,
    size_px=SIZE_PX,
    px_per_deg=PX_PER_DEG,
):
    """Return full-field gratings; arguments are broadcast against each other."""
    parameters = np.broadcast_arrays(orientation_deg, frequency_cpd, phase, contrast)
    angle, frequency, phase, contrast = (np.ravel(p)[:, None, None] for p in parameters)
    axis = (np.arange(size_px) - (size_px - 1) / 2) / px_per_deg
    x, y = np.meshgrid(axis, -axis)
    across = x * np.cos(np.deg2rad(angle)) + y * np.sin(np.deg2rad(angle))
    wave = contrast * np.cos(2 * np.pi * frequency * across + phase)
    return np.round(127.5 * (1 + wave)).astype(np.uint8)


def make_cell(is_complex, **changes):
    values = {
        "orientation_deg": 30.0,
        "frequency_cpd": 2.0,
        "width_periods": 0.7,
        "length_periods": 0.7,
        "phase": 1.0,
        "x_deg": 0.1,
        "y_deg": -0.2,
    } | changes
    return Tuning(
        **{name: np.array([value]) for name, value in values.items()},
        is_complex=np.array([is_complex]),
    )


def drive(pictures, cell):
    return drive_cells(pictures, cell, PX_PER_DEG)[0][:, 0]


def test_a_cell_prefers_its_orientation_and_frequency():
    orientations, frequencies = np.arange(0, 180, 15), 2.0 ** np.arange(-1, 3, 0.5)
    cell = make_cell(is_complex=True)
    by_orientation = drive(make_gratings(orientations, 2.0), cell)
    assert orientations[by_orientation.argmax()] == 30
    assert by_orientation[orientations == 120] < 0.01 * by_orientation.max()
    by_frequency = drive(make_gratings(30.0, frequencies), cell)
    assert frequencies[by_frequency.argmax()] == 2.0


def test_the_best_grating_drives_a_cell_by_its_contrast():
    pictures = make_gratings(30.0, 2.0, np.linspace(0, 2 * np.pi, 24), 0.5)
    # The envelope has few periods, so that its second harmonic and the pixels matter a little.
    assert drive(pictures, make_cell(is_complex=False)).max() == pytest.approx(0.5, rel=0.05)


def test_only_complex_cells_are_phase_invariant():
    pictures = make_gratings(30.0, 2.0, np.linspace(0, 2 * np.pi, 24))
    invariant = drive(pictures, make_cell(is_complex=True))
    assert np.ptp(invariant) / invariant.mean() < 0.05
    simple = drive(pictures, make_cell(is_complex=False))
    assert simple.min() == 0
    assert (simple == 0).mean() == pytest.approx(0.5, abs=0.1)  # half-wave rectified


def test_cells_do_not_answer_to_mean_luminance():
    gray = np.array([0, 60, 127, 255], np.uint8)[:, None, None] * np.ones((64, 64), np.uint8)
    # Float32 sums of 4096 pixels.
    broad = make_cell(is_complex=True, width_periods=0.2, length_periods=0.2)
    assert drive(gray, broad).max() < 1e-5


def test_responses_saturate_with_contrast_and_surrounds_suppress():
    contrast = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
    pictures = make_gratings(30.0, 2.0, -1.0, contrast)
    cell = make_cell(is_complex=True)
    response = normalise(*drive_cells(pictures, cell, PX_PER_DEG), cell, 0.5)[:, 0]
    assert (np.diff(response) > 0).all()
    gain = np.diff(np.log(response)) / np.log(2)
    assert gain[0] > 0.9  # 2, the exponent, far below the semisaturation; 1 half-way up
    assert gain[-1] < 0.1
    assert (np.diff(gain) < 0).all()
    # A mask that only the neighbour sees lowers the response to the same grating.
    pair = Tuning(
        **{
            name: np.concatenate([getattr(cell, name), getattr(cell, name)])
            for name in cell.__dataclass_fields__
        }
    )
    pair.orientation_deg[1] = 120.0
    mask = make_gratings(120.0, 2.0, 0.0, 0.4).astype(int) - 127
    plain = make_gratings(30.0, 2.0, -1.0, 0.4)
    both = np.concatenate([plain, np.clip(plain + mask, 0, 255).astype(np.uint8)])
    suppressed = normalise(*drive_cells(both, pair, PX_PER_DEG), pair, 0.5)[:, 0]
    assert suppressed[1] < 0.8 * suppressed[0]


@pytest.fixture(scope="module")
def natural():
    """Return pictures with the amplitude spectrum of natural ones, 1/f."""
    random = np.random.default_rng(0)
    rows, columns = np.fft.fftfreq(SIZE_PX)[:, None], np.fft.fftfreq(SIZE_PX)[None]
    radius = np.hypot(rows, columns)
    radius[0, 0] = np.inf
    noise = np.fft.fft2(random.normal(size=(300, SIZE_PX, SIZE_PX))) / radius
    pictures = np.fft.ifft2(noise).real
    pictures *= 55 / pictures.std(axis=(1, 2), keepdims=True)
    return np.clip(pictures + 115, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def table():
    split = ["test"] * 20 + ["train"] * 220 + ["validation"] * 60
    ids = [f"p{index:03d}" for index in range(300)]
    return pd.DataFrame({"stimulus_id": ids, "split": split, "group": ids})


@pytest.fixture(scope="module")
def simulate(natural, table):
    def simulate(seed=1):
        return simulate_v1(
            natural,
            table["stimulus_id"].tolist(),
            table["split"].tolist(),
            species=MACAQUE,
            n_neuroids=41,
            n_sessions=3,
            test_repeats=50,
            px_per_deg=PX_PER_DEG,
            seed=seed,
        )

    return simulate


def test_shows_test_pictures_repeatedly_and_others_once(simulate, table):
    counts = simulate()
    shown = pd.Series(counts["stimulus_id"].to_numpy()).value_counts()
    for name, split in zip(table["stimulus_id"], table["split"], strict=True):
        assert shown[name] == (50 if split == "test" else 1)
    assert np.unique(counts["session"], return_counts=True)[1].tolist() == [14, 14, 13]


def test_rates_are_those_of_macaque_v1(simulate):
    rates = simulate().mean("presentation").to_numpy() / 0.120
    assert ((rates > 1) & (rates < 40)).all()
    assert 5 < np.median(rates) < 30


def test_spikes_are_poisson(simulate):
    counts = simulate()
    tested = counts[counts["stimulus_id"].isin([f"p{index:03d}" for index in range(20)])]
    groups = tested.to_numpy().reshape(20, 50, 41)
    fano = groups.var(axis=1, ddof=1).sum() / groups.mean(axis=1).sum()
    # 820 ratios of 50 repeats: the standard error is about .01.
    assert fano == pytest.approx(1, abs=0.05)


def test_the_seed_decides_all(simulate):
    xr.testing.assert_identical(simulate(), simulate())
    other = simulate(seed=2)
    assert (other["orientation"] != simulate()["orientation"]).all()


def test_receptive_fields_lie_at_the_centre_and_cluster_by_session():
    tuning, session = draw_population(MACAQUE, 300, 10, size_px=64, px_per_deg=16.0, seed=0)
    for positions in (tuning.x_deg, tuning.y_deg):
        assert np.abs(positions).max() <= 0.3 * 2  # of the half-width, 2 degrees
        assert all(np.ptp(positions[session == s]) <= 0.2 * 2 for s in range(10))


def test_the_macaque_s_cells_and_spikes_are_those_of_before_there_was_a_mouse():
    """Counts from before there was a mouse, for noise pictures at two resolutions."""
    pictures = np.random.default_rng(0).integers(0, 256, (24, 32, 32), dtype=np.uint8)
    split = ["train"] * 16 + ["validation"] * 3 + ["test"] * 5
    before = {
        14.0: [99, 46, 51, 25, 49, 40, 100, 71, 47, 43, 122],
        6.0: [82, 17, 56, 41, 46, 38, 98, 56, 62, 42, 126],
    }
    for px_per_deg, by_neuroid in before.items():
        counts = simulate_v1(
            pictures,
            [f"p{index}" for index in range(24)],
            split,
            species=MACAQUE,
            n_neuroids=11,
            n_sessions=3,
            test_repeats=4,
            px_per_deg=px_per_deg,
            seed=7,
        )
        np.testing.assert_array_equal(counts.sum("presentation"), by_neuroid)
        assert counts.attrs["identifier"] == "simulated.V1.7"


def test_mouse_cells_prefer_2_7_cycles_per_picture():
    # Li et al. 2023, Discussion: .04 cycles per degree and 67.5 degrees.
    size_deg = MOUSE_PICTURES["size_px"] / MOUSE_PICTURES["px_per_deg"]
    tuning, _ = draw_population(MOUSE, 4000, 8, **MOUSE_PICTURES, seed=3)
    # Four standard errors of the median of a log-normal with an SD of an octave.
    error = 4 * 1.25 * np.log(2) / np.sqrt(4000)
    assert np.log(np.median(tuning.frequency_cpd) * size_deg) == pytest.approx(
        np.log(2.7), abs=error
    )
    sd_deg = tuning.width_periods / tuning.frequency_cpd
    assert 4 < np.median(sd_deg) < 15, "receptive fields of many degrees"


def respond_by_frequency(species, pictures, cycles):
    """Return the cells' mean response to each one's best grating of so many cycles per picture."""
    tuning, _ = draw_population(species, 400, 4, **pictures, seed=5)
    size_deg = pictures["size_px"] / pictures["px_per_deg"]
    angles, phases = np.meshgrid(np.arange(0, 180, 30), np.arange(0, 2 * np.pi, np.pi / 2))
    responses = []
    for number in cycles:
        gratings = make_gratings(angles, number / size_deg, phases, 0.5, **pictures)
        drive, energy = drive_cells(gratings, tuning, pictures["px_per_deg"])
        response = normalise(drive, energy, tuning, species.pool_sd_deg)
        responses.append(response.max(axis=0).mean())
    return np.array(responses)


def test_a_mouse_s_population_answers_to_lower_frequencies_than_a_macaque_s():
    cycles = 2.7 * 2.0 ** np.arange(-2, 4)  # octaves about the mouse's frequency
    mouse = respond_by_frequency(MOUSE, MOUSE_PICTURES, cycles[:5])  # up to 10.8, within Nyquist
    assert cycles[mouse.argmax()] == 2.7
    macaque = respond_by_frequency(MACAQUE, MACAQUE_PICTURES, cycles)
    # 2.7 cycles per degree, the median, are 12.3 per picture of 4.6 degrees.
    assert cycles[macaque.argmax()] == 4 * 2.7


def test_pictures_smaller_than_a_period_of_the_mouse_are_refused():
    with pytest.raises(InputError, match=r"pictures of 64 px span 4\.57 degrees") as caught:
        draw_population(MOUSE, 4, 1, **MACAQUE_PICTURES, seed=0)
    assert "at least 25 degrees" in str(caught.value)
    assert "at most 2.56 px_per_deg" in str(caught.value)
    assert "mouse V1" in str(caught.value)
    assert "macaque" not in str(caught.value)


def test_mouse_and_macaque_of_one_seed_share_no_random_numbers():
    mouse, _ = draw_population(MOUSE, 50, 2, **MOUSE_PICTURES, seed=0)
    macaque, _ = draw_population(MACAQUE, 50, 2, **MACAQUE_PICTURES, seed=0)
    assert not np.isin(mouse.phase, macaque.phase).any()


def test_its_attributes_state_that_it_is_simulated(simulate):
    attributes = simulate().attrs
    assert attributes["simulated"] == 1
    assert attributes["identifier"].startswith("simulated")
    assert "more than 8 cycles per degree" in attributes["description"]


def test_pictures_without_contrast_are_refused():
    with pytest.raises(InputError, match="do not drive some simulated cells"):
        simulate_v1(
            np.zeros((3, 16, 16), np.uint8),
            list("abc"),
            ["train", "train", "test"],
            species=MACAQUE,
            n_neuroids=2,
            n_sessions=1,
            test_repeats=2,
            px_per_deg=8.0,
            seed=0,
        )


def test_survives_the_brainio_form(simulate, natural, table, tmp_path):
    counts = simulate()
    paths = [tmp_path / name for name in ("assembly.nc", "stimuli.csv", "stimuli.zip")]
    write_brainio(
        counts, natural, table, assembly=paths[0], stimulus_table=paths[1], stimuli=paths[2]
    )
    tree = read_brainio(
        *paths,
        size_px=SIZE_PX,
        px_per_deg=PX_PER_DEG,
        split=SplitRule(by="group", column="split"),
        species="none",
        window_start_ms=40.0,
        window_stop_ms=160.0,
    )
    read = np.concatenate([s["response"] for s in sessions_of(tree).values()], axis=1)
    np.testing.assert_array_equal(read, counts)
    np.testing.assert_array_equal(tree["stimuli"]["pixels"], natural)
    assert tree["stimuli"]["split"].to_numpy().tolist() == table["split"].tolist()
    assert tree.attrs["simulated"] == 1
    assert tree.attrs["identifier"] == "simulated.V1.1"
