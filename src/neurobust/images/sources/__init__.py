"""Where images come from, a module for each source."""
