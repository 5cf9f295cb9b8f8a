"""Choices between objects, of networks and of observers."""
