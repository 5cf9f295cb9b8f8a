"""Kinds are found in their folders, and each has the code that its settings are for."""

import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from neurobust.config.kinds import kinds_in, modules_in, one_of
from neurobust.parts import load_part, module_name

# package of the settings: the key that distinguishes kinds, the package of the code, its function
FOLDERS = {
    "objectives": ("kind", "training.objectives", "build"),
    "frontends": ("kind", "networks.frontends", "build"),
    "images": ("source", "images.sources", "build"),
    "recordings": ("source", "recordings.sources", "read"),
}


@pytest.mark.parametrize(
    ("folder", "kinds"),
    [
        ("objectives", {"classification", "matching", "responses", "similarity"}),
        ("frontends", {"blur", "pca"}),
        ("images", {"cifar-10", "folder", "photographs", "tiny-imagenet"}),
        ("recordings", {"brainio", "simulated", "tvsd"}),
    ],
)
def test_every_kind_is_found(folder, kinds):
    key, *_ = FOLDERS[folder]
    found = kinds_in(f"neurobust.config.{folder}", key)
    assert {*found} == kinds
    for kind, settings in found.items():
        assert settings.__module__ == f"neurobust.config.{folder}.{module_name(kind)}"
        assert settings.__doc__


@pytest.mark.parametrize("folder", FOLDERS)
def test_settings_stand_beside_the_code_that_they_are_for(folder):
    key, package, function = FOLDERS[folder]
    kinds = kinds_in(f"neurobust.config.{folder}", key)
    modules = [*map(module_name, kinds)]
    assert sorted(modules) == modules_in(f"neurobust.config.{folder}")
    for module in modules:
        assert callable(getattr(load_part(f"{package}.{module}"), function)), module
    for other in {*modules_in(f"neurobust.{package}")} - {*modules}:
        assert not hasattr(load_part(f"{package}.{other}"), function), f"{other} has no settings"


def test_every_trunk_can_be_built():
    trunks = modules_in("neurobust.networks.trunks")
    assert {"vgg19", "cornet_s", "resnet18"} <= {*trunks}
    for trunk in trunks:
        assert callable(load_part(f"networks.trunks.{trunk}").build), trunk


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a package with two kinds, a module with none and a private one; return its name."""
    folder = tmp_path / "some_kinds"
    folder.mkdir()
    (folder / "__init__.py").touch()
    text = (
        "from typing import Literal\nfrom neurobust.config.model import Model\n\n\n"
        "class Settings(Model):\n    kind: Literal[{kind!r}]\n    size: int = 1\n"
    )
    (folder / "first_one.py").write_text(text.format(kind="first-one"))
    (folder / "second.py").write_text(text.format(kind="second"))
    (folder / "_private.py").write_text(text.format(kind="private"))
    (folder / "helpers.py").write_text("from neurobust.config.model import Model\nVALUE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "some_kinds"
    kinds_in.cache_clear()
    for name in [name for name in sys.modules if name.startswith("some_kinds")]:
        del sys.modules[name]


def test_a_new_file_is_a_new_kind(package):
    assert modules_in(package) == ["first_one", "helpers", "second"]
    assert {*kinds_in(package, "kind")} == {"first-one", "second"}


def test_a_field_takes_any_kind_and_no_other(package):
    field = TypeAdapter(one_of(package, "kind"))
    made = field.validate_python({"kind": "first-one", "size": 3})
    assert type(made) is kinds_in(package, "kind")["first-one"]
    with pytest.raises(ValidationError, match="'first-one', 'second'"):
        field.validate_python({"kind": "third"})


def test_what_is_no_package_has_no_modules():
    assert modules_in("neurobust.nothing_of_this_name") == []
