"""Losses of a classifier that is defended: a module for each defence."""
