"""The figure of the corruptions' spectra shows what was measured, and can be read."""

import numpy as np
import pytest
import xarray as xr

from neurobust.errors import InputError
from neurobust.images.frequency_categories import FREQUENCY_CATEGORIES
from neurobust.plotting.style import save_figure
from studies.li2023.figures.figa import draw

SIDE = 32
RADII = np.linspace(0, 0.5**0.5, 60)


@pytest.fixture(scope="module")
def spectra():
    """Make spectra of all corruptions that fall off with the radius, each at its own rate."""
    axis = np.fft.fftshift(np.fft.fftfreq(SIDE))
    rates = np.linspace(3, 40, len(FREQUENCY_CATEGORIES))
    power = np.exp(-rates[:, None, None] * np.hypot(axis[:, None], axis))
    power[:, SIDE // 2, SIDE // 2] = 0
    power[0, 0, 3] = 7.0  # a row frequency of -0.5
    radial = (RADII * np.exp(-rates[:, None] * RADII))[:, None].repeat(3, axis=1)
    return xr.Dataset(
        {
            "power": (("corruption", "row_frequency", "column_frequency"), power),
            "radial_power": (("corruption", "image", "radial_frequency"), radial),
            "half_power_frequency": ("corruption", 1.7 / rates),
        },
        {
            "corruption": list(FREQUENCY_CATEGORIES),
            "category": ("corruption", list(FREQUENCY_CATEGORIES.values())),
            "row_frequency": axis,
            "column_frequency": axis,
            "radial_frequency": RADII,
        },
    )


@pytest.fixture(scope="module")
def figure(spectra):
    return draw(spectra)


def find_panel(figure, words):
    return next(axes for axes in figure.axes if words in axes.get_xlabel())


def test_the_figure_can_be_printed(figure, check_print, tmp_path):
    check_print("corruption spectra", figure)
    save_figure(figure, tmp_path / "a.png", tmp_path / "a.pdf")
    assert all((tmp_path / name).stat().st_size > 10_000 for name in ("a.png", "a.pdf"))


def test_each_category_has_a_row_of_maps_from_low_to_high(figure, spectra):
    maps = [axes for axes in figure.axes if axes.images]
    assert len(maps) == len(FREQUENCY_CATEGORIES)
    heights = {}
    for axes in maps:
        name = axes.get_title().lower().replace("\n", "_")
        heights.setdefault(FREQUENCY_CATEGORIES[name], set()).add(axes.get_subplotspec().rowspan[0])
    assert heights == {"low": {0}, "medium": {1}, "high": {2}}


def test_all_maps_share_one_logarithmic_scale_up_to_the_highest_power(figure, spectra):
    scales = {axes.images[0].norm for axes in figure.axes if axes.images}
    assert len(scales) == 1
    assert scales.pop().vmax == spectra["power"].max()
    assert sum(axes.get_ylabel().startswith("Power (squared") for axes in figure.axes) == 1


def test_a_map_has_its_power_at_its_frequency_and_none_at_zero(figure, spectra):
    name = str(spectra["corruption"].values[0])
    axes = next(a for a in figure.axes if a.images and a.get_title().lower() == name)
    (image,) = axes.images
    left, right, bottom, top = image.get_extent()
    shown = image.get_array()
    row, column = np.unravel_index(np.argmax(shown), shown.shape)
    # Pixel centres; the image's first row is the one at the top, as matplotlib draws it.
    assert image.origin == "upper"
    x = left + (column + 0.5) * (right - left) / SIDE
    y = top + (row + 0.5) * (bottom - top) / SIDE
    # A row frequency of -0.5 counts downwards: it is 0.5 upwards.
    np.testing.assert_allclose([x, y], [spectra["column_frequency"][3], 0.5], atol=1e-12)
    zero = shown.mask.nonzero()
    x0 = left + (zero[1] + 0.5) * (right - left) / SIDE
    y0 = top + (zero[0] + 0.5) * (bottom - top) / SIDE
    np.testing.assert_allclose([x0, y0], [[0], [0]], atol=1e-12)


def test_curves_rise_to_all_of_the_power_and_half_is_marked(figure, spectra):
    axes = find_panel(figure, "Radius")
    curves = [line for line in axes.lines if len(line.get_xdata()) == len(RADII)]
    assert len(curves) == len(FREQUENCY_CATEGORIES)
    for curve in curves:
        assert (np.diff(curve.get_ydata()) >= 0).all()
        assert curve.get_ydata()[-1] == pytest.approx(100)
    marked = sorted(
        float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() != "None"
    )
    np.testing.assert_allclose(marked, sorted(spectra["half_power_frequency"].values))


def test_the_values_are_named(figure, spectra):
    axes = find_panel(figure, "Half-power")
    figure.draw_without_rendering()
    names = [label.get_text().lower().replace(" ", "_") for label in axes.get_yticklabels()]
    for line in axes.lines:
        value = spectra["half_power_frequency"].sel(corruption=names[int(line.get_ydata()[0])])
        assert line.get_xdata()[0] == value
    assert sorted(names) == sorted(FREQUENCY_CATEGORIES)


def test_a_corruption_without_power_leaves_its_place_empty(spectra, check_print):
    nothing = spectra.copy(deep=True)
    for name in ("power", "radial_power"):
        nothing[name].loc[{"corruption": "fog"}] = 0
    nothing["half_power_frequency"].loc[{"corruption": "fog"}] = np.nan
    drawn = draw(nothing)
    check_print("corruption spectra without fog", drawn)
    fog = next(axes for axes in drawn.axes if axes.get_title() == "Fog")
    assert fog.images[0].get_array().mask.all()


def test_data_of_another_form_are_refused(spectra):
    with pytest.raises(InputError, match="corruption spectra: variable 'category' is missing"):
        draw(spectra.drop_vars("category"))
