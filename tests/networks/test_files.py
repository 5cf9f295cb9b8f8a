"""Network files give back the network that was saved, and damaged ones are refused."""

import dataclasses

import pytest
import torch

from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.networks.files import NetworkFile, load_by_name, load_network, save_network
from neurobust.networks.network import Heads, build_network

HEADS = Heads(3, {"first": ["a", "b"], "second": ["c"]}, continuous=True)
HISTORY = {"epoch": [1.0, 2.0], "validation_score": [0.25, float("nan")]}


def make():
    recipe = Recipe(
        display={"label": "Tiny"},
        seeds=[1000],
        trunk="vgg11",
        width=1 / 32,
        objectives={"v1": {"kind": "responses", "source": "p", "ratio": "1:3"}},
    )
    network = build_network(recipe, HEADS, seed=3)
    network.classify(torch.randn(8, 1, 32, 32))  # running statistics other than 0 and 1
    return NetworkFile(network, 1000, HISTORY)


@pytest.fixture
def saved(tmp_path):
    made = make()
    save_network(made, tmp_path / "network.pt")
    return made, tmp_path / "network.pt"


def test_outputs_survive(saved):
    made, path = saved
    loaded = load_network(path)
    assert not loaded.network.training
    images = torch.randn(4, 1, 32, 32)
    made.network.eval()
    with torch.no_grad():
        assert torch.equal(loaded.network.classify(images), made.network.classify(images))
        assert torch.equal(loaded.network.respond(images), made.network.respond(images))


def test_the_record_survives(saved):
    made, path = saved
    loaded = load_network(path)
    assert loaded.network.recipe.training_key() == made.network.recipe.training_key()
    assert loaded.network.heads == HEADS
    assert loaded.seed == 1000
    assert str(loaded.history) == str(HISTORY)  # NaN is not equal to itself


def test_what_figures_show_and_other_seeds_are_not_recorded(saved):
    recipe = torch.load(saved[1], weights_only=True)["recipe"]
    assert not {"display", "seeds"} & set(recipe)


def test_files_of_recipes_with_label_and_seeds_are_read(saved, tmp_path):
    # Older files spell out every field of the recipe, with a label and the seeds.
    made, path = saved
    content = torch.load(path, weights_only=True)
    fields = made.network.recipe.model_dump(mode="json", exclude={"display"})
    content["recipe"] = {"label": "Tiny", **fields}
    assert content["recipe"]["seeds"] == [1000]
    assert content["recipe"]["weights"] is None
    torch.save(content, tmp_path / "old.pt")
    loaded = load_network(tmp_path / "old.pt")
    assert loaded.network.recipe == load_network(path).network.recipe
    images = torch.randn(2, 1, 32, 32)
    with torch.no_grad():
        expected = made.network.eval().classify(images)
        assert torch.equal(loaded.network.classify(images), expected)


def test_a_file_runs_no_code(saved):
    content = torch.load(saved[1], weights_only=True)
    assert set(content["weights"]) == set(saved[0].network.state_dict())
    assert all(value.device.type == "cpu" for value in content["weights"].values())


def test_the_same_network_gives_the_same_bytes_wherever_it_is_saved(saved, tmp_path):
    made, path = saved
    save_network(made, tmp_path / "deep" / "other-name.pt")
    assert (tmp_path / "deep" / "other-name.pt").read_bytes() == path.read_bytes()


def test_damaged_files_are_refused(saved, tmp_path):
    data = saved[1].read_bytes()
    contents = {
        "truncated.pt": data[: len(data) // 2],
        "short.pt": data[:10],
        "empty.pt": b"",
        "text.pt": b"no network",
        "picture.pt": b"\x89PNG\r\n\x1a\n" + bytes(100),
        # Pickles that underflow the unpickler's stack, or name what was never stored.
        "stack.pt": b"\x80\x02.",
        "memo.pt": b"\x80\x02h\x05.",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    for name in (*contents, "absent.pt"):
        with pytest.raises(InputError, match=name):
            load_network(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read as a network"):
        load_network(tmp_path)


@pytest.mark.parametrize("change", ["other", "missing key", "weights", "recipe", "heads", "pickle"])
def test_other_torch_files_are_refused(saved, tmp_path, change):
    content = torch.load(saved[1], weights_only=True)
    if change == "other":
        content = torch.zeros(3)
    elif change == "missing key":
        del content["seed"]
    elif change == "weights":
        content["weights"].popitem()
    elif change == "recipe":
        content["recipe"]["trunk"] = "vgg12"
    elif change == "heads":
        content["heads"]["classes"] = 3
    elif change == "pickle":
        content["seed"] = Harmful("x")
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(InputError, match=r"other\.pt"):
        load_network(tmp_path / "other.pt")


@dataclasses.dataclass
class Harmful:
    """A class that only an unsafe load would rebuild."""

    name: str


def test_networks_are_named_by_their_folder(tmp_path):
    paths = [tmp_path / name / f"seed{seed}.pt" for name in "ab" for seed in (1000, 2000)]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        save_network(dataclasses.replace(make(), seed=int(path.stem[4:])), path)
    found = load_by_name(paths)
    assert {name: [*seeds] for name, seeds in found.items()} == {
        "a": [1000, 2000],
        "b": [1000, 2000],
    }
