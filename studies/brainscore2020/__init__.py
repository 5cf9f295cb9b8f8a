"""Does a high Brain-Score go with robustness to corruptions? On published numbers (2020)."""
