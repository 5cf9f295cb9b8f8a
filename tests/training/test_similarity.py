"""Similarity of images: the loss over pairs, the mean over layers, and the objective."""

import math

import numpy as np
import pytest
import torch
import xarray as xr
from scipy.special import softmax
from scipy.stats import ortho_group

from neurobust.config.objectives import similarity as config
from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.networks.network import Heads, build_network
from neurobust.training.objectives.similarity import (
    LARGEST,
    MOMENTUM,
    RunningMean,
    Similarity,
    cosine_similarity,
    mix_layers,
    similarity_loss,
)

CPU = torch.device("cpu")
STIMULI, BATCH = 13, 6
FIRST_TWO = ["conv-1-1", "conv-2-1"]


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def naive_cosine(first, second):
    return first @ second / math.sqrt((first @ first) * (second @ second))


def naive_similarity(features, centre):
    centred = features - centre
    return np.array([[naive_cosine(a, b) for b in centred] for a in centred])


def naive_loss(model, neural):
    terms = []
    for i in range(len(model)):
        for j in range(i + 1, len(model)):
            pair = [min(max(s[i, j], -LARGEST), LARGEST) for s in (model, neural)]
            terms.append((math.atanh(pair[0]) - math.atanh(pair[1])) ** 2)
    return sum(terms) / len(terms)


def compare(features, centre):
    return cosine_similarity(torch.tensor(features), torch.tensor(centre)).numpy()


def test_similarity_is_the_cosine_around_the_centre():
    features, centre = draw(7, 5), draw(5, seed=1)
    # Float64 on both sides; only the order of additions differs.
    np.testing.assert_allclose(
        compare(features, centre), naive_similarity(features, centre), atol=1e-12
    )


def test_an_image_at_the_centre_is_similar_to_none():
    features = draw(4, 5)
    found = compare(features, features[2])
    np.testing.assert_array_equal(found[2], 0)
    np.testing.assert_array_equal(found[:, 2], 0)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("seed", range(3))
def test_rotated_scaled_and_shifted_features_are_as_similar(seed):
    features = draw(8, 6, seed=seed)
    rotation = ortho_group.rvs(6, random_state=seed)
    moved = 3.7 * features @ rotation + draw(6, seed=seed + 10)
    found = [compare(f, f.mean(0)) for f in (features, moved)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)  # float64, some ten additions
    stretched = features * np.arange(1, 7)  # no rotation: it does change the angles
    assert np.abs(compare(stretched, stretched.mean(0)) - found[0]).max() > 0.1


def test_layers_are_mixed_by_the_softmax_of_gamma():
    similarities, gamma = draw(3, 4, 4), np.array([0.3, -1.0, 2.0])
    expected = sum(w * s for w, s in zip(softmax(gamma), similarities, strict=True))
    found = mix_layers(torch.tensor(similarities), torch.tensor(gamma))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    even = mix_layers(torch.tensor(similarities), torch.zeros(3, dtype=torch.double))
    np.testing.assert_allclose(even, similarities.mean(0), atol=1e-12)


def test_the_loss_is_the_mean_over_pairs():
    model, neural = (naive_similarity(draw(6, 4, seed=n), np.zeros(4)) for n in (1, 2))
    found = similarity_loss(torch.tensor(model), torch.tensor(neural)).item()
    # Float64; arctanh below 4 and fifteen pairs.
    assert found == pytest.approx(naive_loss(model, neural), rel=1e-12)


def test_a_perfect_match_costs_nothing():
    similarity = torch.tensor(naive_similarity(draw(6, 4), np.zeros(4)))
    assert similarity_loss(similarity, similarity.clone()).item() == 0


def test_alike_and_opposite_images_have_a_finite_loss_and_gradient():
    model = torch.tensor([[1.0, 1.0, -1.0], [1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]], requires_grad=True)
    neural = torch.zeros(3, 3)
    loss = similarity_loss(model, neural)
    loss.backward()
    assert loss.item() == pytest.approx(2 * math.atanh(LARGEST) ** 2 / 3, rel=1e-4)  # float32
    assert torch.isfinite(model.grad).all()


def test_the_running_mean_starts_at_the_first_batch_and_follows():
    centre, expected = RunningMean(), None
    for seed in range(4):
        batch = draw(5, 3, seed=seed) + 10
        mean = batch.mean(0)
        expected = mean if expected is None else (1 - MOMENTUM) * expected + MOMENTUM * mean
        features = torch.tensor(batch, requires_grad=True)
        found = centre(features)
        assert not found.requires_grad
        np.testing.assert_allclose(found, expected, rtol=1e-12)  # float64
    assert "mean" in centre.state_dict()


@pytest.fixture
def similarities():
    random = np.random.default_rng(5)
    pixels = random.integers(0, 256, (STIMULI, 8, 8)).repeat(4, axis=1).repeat(4, axis=2)
    neural = naive_similarity(draw(STIMULI, 4, seed=6), np.zeros(4))
    return xr.Dataset(
        {
            "similarity": (("stimulus", "other_stimulus"), neural.clip(-1, 1).astype(np.float32)),
            "pixels": (("stimulus", "row", "column"), pixels.astype(np.uint8)),
        },
        coords={"stimulus_id": ("stimulus", [f"s{number}" for number in range(STIMULI)])},
        attrs={"network": "predictor"},
    )


def objective(similarities, network, seed=1, **fields):
    settings = config.Similarity(
        **{"kind": "similarity", "source": "p", "batch_size": BATCH} | fields
    )
    return Similarity(settings, similarities, network, seed=seed, purpose="similarity", device=CPU)


class Looking:
    """A network that records the images it sees and returns given features."""

    def __init__(self, network):
        self.recipe, self.stage_layers = network.recipe, network.stage_layers
        self.known_layer = network.known_layer
        self.gain = torch.ones(2, requires_grad=True)
        self.images = []

    def features_of(self, images, layers):
        self.images.append(images)
        first = self.gain[0] * images[:, :, :4] ** 2
        return [first, self.gain[1] * images.flatten(1)[:, 50:60]][: len(layers)]


def naive_batches(objective, network, similarities, find):
    """Yield the loss of each batch of a pass and that of a naive computation in float64."""
    means = [None, None]
    for number in range(len(objective)):
        network.images.clear()
        for loss in objective.losses(network, number):
            shown = find(network.images[0], similarities["pixels"].values)
            images = network.images[0].double().numpy()
            layers = [(images[:, :, :4] ** 2).reshape(len(images), -1)]
            layers.append(images.reshape(len(images), -1)[:, 50:60])
            model = 0
            for layer, features in enumerate(layers):
                mean = features.mean(0)
                old = means[layer]
                means[layer] = mean if old is None else 0.9 * old + 0.1 * mean
                model = model + naive_similarity(features, means[layer]) / 2
            yield shown, loss, model


def test_each_pass_compares_the_stimuli_shown_with_their_neural_similarity(
    similarities, network, find
):
    looking = Looking(network)
    made = objective(similarities, looking, layers=FIRST_TWO, weight=3.0)
    assert (len(made), made.weight, made.gaussian) == (3, 3.0, True)
    seen = []
    for shown, loss, model in naive_batches(made, looking, similarities, find):
        neural = similarities["similarity"].values[np.ix_(shown, shown)]
        # float32 features, and arctanh that stretches their rounding.
        assert loss.item() == pytest.approx(naive_loss(model, neural), rel=1e-3)
        seen += shown.tolist()
    # The third batch of the pass has one stimulus, of 13 in batches of 6, and thus no pair.
    assert len(seen) == len(set(seen)) == 12


def test_the_control_permutes_stimuli_as_wholes(similarities, network):
    def target(**fields):
        return objective(similarities, network, **fields)._neural.numpy()

    own, shuffled = target(), target(shuffled=True)
    np.testing.assert_array_equal(own, similarities["similarity"])
    np.testing.assert_array_equal(shuffled, target(shuffled=True))
    assert not np.array_equal(shuffled, target(shuffled=True, seed=2))
    assert not np.array_equal(shuffled, own)
    # Rows and columns together: each row keeps its values, the matrix its eigenvalues.
    np.testing.assert_array_equal(shuffled, shuffled.T)
    np.testing.assert_array_equal(sort_rows(shuffled), sort_rows(own))
    spectra = [np.linalg.eigvalsh(s.astype(np.float64)) for s in (own, shuffled)]
    np.testing.assert_allclose(*spectra, atol=1e-12)


def sort_rows(matrix):
    rows = np.sort(matrix, axis=1)
    return rows[np.lexsort(rows.T)]


def test_the_gradient_reaches_gamma_and_the_trunk_up_to_the_last_layer(similarities, network):
    made = objective(similarities, network, layers=FIRST_TWO)
    (loss,) = made.losses(network.train(), 0)
    loss.backward()
    assert (made.gamma.grad != 0).all()
    assert [p.item() for p in made.gamma] == [0, 0]
    for name, parameter in network.trunk.named_parameters():
        below = int(name.split(".")[0]) <= 6  # VGG11's conv-2-1: convolution, norm and ReLU 4 to 6
        assert (parameter.grad is not None) == below, name
    assert network.trunk[0].weight.grad.abs().max() > 0


def test_batches_follow_from_seed_and_number(similarities, network):
    def losses(seed):
        made = objective(similarities, network, seed=seed)
        return [loss.item() for number in range(3) for loss in made.losses(network, number)]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def test_layers_are_by_default_the_first_and_each_stage_s_last(similarities):
    expected = {
        "vgg19": ["conv-1-1", "conv-1-2", "conv-2-2", "conv-3-4", "conv-4-4", "conv-5-4"],
        "vgg11": ["conv-1-1", "conv-2-1", "conv-3-2", "conv-4-2", "conv-5-2"],
        "cornet-z": ["V1", "V2", "V4", "IT"],
    }
    for trunk, layers in expected.items():
        network = build_network(Recipe(trunk=trunk, width=1 / 64), Heads(2), seed=0)
        assert network.stage_layers() == layers
        assert len(objective(similarities, network).gamma) == len(layers)


def test_a_colour_network_sees_colours(similarities):
    network = build_network(Recipe(trunk="vgg11", width=1 / 32, colour="rgb"), Heads(2), seed=0)
    gray = similarities
    colourful = gray.assign(pixels=gray["pixels"].expand_dims(channel=3, axis=3).copy())
    reddish = colourful.assign(pixels=colourful["pixels"] // np.array([1, 2, 3], np.uint8))
    losses = [
        next(objective(data, network.eval()).losses(network, 0)).item()
        for data in (gray, colourful, reddish)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_several_layers_come_from_one_pass(network):
    images = torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    passes = []
    hooks = [module.register_forward_hook(lambda *_: passes.append(1)) for module in network.trunk]
    names = ["conv-3-1", "conv-1-1", "conv-2-1"]
    with torch.no_grad():
        found = network.features_of(images, names)
        assert len(passes) == 11  # VGG11's modules up to conv-3-1's ReLU, each once
        for hook in hooks:
            hook.remove()
        for name, features in zip(names, found, strict=True):
            assert torch.equal(features, network.features(images, name)), name


def broken(similarities, **variables):
    return similarities.assign(
        {name: (similarities[name].dims, values) for name, values in variables.items()}
    )


def test_similarities_that_are_no_cosines_are_refused(similarities, network):
    missing, large = similarities["similarity"].values.copy(), similarities["similarity"].values * 2
    missing[2, 3] = np.nan
    with pytest.raises(InputError, match=r"1 missing values \(NaN\), 0 beyond") as caught:
        objective(broken(similarities, similarity=missing), network)
    assert "predictor" in caught.value.place
    with pytest.raises(InputError, match="0 missing values"):
        objective(broken(similarities, similarity=large), network)
    with pytest.raises(InputError, match="of 1 stimuli"):
        objective(similarities.isel(stimulus=[0], other_stimulus=[0]), network)


def test_another_form_of_file_is_refused(similarities, network):
    with pytest.raises(InputError, match="'similarity' has dims"):
        objective(similarities.rename(other_stimulus="stimulus_2"), network)
    with pytest.raises(InputError, match="'pixels' is missing"):
        objective(similarities.drop_vars("pixels"), network)


def test_an_unknown_layer_is_refused(similarities, network):
    with pytest.raises(InputError, match="conv-9-9"):
        objective(similarities, network, layers=["conv-1-1", "conv-9-9"])
