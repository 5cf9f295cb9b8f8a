"""Settings of recordings, a module for each source."""
