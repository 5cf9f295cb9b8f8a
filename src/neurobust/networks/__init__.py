"""Trunks, readouts, and how a recipe becomes a network."""
