"""Settings of objectives, a module for each kind."""
