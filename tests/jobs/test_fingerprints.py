"""A fingerprint changes with the code that a script reaches, and with nothing else."""

import shutil
from pathlib import Path

import pytest

import neurobust
from neurobust.jobs import fingerprints

SOURCE = Path(neurobust.__file__).parent
SCRIPTS = Path(__file__).parent.parent / "workflow_scripts"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a copy of the package, which the fingerprints are taken of."""
    copy = tmp_path / "neurobust"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprints, "_ROOT", copy)
    return copy


def fingerprint(script):
    fingerprints._imports.cache_clear()
    fingerprints._code.cache_clear()
    return fingerprints.fingerprint(script)


def change(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def names(script):
    return {str(path.relative_to(SOURCE)) for path in fingerprints.reached_modules(script)}


def test_a_script_reaches_what_it_imports_and_no_more():
    reached = names(SCRIPTS / "train_network.py")
    assert {
        "__init__.py",
        "training/__init__.py",
        "training/train.py",
        "training/loop.py",
        "training/schedules.py",
        "networks/trunks.py",
        "images/corruptions/weather.py",
        "storage.py",
    } <= reached
    assert not any(name.startswith(("figures/", "analysis/", "evaluation/")) for name in reached)
    assert not any(name.startswith("training/") for name in names(SCRIPTS / "build_image_set.py"))


def test_every_form_of_import_is_followed(tmp_path, package):
    (package / "new").mkdir()
    (package / "new" / "__init__.py").write_text('"""New."""\n')
    (package / "new" / "leaf.py").write_text("VALUE = 1\n")
    for line in (
        "import neurobust.new.leaf",
        "import neurobust.new.leaf as leaf, os",
        "from neurobust.new import leaf",
        "from neurobust.new.leaf import VALUE",
        "def late():\n    from neurobust.new.leaf import VALUE",
    ):
        script = tmp_path / "script.py"
        script.write_text(line + "\n")
        fingerprints._imports.cache_clear()
        reached = {str(path.relative_to(package)) for path in fingerprints.reached_modules(script)}
        assert reached == {"__init__.py", "new/__init__.py", "new/leaf.py"}


@pytest.mark.parametrize(
    "function",
    [
        "def use():\n    from neurobust.leaf import VALUE\n    return VALUE\n",
        "class A:\n    def use(self):\n        import neurobust.leaf\n",
        "def use():\n    if True:\n        from neurobust import leaf\n        return leaf\n",
    ],
    ids=["function", "method", "block"],
)
def test_code_behind_an_import_inside_a_function_counts(tmp_path, package, function):
    leaf, script = package / "leaf.py", tmp_path / "script.py"
    leaf.write_text("VALUE = 1\n")
    (package / "between.py").write_text(function)
    script.write_text("from neurobust import between\n")
    before = fingerprint(script)
    change(leaf, "1", "2")
    assert fingerprint(script) != before


def test_comments_docstrings_and_layout_do_not_count(package):
    script = SCRIPTS / "train_network.py"
    before = fingerprint(script)
    loop = package / "training" / "loop.py"
    change(loop, '"""The one training loop', '"""A training loop')
    change(loop, "tiny = 1e-9  #", "tiny = (\n        1e-9\n    )  # another reason,")
    change(loop, '    """Make one pass', '    """Walk once')
    loop.write_text("# a comment\n\n" + loop.read_text())
    assert fingerprint(script) == before


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("training/loop.py", "tiny = 1e-9", "tiny = 1e-8"),
        ("networks/trunks.py", "nn.Dropout(0.5)", "nn.Dropout(0.4)"),
        ("randomness.py", "_BITS = 63", "_BITS = 62"),
    ],
)
def test_code_counts(package, module, old, new):
    script = SCRIPTS / "train_network.py"
    before = fingerprint(script)
    change(package / module, old, new)
    assert fingerprint(script) != before


def test_code_that_is_not_reached_does_not_count(package):
    script = SCRIPTS / "train_network.py"
    before = fingerprint(script)
    with (package / "figures" / "style.py").open("a") as file:
        file.write("NEW = 1\n")
    assert fingerprint(script) == before


def test_a_new_import_counts(package):
    script = SCRIPTS / "train_network.py"
    before = fingerprint(script)
    change(package / "errors.py", "class InputError", "import neurobust.dims\n\n\nclass InputError")
    assert fingerprint(script) != before
