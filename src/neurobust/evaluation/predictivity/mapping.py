"""PLS regression from features to responses, in as few dimensions as the stimuli span."""

import numpy as np
import torch
from jaxtyping import Float, Float64
from sklearn.cross_decomposition import PLSRegression
from torch import Tensor

_BLOCK = 4096  # features that are converted to double precision at a time
_ITERATIONS = 2000  # limit of the power method; scikit-learn's 500 are sometimes too few


def reduce_features(
    features: Float[Tensor, "stimulus feature"],
) -> Float64[np.ndarray, "stimulus dimension"]:
    """Rotate features into the space that the stimuli span, without loss.

    A few hundred stimuli span at most as many dimensions, whatever the number of features.
    Centring and rotating the features into these dimensions keeps all inner products, and with them
    the predictions of every linear map that depends on inner products alone, such as ridge
    regression or PLS regression without scaling. The cost of fitting then depends on the number of
    stimuli, not of features.

    Parameters
    ----------
    features
        Features of all stimuli, those to fit and those to predict.

    Returns
    -------
    Coordinates of the stimuli, in order of falling variance. Dimensions without variance (below the
    rounding of float64) are left out, so there are none for constant features.
    """
    stimuli, size = features.shape
    mean = features.mean(0, dtype=torch.double)
    if size <= stimuli:
        centred = (features.double() - mean).cpu().numpy()
        values, vectors = np.linalg.eigh(centred.T @ centred)
        kept = _above_rounding(values, stimuli)
        return centred @ vectors[:, kept]
    gram = torch.zeros(stimuli, stimuli, dtype=torch.double, device=features.device)
    for start in range(0, size, _BLOCK):
        block = features[:, start : start + _BLOCK].double() - mean[start : start + _BLOCK]
        gram += block @ block.T
    values, vectors = np.linalg.eigh(gram.cpu().numpy())
    kept = _above_rounding(values, size)
    return vectors[:, kept] * np.sqrt(values[kept])


def predict_by_pls(
    fit_features: Float64[np.ndarray, "stimulus dimension"],
    fit_responses: Float64[np.ndarray, "stimulus neuroid"],
    new_features: Float64[np.ndarray, "new_stimulus dimension"],
    *,
    components: int,
) -> Float64[np.ndarray, "new_stimulus neuroid"]:
    """Predict responses to new stimuli by PLS regression without scaling, all neuroids at once.

    Schrimpf et al. 2018 use 25 components. Features that span fewer dimensions give as many
    components as dimensions; constant features predict the mean.

    Parameters
    ----------
    fit_features, fit_responses
        Features and responses that the map is fitted to.
    new_features
        Features of the new stimuli in the same coordinates (`reduce_features`).
    components
        Number of components, fewer than stimuli to fit.
    """
    # The stimuli to fit may span fewer dimensions than all stimuli; in the others, PLS would divide
    # rounding errors by each other.
    centred = fit_features - fit_features.mean(0)
    values = np.linalg.eigvalsh(centred @ centred.T)
    least = len(values) * np.finfo(np.float64).eps * (fit_features**2).sum()
    components = min(components, int((values > least).sum()))
    if not components:
        return np.broadcast_to(fit_responses.mean(0), (len(new_features), fit_responses.shape[1]))
    regression = PLSRegression(components, scale=False, max_iter=_ITERATIONS)
    return regression.fit(fit_features, fit_responses).predict(new_features)


def _above_rounding(values: Float64[np.ndarray, " dimension"], size: int) -> np.ndarray:
    """Return the indices of the eigenvalues above rounding errors, the largest first."""
    least = values[-1] * size * np.finfo(np.float64).eps
    return np.flatnonzero(values > max(least, 0))[::-1]
