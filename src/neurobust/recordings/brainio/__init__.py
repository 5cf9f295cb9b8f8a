"""Recordings and behavioural choices in the BrainIO form."""
