"""Are networks the more robust the better they predict V1? Over the networks of a run."""
