"""Trunks, a module for each family."""
