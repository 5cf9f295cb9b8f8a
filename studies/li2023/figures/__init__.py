"""Figures of the low-frequency study, one module each, named as the paper numbers them."""
