"""Settings of a projection on principal components before the trunk."""

from typing import Literal

from pydantic import Field

from neurobust.config.model import Model


class PCA(Model):
    """A projection of the images on their first principal components (Li et al. 2023)."""

    kind: Literal["pca"]
    components: int = Field(512, ge=1, description="Li et al. 2023: 512")
