"""Neural recordings: importers, a simulated population, one labelled form, reliability."""
