"""Recordings and choices in the form of BrainIO."""
