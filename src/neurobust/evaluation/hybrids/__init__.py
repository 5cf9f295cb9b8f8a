"""Hybrid images and reversal frequencies."""
