"""Fixtures that tests of the library and of studies share: small evaluations, checks of prints."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg

from neurobust.plotting.style import PAGE_WIDTH_IN

GROUPS = {
    "gaussian_noise": "Noise",
    "shot_noise": "Noise",
    "defocus_blur": "Blur",
    "snow": "Weather",
    "fog": "Weather",
    "pixelate": "Digital",
}


def evaluation(network, correct, clean, **attributes):
    """Return answers (seed, corruption, severity, image) and (seed, image) as an evaluation."""
    seeds, corruptions, severities, images = correct.shape
    names = list(GROUPS)[:corruptions]
    return xr.Dataset(
        {
            "correct": (("seed", "corruption", "severity", "image"), correct.astype(np.int8)),
            "clean_correct": (("seed", "image"), clean.astype(np.int8)),
        },
        {
            "seed": 1000 * np.arange(1, seeds + 1),
            "corruption": names,
            "severity": np.arange(1, severities + 1),
            "group": ("corruption", [GROUPS[name] for name in names]),
            "image_id": ("image", [f"val_{i}" for i in range(images)]),
            "label": ("image", np.arange(images) % 4),
        },
        {"network": network, "images": "photographs", "n_classes": 4, "simulated": 0} | attributes,
    )


def first_images_right(network, hits, *, images=100, **attributes):
    """Return an evaluation with the first ``hits(seed, corruption, severity)`` images right."""
    hits = np.asarray(hits)
    correct = np.arange(images) < hits[..., None]
    return evaluation(network, correct, correct[:, 0, 0], **attributes)


def random_answers(network, rate, *, seeds=3, images=40, stream=0, **attributes):
    rng = np.random.default_rng(stream)
    correct = rng.random((seeds, 6, 5, images)) < rate
    return evaluation(network, correct, rng.random((seeds, images)) < rate + 0.1, **attributes)


@pytest.fixture
def known():
    """Return Baseline with 50 right of 100 everywhere, and networks 1.2 and 0.8 times as good."""
    baseline = np.full((2, 6, 5), 50)
    return {
        "baseline": first_images_right("baseline", baseline),
        "better": first_images_right("better", baseline * 6 // 5, simulated=1),
        "worse": first_images_right("worse", baseline * 4 // 5),
    }


@pytest.fixture
def random_networks():
    rates = {"baseline": 0.4, "better": 0.5, "worse": 0.3}
    return {
        name: random_answers(name, rate, stream=number)
        for number, (name, rate) in enumerate(rates.items())
    }


@pytest.fixture(scope="session")
def check_print():
    """Return a check of a figure: fits the page, all text legible, none over other text."""

    def check(name, figure):
        assert figure.get_figwidth() <= PAGE_WIDTH_IN, name
        assert figure.get_figheight() <= 9.5, name
        texts = visible_texts(figure)
        assert texts, name
        page = figure.bbox.padded(1)
        for text, extent in texts:
            inside = page.x0 <= extent.x0 and extent.x1 <= page.x1
            inside &= page.y0 <= extent.y0 and extent.y1 <= page.y1
            assert inside, f"{name}: {text.get_text()!r} leaves the page"
            size = text.get_fontsize()
            # Exponents of a logarithmic axis are part of the text, and are set smaller in it.
            assert size >= 6.5, f"{name}: {text.get_text()!r} has {size} points"
        for (one, first), (other, second) in combinations(texts, 2):
            if one.get_rotation() % 90 or other.get_rotation() % 90:
                continue  # The boxes of slanted texts overlap where the texts do not.
            overlap = first.padded(-0.5).overlaps(second.padded(-0.5))
            assert not overlap, f"{name}: {one.get_text()!r} covers {other.get_text()!r}"

    return check


def visible_texts(figure):
    """Find all texts that are drawn, with their extents."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    texts = figure.findobj(lambda artist: isinstance(artist, mpl.text.Text))
    hidden = [
        text
        for axes in figure.axes
        if not axes.axison
        for axis in (axes.xaxis, axes.yaxis)
        for text in axis.findobj(mpl.text.Text)
    ]
    hidden += [
        tick.label2 for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
    ]  # fmt: skip
    # Ticks beyond the limits of an axis are kept, but not drawn.
    for axes in figure.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not min(limits) - 1e-9 <= tick.get_loc() <= max(limits) + 1e-9:
                    hidden.append(tick.label1)
    hidden_ids = {id(text) for text in hidden}
    return [
        # An annotation's own extent would hold the line to its point, too.
        (text, mpl.text.Text.get_window_extent(text, renderer))
        for text in texts
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden_ids
    ]
