"""The default image set: patches of the ImageNet photographs that come with foolbox.

They need no download. Twenty photographs are too few for object recognition, so the task is to
recognise which photograph a patch comes from. Patches share no pixels, so splits do not either.
"""

import importlib.metadata
import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from jaxtyping import UInt8
from PIL import Image

from neurobust.config.images.photographs import Photographs
from neurobust.config.splits import SPLIT_SEED
from neurobust.dims import TEST, TRAIN, VALIDATION
from neurobust.errors import InputError
from neurobust.images.form import CHANNELS, decode_rgb, make_image_set
from neurobust.randomness import generator

TASK = "which photograph does a patch come from"
TILE_PX = 64

_PLACE = "image set 'photographs'"
_FILE_NAME = re.compile(r"imagenet_(?P<number>\d+)_(?P<imagenet_class>\d+)\.jpg")
_IDS_PER_PHOTOGRAPH = 1_000_000  # more than the tiles of any photograph


def build(settings: Photographs) -> xr.Dataset:
    """Build the image set of these settings; see `build_photographs`."""
    return build_photographs(
        settings.photographs,
        short_side_px=settings.short_side_px,
        tile_px=settings.tile_px,
        test_fraction=settings.test,
        validation_fraction=settings.validation,
        seed=SPLIT_SEED,
    )


def build_photographs(
    numbers: Sequence[int],
    *,
    short_side_px: int = 768,
    tile_px: int = TILE_PX,
    test_fraction: float,
    validation_fraction: float,
    seed: int,
) -> xr.Dataset:
    """Cut photographs into patches, labelled with the photograph they come from.

    Each photograph is resized (Lanczos) and cut into a centred square grid of disjoint tiles. Its
    tiles are shuffled and divided among the splits, equally many per photograph.

    Parameters
    ----------
    numbers
        Photographs, by the number in their file names; their order gives the labels.
    short_side_px
        Shorter side after resizing, in pixels.
    tile_px
        Side of a patch, in pixels.
    test_fraction, validation_fraction
        Shares of each photograph's tiles, rounded to whole tiles; the rest is for training.
    seed
        Seed of the shuffle. A photograph's split does not depend on the others chosen.

    Raises
    ------
    InputError
        If foolbox's photographs are missing, a number is unknown or repeated, fewer than two are
        given, a tile does not fit in the short side, or a split would be empty.
    """
    files = _chosen_files(numbers)
    if not 1 <= tile_px <= short_side_px:
        raise InputError(
            _PLACE,
            f"'tile_px' is {tile_px} with 'short_side_px' {short_side_px}",
            expected="a tile from 1 pixel to the short side",
            fix="lower tile_px or raise short_side_px",
        )
    pixels = [_tiles(_resized(path, short_side_px), tile_px) for path in files.values()]
    n_tiles = len(pixels[0])  # the square grid makes it the same for all
    sizes = _split_sizes(n_tiles, test_fraction, validation_fraction)
    return make_image_set(
        pixels=np.concatenate(pixels),
        image_id=np.concatenate(
            [number * _IDS_PER_PHOTOGRAPH + np.arange(n_tiles, dtype=np.int64) for number in files]
        ),
        label=np.repeat(np.arange(len(files), dtype=np.int64), n_tiles),
        split=np.concatenate([_deal(sizes, seed, number) for number in files]).tolist(),
        class_names=[_class_name(path) for path in files.values()],
        identifier="photographs" if tile_px == TILE_PX else f"photographs-{tile_px}px",
        source=f"package data of foolbox {importlib.metadata.version('foolbox')}",
        licence="photographs of ImageNet (non-commercial research), distributed with foolbox (MIT)",
        task=TASK,
    )


def find_photographs() -> dict[int, Path]:
    """Return the photographs that come with foolbox, by number; foolbox is not imported.

    Raises
    ------
    InputError
        If foolbox is not installed or came without its data.
    """
    spec = importlib.util.find_spec("foolbox")
    folders = (spec and spec.submodule_search_locations) or []
    found = {
        int(match["number"]): path
        for folder in folders
        for path in sorted(Path(folder, "data").glob("*.jpg"))
        if (match := _FILE_NAME.fullmatch(path.name))
    }
    if not found:
        raise InputError(
            _PLACE,
            "foolbox's photographs are missing",
            expected="files data/imagenet_NN_CCC.jpg in the package foolbox",
            fix="install foolbox again, or choose another image set",
        )
    return found


def _chosen_files(numbers: Sequence[int]) -> dict[int, Path]:
    found = find_photographs()
    unknown = [number for number in numbers if number not in found]
    if unknown or len(set(numbers)) != len(numbers) or len(numbers) < 2:
        problem = f"photograph {unknown[0]} is unknown" if unknown else f"it is {list(numbers)}"
        raise InputError(
            _PLACE,
            f"'numbers': {problem}",
            expected=f"two or more different numbers from {min(found)} to {max(found)}",
            fix="change the list of photographs",
        )
    return {number: found[number] for number in numbers}


def _resized(path: Path, short_side_px: int) -> UInt8[np.ndarray, "row column 3"]:
    picture = decode_rgb(path.read_bytes(), path)
    scale = short_side_px / min(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS))


def _tiles(
    picture: UInt8[np.ndarray, "row column 3"], tile_px: int
) -> UInt8[np.ndarray, "tile tile_row tile_column 3"]:
    """Cut the central square into a grid of tiles, row by row; a margin may remain unused."""
    # ASSUME: only the central square of a photograph is used, so that every class has equally many
    # tiles and they do not depend on which photographs are chosen.
    n_side = min(picture.shape[:2]) // tile_px
    top, left = ((side - n_side * tile_px) // 2 for side in picture.shape[:2])
    square = picture[top : top + n_side * tile_px, left : left + n_side * tile_px]
    grid = square.reshape(n_side, tile_px, n_side, tile_px, len(CHANNELS)).swapaxes(1, 2)
    return grid.reshape(n_side**2, tile_px, tile_px, len(CHANNELS))


def _split_sizes(n_tiles: int, test_fraction: float, validation_fraction: float) -> dict[str, int]:
    n_test = round(test_fraction * n_tiles)
    n_validation = round(validation_fraction * n_tiles)
    sizes = {TEST: n_test, VALIDATION: n_validation, TRAIN: n_tiles - n_test - n_validation}
    if min(sizes.values()) < 1:
        raise InputError(
            _PLACE,
            f"'test_fraction' {test_fraction} and 'validation_fraction' {validation_fraction} "
            f"of {n_tiles} tiles leave a split empty",
            expected="a tile or more for each of train, validation and test",
            fix="change the fractions, or cut more tiles with a smaller tile_px",
        )
    return sizes


def _deal(sizes: dict[str, int], seed: int, number: int) -> np.ndarray:
    """Return the split of each tile of a photograph."""
    dealt = np.repeat(list(sizes), list(sizes.values()))
    return generator(seed, "photographs", "split", number).permutation(dealt)


def _class_name(path: Path) -> str:
    match = _FILE_NAME.fullmatch(path.name)
    assert match  # found by this pattern
    return f"photograph {match['number']} (ImageNet class {match['imagenet_class']})"
