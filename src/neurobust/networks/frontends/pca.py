"""A projection of images onto their first principal components, before the trunk."""

from collections.abc import Mapping

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from neurobust.config.frontends.pca import PCA
from neurobust.errors import InputError
from neurobust.images.batches import LabelledPictures
from neurobust.networks.fitted import FittedModule

_BATCH = 512
_MOST_VALUES = 16384  # in an image, whose covariance then takes 2 GiB


class Projection(FittedModule):
    """Project images onto their first principal components (Li et al. 2023).

    An image x becomes m + (x - m) W^T W, where m is the mean of the training images and the rows of
    W are their first K principal components. A test compares the result with scikit-learn's.

    Parameters
    ----------
    components
        Number of components, K.
    """

    mean: Tensor
    """Mean of the standardised images (channel, row, column); empty until it is fitted."""
    components: Tensor
    """Orthonormal rows (component, value); a value is one channel of one pixel."""

    def __init__(self, components: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.empty(0, 0, 0))
        self.register_buffer("components", torch.empty(components, 0))
        self.register_load_state_dict_pre_hook(_take_sizes)

    def fit(self, pictures: LabelledPictures) -> None:
        """Find the components of the standardised training images in the network's colours.

        Raises
        ------
        InputError
            If the images have fewer components, or are too large.
        """
        wanted, device = len(self.components), self.mean.device
        mean, axes = _principal_axes(pictures, wanted)
        if axes.shape[1] < wanted:
            raise InputError(
                "frontend.components",
                f"asks for {wanted} components, and the {len(pictures)} training images of "
                f"{mean.numel()} values have {axes.shape[1]}",
                expected=f"at most {axes.shape[1]} for these images",
                fix="lower it, or give the network more or larger images",
            )
        self.mean = mean.float().to(device)
        self.components = axes.T.float().contiguous().to(device)

    def forward(
        self, images: Float[Tensor, "image channel row column"]
    ) -> Float[Tensor, "image channel row column"]:
        """Return the projected images.

        Raises
        ------
        InputError
            If the projection is not fitted, or was fitted to images of another size or colour.
        """
        self._require_size(images)
        # ASSUME: about the mean of the training images; the paper gives W^T W alone.
        # In full precision: the rounding of bfloat16 would leave the span of the components.
        with torch.autocast(images.device.type, enabled=False):
            centred = (images.float() - self.mean).flatten(1)
            projected = (centred @ self.components.T @ self.components).view(-1, *self.mean.shape)
            projected = projected + self.mean
        # The memory layout that convolutions are fastest in.
        return projected.contiguous(memory_format=torch.channels_last)

    def _require_size(self, images: Tensor) -> None:
        if not self.mean.numel():
            raise InputError(
                "frontend: pca",
                "has no principal components, because the network has no image set to fit them to",
                expected="a network that is trained on the images of an image set",
                fix="leave the frontend out of networks that see only a recording's stimuli",
            )
        if images.shape[1:] != self.mean.shape:
            raise InputError(
                "frontend: pca",
                f"was fitted to images of {_size(self.mean)} and is shown {_size(images)}",
                expected="images (channel x row x column) of the size and colour of the image set",
                fix="show the network such images, or leave the frontend out",
            )


def build(settings: PCA) -> Projection:
    """Build the projection of a recipe; it is fitted later."""
    return Projection(settings.components)


def _principal_axes(
    pictures: LabelledPictures, wanted: int
) -> tuple[Float64[Tensor, "channel row column"], Float64[Tensor, "value component"]]:
    """Return the mean of standardised images, and their first principal axes, first to last.

    The axes are the eigenvectors of the covariance, which is accumulated over batches in double
    precision. If there are fewer images than values, they follow from the eigenvectors of the
    images' inner products. There are fewer axes than wanted if the images have no more.
    """
    shown = pictures.seen()
    values = shown[0].numel()
    if values > _MOST_VALUES:
        raise InputError(
            "frontend: pca",
            f"cannot be fitted to images of {_size(shown)} (channel x row x column)",
            expected=f"at most {_MOST_VALUES} values in an image",
            fix="use smaller or gray images",
        )
    mean = torch.zeros(shown.shape[1:], dtype=torch.double, device=shown.device)
    for part in shown.split(_BATCH):
        mean += pictures.standard(part).double().sum(0) / len(shown)
    centred = ((pictures.standard(part) - mean).flatten(1) for part in shown.split(_BATCH))
    if len(shown) < values:
        rows = torch.cat(list(centred))
        axes = _leading_eigenvectors(rows @ rows.T, wanted)
        # Rounding spoils orthogonality where variances differ by orders of magnitude.
        return mean, torch.linalg.qr(rows.T @ axes).Q
    covariance = mean.new_zeros(values, values)
    for part in centred:
        covariance.addmm_(part.T, part)
    return mean, _leading_eigenvectors(covariance, wanted)


def _leading_eigenvectors(
    matrix: Float64[Tensor, "row row"], wanted: int
) -> Float64[Tensor, "row vector"]:
    """Return the eigenvectors of the largest eigenvalues above zero, the largest first."""
    import scipy.linalg  # takes a sixth of a second, and only PCA networks need it

    side = len(matrix)
    # scipy computes the leading ones alone, in a fraction of the time that torch takes for all.
    found, vectors = scipy.linalg.eigh(
        matrix.cpu().numpy(), subset_by_index=[max(side - wanted, 0), side - 1]
    )
    # Rounding moves the eigenvalues of dimensions without variance about this far from zero.
    varying = found > found[-1] * side * torch.finfo(torch.double).eps
    return torch.from_numpy(vectors[:, varying][:, ::-1].copy()).to(matrix.device)


def _size(images: Tensor) -> str:
    """Return the size of images as text, such as "3 x 32 x 32"."""
    return " x ".join(str(size) for size in images.shape[-3:])


def _take_sizes(
    projection: Projection, stored: Mapping[str, Tensor], prefix: str, *_: object
) -> None:
    """Give the buffers the stored sizes, which do not follow from the recipe."""
    mean, components = (stored.get(f"{prefix}{name}") for name in ("mean", "components"))
    if mean is None or components is None:
        return  # torch names the missing tensor
    if mean.ndim == 3 and components.shape == (len(projection.components), mean.numel()):
        projection.mean = projection.mean.new_empty(mean.shape)
        projection.components = projection.components.new_empty(components.shape)
