"""Files that are complete or absent, and record how they were made."""
