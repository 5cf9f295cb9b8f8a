"""Principal components of a neural representation (Li et al. 2023, Fig. D in S1 Appendix).

They are the eigenvectors of the similarity matrix of stimuli. Each, as a function of the picture,
is approximated by a linear receptive field, whose spectrum shows which spatial frequencies the
component carries.
"""

import numpy as np
import xarray as xr
from jaxtyping import Float, Float64, UInt8

from neurobust.dims import CHANNEL, COLUMN, OTHER_STIMULUS, ROW, STIMULUS, require
from neurobust.errors import InputError
from neurobust.images.form import luma
from neurobust.images.frequencies import UNITS, half_power_frequency
from neurobust.randomness import seed_for

COMPONENT = "component"
COMPONENT_ALL = "component_all"
ATTRIBUTES = ("network", "recording", "simulated")
FOLDS = 5
# As fractions of the images' sum of squares.
PENALTIES = np.logspace(-8, 0, 17)
# ASSUME: below this R² a component (such as contrast) is hardly a linear function of the picture,
# and its field's frequency reflects that of the pictures.
LEAST_R2 = 0.05
_TOLERANCE = 1e-5  # similarities are float32, and at most 1


def decompose_similarity(similarity: xr.Dataset, *, components: int, seed: int) -> xr.Dataset:
    """Find the principal components of a representation and their linear receptive fields.

    Parameters
    ----------
    similarity
        ``similarity(stimulus, other_stimulus)``, symmetric, and ``pixels(stimulus, row, column)``,
        uint8, with a channel last if in colour; the attributes network, recording and
        simulated.
    components
        Number of the largest components that are approximated.
    seed
        Seed of the folds of cross-validation.

    Returns
    -------
    xr.Dataset
        By ``component_all``, from 1 and decreasing: ``eigenvalue``, ``share`` of their sum, and
        ``cumulative_share``. By ``component``: ``receptive_field(component, row, column)`` and
        ``r2`` (`fit_fields`), ``is_linear`` if that is at least ``LEAST_R2``,
        ``half_power_frequency`` of the field in cycles per pixel, and ``half_power_per_image``, the
        same in cycles per picture's height. Further ``effective_dimensionality``, the participation
        ratio: the square of the eigenvalues' sum over the sum of their squares. The attributes are
        those of ``similarity``.

    Raises
    ------
    InputError
        If something is missing, similarities are not finite or not symmetric, there are fewer
        components or stimuli than needed, or all pictures are the same.
    """
    place = similarity.encoding.get("source", "similarity")
    images = _read_images(similarity, place)
    # ASSUME: the matrix is decomposed as it is; responses were centred before it was made.
    eigenvalues, vectors = _decompose(similarity["similarity"].to_numpy(), components, place)
    fields, r2 = fit_fields(images, vectors * np.sqrt(len(images)), seed)
    # The sign of an eigenvector is arbitrary: here the field's largest value is positive.
    largest = np.abs(fields).reshape(components, -1).argmax(axis=1)
    signs = np.sign(fields.reshape(components, -1)[np.arange(components), largest])
    frequency = half_power_frequency(*spread_power(fields))
    shares = eigenvalues / eigenvalues.sum()
    return xr.Dataset(
        {
            "eigenvalue": (COMPONENT_ALL, eigenvalues),
            "share": (COMPONENT_ALL, shares),
            "cumulative_share": (COMPONENT_ALL, np.cumsum(shares)),
            "receptive_field": ((COMPONENT, ROW, COLUMN), fields * signs[:, None, None]),
            "r2": (COMPONENT, r2),
            "is_linear": (COMPONENT, r2 >= LEAST_R2),
            "half_power_frequency": (COMPONENT, frequency, {"units": UNITS}),
            "half_power_per_image": (
                COMPONENT,
                frequency * images.shape[1],
                {"units": "cycles/image"},
            ),
            "effective_dimensionality": eigenvalues.sum() ** 2 / np.square(eigenvalues).sum(),
        },
        coords={
            COMPONENT_ALL: np.arange(1, len(eigenvalues) + 1),
            COMPONENT: np.arange(1, components + 1),
        },
        attrs=similarity.attrs,
    )


def fit_fields(
    images: Float64[np.ndarray, "stimulus row column"],
    scores: Float64[np.ndarray, "stimulus component"],
    seed: int,
) -> tuple[Float64[np.ndarray, "component row column"], Float64[np.ndarray, " component"]]:
    """Fit each component's scores by a linear function of the picture, with a ridge penalty.

    The penalty is chosen for each component by leaving one picture out. All pixels have one unit,
    the standard deviation over all of them, so that a field is a filter of pictures. The penalty
    attenuates a field most where natural pictures have little power, at high frequencies, so that
    fields of two representations are comparable only if both were fitted in this way.

    Returns
    -------
    tuple
        The fields, in units of the scores per unit of the pixels, and R² of the scores of pictures
        that were held out, fields and penalties fitted to the others (five folds).
    """
    # Imported here, since it takes a second that figures of the components can do without.
    from sklearn.linear_model import RidgeCV
    from sklearn.metrics import r2_score
    from sklearn.model_selection import KFold, cross_val_predict

    centred = images - images.mean(axis=0)
    design = (centred / centred.std()).reshape(len(images), -1)
    ridge = RidgeCV(alphas=PENALTIES * design.size, alpha_per_target=True)
    folds = KFold(FOLDS, shuffle=True, random_state=seed_for(seed, "receptive fields") % 2**32)
    # ASSUME: pictures cut from one photograph may fall into different folds.
    predicted = cross_val_predict(ridge, design, scores, cv=folds)
    fields = ridge.fit(design, scores).coef_.reshape(-1, *images.shape[1:])
    return fields, np.atleast_1d(r2_score(scores, predicted, multioutput="raw_values"))


def spread_power(
    fields: Float[np.ndarray, "component row column"],
) -> tuple[Float64[np.ndarray, " radius"], Float64[np.ndarray, "component radius"]]:
    """Sum the power of each field over all frequencies of the same radius, without the mean's.

    `neurobust.images.spectra` does the same for perturbations, with torch, which this job lacks.

    Returns
    -------
    tuple
        The distinct radii from 0, in cycles per pixel, and the power at each.
    """
    rows, columns = fields.shape[-2:]
    power = np.abs(np.fft.fft2(fields)) ** 2 / (rows * columns)
    power[:, 0, 0] = 0
    row, column = (np.fft.ifftshift(np.arange(side) - side // 2) for side in (rows, columns))
    # In units of 1 / (rows * columns) squared radii are whole numbers, which compare exactly.
    squares = (row[:, None] * columns) ** 2 + (column * rows) ** 2
    distinct, member = np.unique(squares.ravel(), return_inverse=True)
    by_radius = [np.bincount(member, weights=one.ravel()) for one in power]
    return np.sqrt(distinct) / (rows * columns), np.stack(by_radius)


def _decompose(
    matrix: Float[np.ndarray, "stimulus stimulus"], components: int, place: object
) -> tuple[Float64[np.ndarray, " stimulus"], Float64[np.ndarray, "stimulus component"]]:
    """Return all eigenvalues, decreasing, and the eigenvectors of the first components."""
    from scipy.linalg import eigh  # as in `fit_fields`

    if not (np.isfinite(matrix).all() and np.allclose(matrix, matrix.T, atol=_TOLERANCE)):
        raise InputError(
            place,
            "'similarity' is not finite or not symmetric",
            expected="a finite matrix that equals its transpose",
            fix="delete the file and let the workflow build it again",
        )
    eigenvalues, vectors = eigh(matrix.astype(np.float64))
    rank = int((eigenvalues > _TOLERANCE * eigenvalues[-1]).sum()) if eigenvalues[-1] > 0 else 0
    if components > rank:
        raise InputError(
            place,
            f"{components} components were asked for, but 'similarity' has {rank}",
            expected="at least as many components, with stimuli and neuroids to span them",
            fix="ask for fewer components or use a larger recording",
        )
    return eigenvalues[::-1], vectors[:, ::-1][:, :components]


def _read_images(
    similarity: xr.Dataset, place: object
) -> Float64[np.ndarray, "stimulus row column"]:
    coloured = CHANNEL in similarity.dims
    require(
        similarity,
        place,
        variables={
            "similarity": (STIMULUS, OTHER_STIMULUS),
            "pixels": (STIMULUS, ROW, COLUMN, *((CHANNEL,) if coloured else ())),
        },
        attributes=ATTRIBUTES,
    )
    pixels: UInt8[np.ndarray, "stimulus row column *channel"] = similarity["pixels"].to_numpy()
    if len(pixels) < 2 * FOLDS or (pixels == pixels[0]).all():
        raise InputError(
            place,
            f"'pixels' holds {len(pixels)} pictures, too few or all the same",
            expected=f"at least {2 * FOLDS} pictures that differ",
            fix="use a recording with more stimuli",
        )
    return (luma(pixels) if coloured else pixels).astype(np.float64)
