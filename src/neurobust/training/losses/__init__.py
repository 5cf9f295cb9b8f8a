"""Losses that make a classifier robust, a module for each defence."""
