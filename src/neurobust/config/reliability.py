"""Settings of the reliability of recordings."""

from neurobust.config.model import Model


class Reliability(Model):
    """Split-half reliability and explainable variance of every recording's neuroids."""

    seed: int = 1000  # of the random halves
