"""Architectures that trunks are made of."""
