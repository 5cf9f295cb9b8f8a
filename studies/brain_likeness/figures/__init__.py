"""The figure of the study."""
