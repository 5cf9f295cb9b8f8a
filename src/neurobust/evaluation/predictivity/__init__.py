"""Neural predictivity of features."""
