"""Statistics that several studies use."""
