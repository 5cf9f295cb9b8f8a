"""Figures of the main study, one module each, named as the paper numbers them where it does."""
