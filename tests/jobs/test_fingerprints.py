"""A fingerprint changes with the code that a job reaches, and with nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import neurobust
from neurobust.config.recipes import Recipe
from neurobust.jobs.fingerprints import MACHINERY, Code, is_machinery

REPOSITORY = Path(__file__).parents[2]
SOURCE = Path(neurobust.__file__).parent
TRAIN = REPOSITORY / "workflow_scripts" / "train_network.py"
CLASSIFIER = Recipe(trunk="vgg11", objectives={"c": {"kind": "classification"}})
ORACLE = Recipe(trunk="vgg11", objectives={"c": {"kind": "classification", "corrupted": 0.5}})


@pytest.fixture
def package(tmp_path):
    """Return a copy of the package, which the fingerprints are taken of."""
    copy = tmp_path / "neurobust"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def modules(recipe):
    return [f"neurobust.{part}" for part in recipe.training_parts()]


def fingerprint(package, script=TRAIN, recipe=CLASSIFIER):
    return Code({"neurobust": package}).fingerprint(script, modules(recipe))


def reached(script, recipe=None, package=SOURCE):
    named = [] if recipe is None else modules(recipe)
    names = Code({"neurobust": package}).reached(script, named)
    return {name.removeprefix("neurobust.") for name in names}


def change(file, old, new):
    text = file.read_text()
    assert text.count(old) >= 1, old
    file.write_text(text.replace(old, new, 1))


def test_a_training_reaches_its_own_parts_and_no_others():
    found = reached(TRAIN, CLASSIFIER)
    assert {
        "training.train",
        "training.loop",
        "training.schedules",
        "training.objectives.classification",
        "networks.network",
        "networks.trunks.vgg11",
        "networks.architectures.vgg",
        "files.storage",
        "config.recipes",
    } <= found
    for name in (
        "networks.trunks.vgg19",
        "networks.trunks.robustbench",
        "networks.architectures.cornet",
        "networks.frontends.pca",
        "networks.weights",
        "training.objectives.matching",
        "training.losses.adversarial",
        "config.objectives.matching",
        "config.experiment",
        "images.corruptions",
        "images.sources.photographs",
    ):
        assert name not in found
    assert not any(name.startswith(("plotting", "statistics", "evaluation")) for name in found)
    assert "images.corruptions.weather" in reached(TRAIN, ORACLE)
    images = reached(REPOSITORY / "workflow_scripts" / "build_image_set.py")
    assert not any(name.startswith(("training", "networks", "images.sources.")) for name in images)


def test_machinery_is_not_reached_even_through_others():
    found = reached(TRAIN, ORACLE)
    for name in MACHINERY:
        short = name.removeprefix("neurobust.")
        assert not any(each == short or each.startswith(f"{short}.") for each in found)


def test_machinery_is_there():
    for name in MACHINERY:
        path = SOURCE.joinpath(*name.split(".")[1:])
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_every_form_of_import_is_followed(tmp_path, package):
    (package / "new").mkdir()
    (package / "new" / "__init__.py").write_text('"""New."""\n')
    (package / "new" / "leaf.py").write_text("VALUE = 1\n")
    (package / "new" / "beside.py").write_text("from . import leaf\n")
    (package / "new" / "below.py").write_text("from .leaf import VALUE\n")
    leaf = {"neurobust", "new", "new.leaf"}
    for line, wanted in (
        ("import neurobust.new.leaf", leaf),
        ("import neurobust.new.leaf as leaf, os", leaf),
        ("from neurobust.new import leaf", leaf),
        ("from neurobust.new.leaf import VALUE", leaf),
        ("def late():\n    from neurobust.new.leaf import VALUE", leaf),
        ("import neurobust.new.beside", {*leaf, "new.beside"}),
        ("import neurobust.new.below", {*leaf, "new.below"}),
    ):
        script = tmp_path / "script.py"
        script.write_text(line + "\n")
        assert reached(script, package=package) == wanted


def test_a_module_that_is_not_there_is_refused(package):
    with pytest.raises(ModuleNotFoundError, match=r"studies\.mine"):
        Code({"neurobust": package}).fingerprint(TRAIN, ["studies.mine"])


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
    before = fingerprint(package, script)
    change(leaf, "1", "2")
    assert fingerprint(package, script) != before


LOOP = "training/loop.py"


@pytest.mark.parametrize(
    ("module", "changes"),
    [
        (
            LOOP,
            [
                ('"""The training loop', '"""A training loop'),
                ("tiny = 1e-9  #", "tiny = (\n        1e-9\n    )  # another reason,"),
                ("import copy\n", "import copy  # of weights\n\n"),
            ],
        ),
        (LOOP, [('"training, epoch {epoch + 1}"', '"in epoch {epoch + 1}"')]),
        (LOOP, [("log.info(", "log.debug(")]),
        ("networks/network.py", [('"correct the readout_layer', '"change the readout_layer')]),
        ("jobs/gpus.py", [("SLOTS = 12", "SLOTS = 24")]),
        ("files/provenance.py", [('UNKNOWN = "unknown"', 'UNKNOWN = "?"')]),
        ("config/objectives/classification.py", [("steps: int = Field(7", "steps: int = Field(8")]),
        (
            "config/recipes.py",
            [
                (
                    "    stages: list[Stage] = []\n",
                    "    stages: list[Stage] = []\n    new: int = 0\n",
                )
            ],
        ),
        ("config/recipes.py", [("'architecture' belongs to", "'architecture' is for")]),
        ("networks/trunks/resnet18.py", [("def build", "NEW = 1\n\n\ndef build")]),
    ],
    ids=[
        "docstring, layout and comment",
        "message of an error",
        "log",
        "message of an error elsewhere",
        "how GPUs are leased",
        "records",
        "default of a field: jobs are given its value",
        "field",
        "validator",
        "another trunk",
    ],
)
def test_what_cannot_alter_a_training_does_not_count(package, module, changes):
    before = fingerprint(package)
    for old, new in changes:
        change(package / module, old, new)
    assert fingerprint(package) == before


@pytest.mark.parametrize(
    "new",
    [
        "networks/trunks/mine.py",
        "networks/frontends/mine.py",
        "training/objectives/mine.py",
        "config/objectives/mine.py",
        "config/frontends/mine.py",
        "recordings/sources/mine.py",
        "images/sources/mine.py",
        "evaluation/mine.py",
    ],
)
def test_a_new_file_does_not_count(package, new):
    before = fingerprint(package)
    (package / new).write_text('"""Mine."""\n\nVALUE = 1\n')
    assert fingerprint(package) == before


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        (LOOP, "tiny = 1e-9", "tiny = 1e-8"),
        ("training/objectives/classification.py", "cross_entropy(", "nll_loss("),
        ("networks/architectures/vgg.py", "nn.Dropout(0.5)", "nn.Dropout(0.4)"),
        ("networks/trunks/vgg11.py", "(1, 1, 2, 2, 2)", "(1, 1, 2, 2, 3)"),
        ("randomness.py", "_BITS = 63", "_BITS = 62"),
        ("images/corruptions/noise.py", "import torch\n", "import torch\n\nNEW = 1\n"),
        (
            "config/objective.py",
            "learns_labels: ClassVar[bool] = False",
            "learns_labels: ClassVar[bool] = True",
        ),
        ("config/recipes.py", "return self.stages or", "return self.stages[1:] or"),
    ],
)
def test_code_counts(package, module, old, new):
    before = fingerprint(package, recipe=ORACLE)
    change(package / module, old, new)
    assert fingerprint(package, recipe=ORACLE) != before


def test_an_error_of_another_kind_counts(package):
    before = fingerprint(package)
    change(package / "networks" / "network.py", "raise InputError(", "raise ValueError(")
    assert fingerprint(package) != before


def test_a_new_import_counts(package):
    before = fingerprint(package)
    change(
        package / "randomness.py", "import hashlib\n", "import hashlib\n\nimport neurobust.dims\n"
    )
    assert fingerprint(package) != before


@pytest.mark.parametrize("script", ["train_network", "evaluate", "build_image_set", "draw"])
def test_no_module_is_imported_that_is_not_reached(script):
    """Compare what Python imports for a job with what the fingerprint covers."""
    recipe = Recipe(
        trunk="vgg11",
        frontend={"kind": "pca"},
        objectives={
            "c": {"kind": "classification", "corrupted": 0.5, "augmix": {}},
            "m": {"kind": "matching"},
            "r": {"kind": "responses", "source": "a"},
            "s": {"kind": "similarity", "source": "a"},
        },
    )
    parts = recipe.training_parts() if script == "train_network" else []
    file = REPOSITORY / "workflow_scripts" / f"{script}.py"
    code = (
        "import runpy, sys\n"
        f"runpy.run_path({str(file)!r})\n"
        "from neurobust.parts import load_part\n"
        f"for part in {parts!r}: load_part(part)\n"
        "print(*(name for name in sys.modules if name.split('.')[0] == 'neurobust'))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = {name for name in ran.stdout.split() if not is_machinery(name)}
    covered = {f"neurobust.{name}" for name in reached(file, recipe if parts else None)}
    # Settings of every kind are imported to be looked up; those that a job uses are its values.
    settings = ("objective", "frontends", "images", "recordings", "recording", "splits")
    left = {name for name in imported - covered if not name.startswith(settings_of(settings))}
    assert left <= {"neurobust"}


def settings_of(keys):
    return tuple(f"neurobust.config.{key}" for key in keys)
