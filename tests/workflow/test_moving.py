"""Results moved to a clone on another machine, by the commands of docs/moving-results.md."""

import os
import re
import shlex
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

SMOKE = ("--configfile", "presets/smoke.yaml")
PAPER = ("--configfile", "presets/paper.yaml")
pytestmark = pytest.mark.slow
DRAWS = "safarani2021_fig3"
MODULE = "studies/safarani2021/figures/fig3.py"
NOTHING = "Nothing to be done"


@pytest.fixture(scope="module")
def documented(smoke_results):
    """Return the commands of the guide, for the smoke preset: pack, unpack, touch, draw."""
    guide = (smoke_results.folder / "docs" / "moving-results.md").read_text()
    blocks = re.findall(r"^```sh\n(.+?)^```", guide, re.MULTILINE | re.DOTALL)
    return "".join(blocks).replace("paper", "smoke").splitlines()


def arguments(command):
    """Return what a command gives to Snakemake."""
    given = shlex.split(command)
    assert given[:3] == ["uv", "run", "snakemake"]
    return given[3:]


@pytest.fixture(scope="module")
def unpacked(smoke_results, documented, tmp_path_factory):
    """Pack the results, which were built with conda, and unpack them in a fresh clone."""
    pack, unpack, _, _ = documented
    clone = tmp_path_factory.mktemp("laptop") / "neurobust"
    subprocess.run(["bash", "-c", pack], cwd=smoke_results.folder, check=True)
    # As git does, a plain copy gives every file the present date.
    laptop = smoke_results.copy(smoke_results.folder, clone, copy_function=shutil.copy)
    shutil.move(smoke_results.folder / "smoke.tar.gz", clone)
    subprocess.run(["bash", "-c", unpack], cwd=clone, check=True)
    return laptop


@pytest.fixture(scope="module")
def before(unpacked, documented):
    """Return what would run right after unpacking."""
    return unpacked.run(*arguments(documented[3]), "--dry-run")


@pytest.fixture(scope="module")
def laptop(unpacked, documented, before):
    """Finish the move with the guide's command."""
    touched = unpacked.run(*arguments(documented[2]))
    assert touched.status == 0, touched.printed
    return unpacked


@pytest.fixture
def draw(documented):
    """Return the arguments that draw the figure."""
    return arguments(documented[3])


def test_without_the_guide_s_command_all_would_be_trained_again(before):
    assert before.jobs["train_network"] > 1


def test_what_is_needed_for_training_alone_is_left_behind(smoke_results, laptop):
    built, moved = (
        {folder.name for folder in (copy.folder / "results" / "smoke").glob("*/")}
        for copy in (smoke_results, laptop)
    )
    assert built - moved == {"images", "networks", "recordings", "responses", "similarity"}
    assert not (laptop.folder / "resources").exists()


def test_nothing_is_to_be_done(laptop):
    plan = laptop.plan(options=SMOKE)
    assert plan.status == 0, plan.printed
    assert NOTHING in plan.printed


def test_a_laptop_without_a_gpu_needs_none(laptop):
    plan = laptop.plan(options=(*SMOKE, "--config", "device=gpu"))
    assert NOTHING in plan.printed


def test_a_deleted_figure_alone_is_drawn_again_and_is_the_same(smoke_results, laptop, draw):
    figure = laptop.folder / draw[0]
    figure.unlink()
    built = laptop.run(*draw)
    assert built.status == 0, built.printed
    assert built.jobs == {DRAWS: 1}
    with Image.open(figure) as again, Image.open(smoke_results.folder / draw[0]) as first:
        np.testing.assert_array_equal(again, first)


def test_a_figure_whose_code_was_edited_alone_is_drawn_again(laptop):
    edited = laptop.folder / MODULE
    code, dates = edited.read_text(), edited.stat()
    edited.write_text(code + "\nEDITED = True\n")
    plan = laptop.plan(options=SMOKE)
    edited.write_text(code)
    os.utime(edited, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert plan.status == 0, plan.printed
    assert plan.jobs == {DRAWS: 1, "all": 1}


def test_an_edit_of_the_training_is_seen_although_no_network_is_there(laptop):
    plan = laptop.plan(options=(*SMOKE, "--config", "schedules={classification: {max_epochs: 3}}"))
    assert plan.status == 0, plan.printed
    assert plan.jobs["train_network"] > 1


def test_a_retrieved_file_that_stayed_behind_is_not_missed(laptop):
    image_set = "results/paper/images/tiny-imagenet.nc"
    file = laptop.folder / image_set
    file.parent.mkdir(parents=True)
    file.write_text("moved")
    touched = laptop.build(image_set, options=("--touch", "--forceall", *PAPER))
    assert touched.status == 0, touched.printed
    assert "resources/tiny-imagenet-200.zip" in touched.printed.partition("not touched")[2]
    plan = laptop.plan(image_set, options=PAPER)
    assert NOTHING in plan.printed
    assert file.read_text() == "moved"
