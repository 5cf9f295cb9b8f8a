"""Choices of networks and observers between objects."""
