"""Settings of image sets, a module for each source."""
