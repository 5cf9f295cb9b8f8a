"""Files are complete or absent, and errors name damaged ones."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from neurobust.errors import InputError
from neurobust.files.storage import (
    load,
    open_dataset,
    read_dataset,
    read_table,
    read_tree,
    write_dataset,
    write_table,
)


def dataset():
    random = np.random.default_rng(0)
    return xr.Dataset(
        {"value": (("row", "column"), random.random((50, 40)), {"units": "ms"})},
        coords={"name": ("row", [f"r{number}" for number in range(50)])},
        attrs={"made_by": "a test", "simulated": 0},
    )


def tree():
    root = xr.Dataset(attrs={"identifier": "t"})
    return xr.DataTree.from_dict({"/": root, "/b": dataset(), "/a/deep": dataset() + 1})


def test_a_disk_that_is_really_full_is_named(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        write_table(pd.DataFrame({"x": [1]}), disk / "old.csv")
        for write, name in ((write_dataset, "a.nc"), (write_table, "old.csv")):
            big = xr.Dataset({"x": ("row", np.random.default_rng(0).random(1_000_000))})
            data = big if write is write_dataset else big.to_dataframe()
            with pytest.raises(InputError, match="No space left on device"):
                write(data, disk / name)
        assert [file.name for file in disk.iterdir()] == ["old.csv"]
        assert read_table(disk / "old.csv")["x"].tolist() == [1]
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # HDF5 holds what it failed at


def test_a_dataset_survives(tmp_path):
    write_dataset(dataset(), tmp_path / "a.nc")
    back = read_dataset(tmp_path / "a.nc")
    assert back.identical(dataset())
    assert back["value"].encoding["zlib"]


def test_a_part_is_read_alone(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (900, 64, 64), dtype=np.uint8)
    write_dataset(xr.Dataset({"pixels": (("image", "row", "column"), pixels)}), tmp_path / "a.nc")
    with open_dataset(tmp_path / "a.nc") as opened:
        assert opened["pixels"].encoding["chunksizes"] == (256, 64, 64)  # 2**20 bytes
        part = load(opened.isel(image=[3, 700]))
    np.testing.assert_array_equal(part["pixels"], pixels[[3, 700]])


def test_a_damaged_part_is_refused_when_it_is_read(tmp_path):
    path = tmp_path / "a.nc"
    noise = np.random.default_rng(0).integers(0, 256, (900, 64, 64), dtype=np.uint8)
    write_dataset(xr.Dataset({"pixels": (("image", "row", "column"), noise)}), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200_000] = bytes(200_000)
    path.write_bytes(content)
    with open_dataset(path) as opened:
        load(opened.isel(image=[0]))
        with pytest.raises(InputError, match=r"a\.nc: cannot be read"):
            load(opened.isel(image=slice(300, 700)))


def test_a_tree_survives(tmp_path):
    write_dataset(tree(), tmp_path / "a.nc")
    back = read_tree(tmp_path / "a.nc")
    assert back.identical(tree())
    assert back["/a/deep/value"].encoding["zlib"]


def test_a_read_file_is_closed(tmp_path):
    path = tmp_path / "a.nc"
    for content in (dataset(), tree()):
        write_dataset(content, path)
        read = read_tree if isinstance(content, xr.DataTree) else read_dataset
        back = read(path)
        write_dataset(content, path)
        path.unlink()
        assert back.identical(content)


def test_the_same_data_give_the_same_bytes(tmp_path):
    for name in ("a.nc", "b.nc"):
        write_dataset(dataset(), tmp_path / name)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


@pytest.mark.parametrize(
    ("content", "read"), [(dataset, read_dataset), (tree, read_tree)], ids=["dataset", "tree"]
)
def test_a_damaged_file_is_refused(tmp_path, content, read):
    whole_file = tmp_path / "whole.nc"
    write_dataset(content(), whole_file)
    data = whole_file.read_bytes()
    middle = len(data) // 2
    damaged = {
        "truncated.nc": data[: len(data) - 100],
        "cut-short.nc": data[:50],
        "overwritten.nc": data[:middle] + bytes(40) + data[middle + 40 :],
        "text.nc": b"not netCDF",
        "empty.nc": b"",
    }
    for name, content_of in damaged.items():
        (tmp_path / name).write_bytes(content_of)
    for name in (*damaged, "absent.nc"):
        with pytest.raises(InputError, match=name):
            read(tmp_path / name)


def test_tables_survive_and_bad_ones_are_refused(tmp_path):
    table = xr.Dataset({"a": ("i", [1.5, np.nan]), "b": ("i", ["NA", "x"])}).to_dataframe()
    write_table(table, tmp_path / "a.csv")
    back = read_table(tmp_path / "a.csv")
    # "NA" is a name (sodium, North America ...), only an empty field is missing.
    assert back["b"].tolist() == ["NA", "x"]
    np.testing.assert_array_equal(back["a"], [1.5, np.nan])
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    for name in ("empty.csv", "binary.csv", "absent.csv"):
        with pytest.raises(InputError, match=name):
            read_table(tmp_path / name)
