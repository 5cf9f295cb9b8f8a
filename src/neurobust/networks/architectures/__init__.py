"""Families of layers that trunks are made of."""
