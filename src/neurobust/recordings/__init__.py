"""Neural recordings: readers of several sources, a simulated population, reliability."""
