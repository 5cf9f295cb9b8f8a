"""Responses that a trained network predicts, and the similarities of stimuli that follow."""
