"""Time neural predictivity against the same PLS regressions on raw features.

Three ways to score one layer, on the same recording, network and splits:

- ours: `evaluate_predictivity`. Features once, reduced without loss, all neuroids at once; it also
  validates the layer and measures the ceiling, which the others do not.
- raw: features once, scikit-learn's PLS regression on them, all neuroids at once.
- naive: features anew for each split, one PLS regression for each neuroid; a share is timed and
  the rest extrapolated. PLS for one neuroid ignores the others and scores differently, so that it
  must agree with our map fitted to one neuroid at a time.
"""

from time import perf_counter

import numpy as np
import pandas as pd
import torch
import xarray as xr
from default import CPU, RECIPE, SEED, build
from report import begin, middle, print_table
from scipy.ndimage import gaussian_filter
from sklearn.cross_decomposition import PLSRegression

from neurobust.evaluation.predictivity.evaluate import evaluate_predictivity
from neurobust.evaluation.predictivity.mapping import predict_by_pls, reduce_features
from neurobust.evaluation.predictivity.populations import Division, divide_stimuli, find_populations
from neurobust.images.batches import Standard, as_channels
from neurobust.networks.network import Heads, Network
from neurobust.recordings.form import build_recording
from neurobust.recordings.trials import correlate

STIMULI = {"train": 270, "validation": 20, "test": 30}  # 300 are shuffled and split
NEUROIDS, REPEATS, SIDE_PX = 100, 4, 64
LAYER, COMPONENTS = "conv-3-1", 25
SPLITS = {"n_splits": 10, "left_out": 0.1, "seed": SEED}
TIMED = {"splits": 2, "neuroids": 5}  # of the naive way


def build_data() -> tuple[xr.DataTree, Network, torch.Tensor]:
    """Return a recording that the layer drives, the network, and the stimuli as it sees them."""
    random = np.random.default_rng(SEED)
    split = np.repeat([*STIMULI], [*STIMULI.values()])
    fields = gaussian_filter(random.normal(size=(len(split), SIDE_PX, SIDE_PX)), (0, 2, 2))
    pixels = (128 + 300 * fields).clip(0, 255).astype(np.uint8)
    network = build(RECIPE, Heads())
    seen = as_channels(torch.from_numpy(pixels), "gray")
    images = Standard.of(seen[torch.from_numpy(split == "train")])(seen)
    drive = reduce_features(extract(network, images))[:, :20] @ random.normal(size=(20, NEUROIDS))
    shown = np.tile(np.arange(len(split)), REPEATS)
    response = (drive / drive.std(0))[shown] + random.normal(size=(len(shown), NEUROIDS))
    ids = np.array([f"stimulus{number}" for number in range(len(split))])
    labels = {"stimulus_id": ids, "split": split, "group": ids}
    stimuli = xr.Dataset(
        {"pixels": (("stimulus", "row", "column"), pixels)},
        {name: ("stimulus", values) for name, values in labels.items()},
    )
    session = xr.Dataset(
        {"response": (("presentation", "neuroid"), response.astype(np.float32))},
        {
            "stimulus_id": ("presentation", ids[shown]),
            "neuroid_id": ("neuroid", [f"neuroid{number}" for number in range(NEUROIDS)]),
        },
    )
    attributes = {"identifier": "constructed", "region": "V1", "simulated": 1}
    return build_recording(stimuli, {"a": session}, attributes), network, images


@torch.no_grad()
def extract(network: Network, images: torch.Tensor) -> torch.Tensor:
    """Return the layer's features."""
    return network.features(images, LAYER).flatten(1)


def score_raw(features: np.ndarray, responses: np.ndarray, division: Division) -> np.ndarray:
    """Return correlations with scikit-learn's PLS regression on raw features."""
    fit, new = division
    regression = PLSRegression(COMPONENTS, scale=False, max_iter=2000)
    predicted = regression.fit(features[fit], responses[fit]).predict(features[new])
    return correlate(predicted.reshape(len(new), -1), responses[new])


def main() -> None:
    """Time the three ways in turn, and print what was found."""
    given = begin(__doc__, 5, "numpy", "scipy", "scikit-learn", "torch")
    recording, network, images = build_data()
    (population,) = find_populations(recording)
    divisions = divide_stimuli(population, "stratified", **SPLITS)
    alone = population.responses[:, : TIMED["neuroids"]].T[..., None]
    settings = {"splits": "stratified", **SPLITS, "components": COMPONENTS, "layers": [LAYER]}
    settings |= {"halves": 10, "fit_stimuli": None, "device": CPU}
    evaluate_predictivity({SEED: network}, recording, **settings)  # once to warm up
    rows = []
    for _ in range(given.rounds):
        start = perf_counter()
        scores = evaluate_predictivity({SEED: network}, recording, **settings)
        ours = perf_counter()
        features = extract(network, images).double().numpy()
        raw = np.stack([score_raw(features, population.responses, d) for d in divisions])
        theirs = perf_counter()
        naive, extracting, fitting = [], 0.0, 0.0
        for division in divisions[: TIMED["splits"]]:
            begun = perf_counter()
            features = extract(network, images).double().numpy()
            extracted = perf_counter()
            naive += [score_raw(features, own, division) for own in alone]
            extracting += extracted - begun
            fitting += perf_counter() - extracted
        whole = (extracting + fitting * NEUROIDS / len(alone)) * len(divisions) / TIMED["splits"]
        rows.append({"ours": ours - start, "raw": theirs - ours, "naive, extrapolated": whole})

    data = pd.DataFrame(rows)
    ratios = (data.median() / data["ours"].median()).round(1)
    print(f"{sum(STIMULI.values())} stimuli, {NEUROIDS} neuroids, {features.shape[1]} features")
    print_table(pd.DataFrame({"s": data.agg(middle), "times ours": ratios}))
    known = reduce_features(extract(network, images))
    own = [
        correlate(predict_by_pls(known[fit], y[fit], known[new], components=COMPONENTS), y[new])
        for fit, new in divisions[: TIMED["splits"]]
        for y in alone
    ]
    for names, difference in (
        ("ours and raw", scores["correlation"].to_numpy()[0] - raw),
        ("ours for one neuroid and naive", np.array(own) - np.array(naive)),
    ):
        print(f"largest difference of correlations, {names}: {abs(difference).max():.1e}")
    if given.output:
        data.to_csv(given.output, index=False)


if __name__ == "__main__":
    main()
