"""Smallest adversarial perturbations."""
