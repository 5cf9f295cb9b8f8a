"""A simulated population of V1 cells."""
