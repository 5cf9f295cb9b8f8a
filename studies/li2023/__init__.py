"""The low-frequency study: which spatial frequencies robust networks rely on (Li et al. 2023)."""
