"""Fig. D shows the components, on made-up ones."""

import numpy as np
import pytest
import xarray as xr

from neurobust.errors import InputError
from studies.li2023.figures.figd import draw

DISPLAY = {
    "mouse-predictor": {
        "label": "Mouse Predictor",
        "colour": "#B8A300",
        "marker": "X",
        "line": "-.",
    },
    "monkey-predictor": {
        "label": "Monkey Predictor",
        "colour": "#009E73",
        "marker": "X",
        "line": "-",
    },
}


def make_components(network, side, frequency, simulated=1, components=9, r2=0.4):
    random = np.random.default_rng(side)
    share = 1.0 / np.arange(1, 101) ** 1.2
    share[60:] = 0
    share /= share.sum()
    frequencies = frequency * random.uniform(0.7, 1.4, components)
    explained = np.full(components, r2)
    explained[:2] = -0.001
    number = np.arange(1, components + 1)
    return xr.Dataset(
        {
            "share": ("component_all", share),
            "effective_dimensionality": 1 / np.sum(share**2),
            "half_power_frequency": ("component", frequencies),
            "half_power_per_image": ("component", frequencies * side),
            "r2": ("component", explained),
            "is_linear": ("component", explained > 0.05),
            "receptive_field": (
                ("component", "row", "column"),
                random.normal(size=(components, side, side)),
            ),
        },
        {"component_all": np.arange(1, 101), "component": number},
        {"network": network, "simulated": simulated},
    )


@pytest.fixture(scope="module")
def components():
    return [
        make_components("mouse-predictor", 32, 0.08),
        make_components("monkey-predictor", 64, 0.16),
    ]


def test_print_is_legible_apart_and_on_the_page(components, check_print):
    check_print("both", draw(components, display=DISPLAY))
    check_print("one", draw(components[:1], display=DISPLAY))
    long = {
        name: own | {"label": f"{own['label']} of a very long name"}
        for name, own in DISPLAY.items()
    }
    check_print("long names", draw(components, display=long))


def test_panels_show_shares_frequencies_and_fields(components):
    figure = draw(components, display=DISPLAY)
    assert "simulated V1" in figure.get_suptitle()
    spectra, frequencies, *fields = figure.axes
    assert [axes.get_title("left") for axes in (spectra, frequencies, fields[0])] == list("ABC")
    assert (spectra.get_xscale(), spectra.get_yscale()) == ("log", "log")
    assert frequencies.get_ylim()[0] == 0
    assert "cycles/image" in frequencies.get_ylabel()
    assert len(fields) == 16
    for number, data in enumerate(components):
        display = DISPLAY[data.attrs["network"]]
        line, marks = spectra.get_lines()[2 * number : 2 * number + 2]
        np.testing.assert_array_equal(line.get_ydata(), data["share"][:60], "zeros are left out")
        np.testing.assert_array_equal(marks.get_xdata(), np.arange(1, 10))
        assert (marks.get_marker(), marks.get_color()) == (display["marker"], display["colour"])
        joined, full = frequencies.get_lines()[2 * number : 2 * number + 2]
        np.testing.assert_array_equal(joined.get_ydata(), data["half_power_per_image"])
        assert frequencies.get_ylim()[1] > data["half_power_per_image"].max()
        np.testing.assert_array_equal(full.get_xdata(), np.arange(3, 10), "the linear ones")
        median = np.median(data["half_power_per_image"][2:])
        assert full.get_label() == f"median {median:.1f}"
        row = fields[8 * number : 8 * number + 8]
        assert row[0].get_ylabel() == display["label"]
        for axes, field in zip(row, data["receptive_field"].to_numpy(), strict=False):
            np.testing.assert_array_equal(axes.images[0].get_array(), field)
            assert axes.images[0].get_clim() == (-np.abs(field).max(), np.abs(field).max())
    assert fields[0].get_xlabel() == "R² = 0.00"
    assert fields[0].get_title() == "PC 1"


def test_fewer_components_and_none_that_is_linear_can_be_drawn(check_print):
    few = make_components("monkey-predictor", 16, 0.1, simulated=0, components=5, r2=0.01)
    figure = draw([few], display=DISPLAY)
    check_print("few", figure)
    assert "simulated" not in figure.get_suptitle()
    assert sum(bool(axes.images) for axes in figure.axes) == 5
    (legend,) = [axes.get_legend() for axes in figure.axes[1:2]]
    assert [text.get_text() for text in legend.get_texts()] == ["none is linear"]


def test_components_that_lack_something_are_refused(components):
    with pytest.raises(InputError, match="components of mouse-predictor: variable 'r2' is missing"):
        draw([components[0].drop_vars("r2")], display=DISPLAY)
