"""Files are complete or absent, and errors name why one cannot be written."""

import errno
import os
import shutil

import pytest

from neurobust.errors import InputError
from neurobust.files.whole import whole


def test_an_error_leaves_no_file(tmp_path):
    def write_half():
        with whole(tmp_path / "deep" / "file.txt") as part:
            part.write_text("half")
            assert part.parent == tmp_path / "deep"
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_half()
    assert list((tmp_path / "deep").iterdir()) == []


def test_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write_half():
        with whole(path) as part:
            part.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_the_reason_why_a_file_cannot_be_written_is_named_and_the_old_file_stays(tmp_path, number):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write_half():
        with whole(path) as part:
            part.write_text("half")
            raise OSError(number, os.strerror(number))

    with pytest.raises(InputError, match="cannot be written") as raised:
        write_half()
    assert raised.value.place == str(path)
    assert os.strerror(number) in raised.value.problem
    assert "run the same command again" in raised.value.fix
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_distinguished_from_other_errors_that_hide_their_reason(
    tmp_path, monkeypatch
):
    def fail():
        with whole(tmp_path / "file.nc") as part:
            part.write_text("half")
            raise RuntimeError("NetCDF: HDF error")

    with pytest.raises(RuntimeError, match="HDF error"):
        fail()
    full = shutil.disk_usage(tmp_path)._replace(free=4096)
    monkeypatch.setattr("neurobust.files.whole.shutil.disk_usage", lambda folder: full)
    with pytest.raises(InputError, match="No space left on device"):
        fail()


def test_the_file_appears_only_at_the_end(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with whole(path) as part:
        part.write_text("new")
        assert part.suffix == path.suffix
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_had_begun_is_removed(tmp_path):
    for name in (".a.123.part.nc", ".a.b.123.part.nc", ".a.123.part.csv", ".ab.123.part.nc"):
        (tmp_path / name).write_text("half")
    with whole(tmp_path / "a.nc") as part:
        part.write_text("new")
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"a.nc", ".a.b.123.part.nc", ".a.123.part.csv", ".ab.123.part.nc"}
