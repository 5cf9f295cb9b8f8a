"""Downloads from a local server, and everything that can go wrong."""

import functools
import hashlib
import http.server
import threading

import pytest

from neurobust.errors import InputError
from neurobust.images.sources.retrieve import retrieve

CONTENT = bytes(range(256)) * 5000  # more than one chunk
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without logging."""

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "data.bin").write_bytes(CONTENT)
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "resources" / "data.bin"


def nothing_is_left(path):
    return not path.parent.exists() or not list(path.parent.iterdir())


def test_a_file_is_downloaded_whole(server, path):
    retrieve(f"{server}/data.bin", path, sha256=SHA256.upper(), n_bytes=len(CONTENT))
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_there_is_kept_without_the_internet(path):
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    before = path.stat().st_mtime_ns
    retrieve("http://127.0.0.1:9/none", path, sha256=SHA256)
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("n_bytes", "problem"), [(None, "the file's sha256 is"), (5, "the file has 3 bytes")]
)
def test_another_file_that_is_there_is_neither_used_nor_replaced(server, path, n_bytes, problem):
    path.parent.mkdir()
    path.write_bytes(b"abc")
    with pytest.raises(InputError, match=problem):
        retrieve(f"{server}/data.bin", path, sha256=SHA256, n_bytes=n_bytes)
    assert path.read_bytes() == b"abc"


def test_a_folder_in_its_place_is_refused(server, path):
    path.mkdir(parents=True)
    with pytest.raises(InputError, match="it is not a file"):
        retrieve(f"{server}/data.bin", path, sha256=SHA256)


@pytest.mark.parametrize(
    ("expected", "problem"),
    [
        ({"sha256": "0" * 64}, "the file's sha256 is"),
        ({"sha256": SHA256, "n_bytes": 7}, "the file has 1280000 bytes"),
    ],
)
def test_another_file_that_arrives_is_refused(server, path, expected, problem):
    with pytest.raises(InputError, match=problem) as caught:
        retrieve(f"{server}/data.bin", path, **expected)
    assert str(path) in caught.value.fix
    assert nothing_is_left(path)


@pytest.mark.parametrize("name", ["absent.bin", "closed port", "file", "no address"])
def test_errors_of_a_file_that_cannot_be_had_name_its_url_and_path(server, path, tmp_path, name):
    url = {
        "absent.bin": f"{server}/absent.bin",
        "closed port": "http://127.0.0.1:9/data.bin",
        "file": (tmp_path / "none.bin").as_uri(),
        "no address": "data.bin",
    }[name]
    with pytest.raises(InputError, match="cannot be downloaded") as caught:
        retrieve(url, path, sha256=SHA256)
    assert url in caught.value.fix
    assert str(path) in caught.value.fix
    assert nothing_is_left(path)
