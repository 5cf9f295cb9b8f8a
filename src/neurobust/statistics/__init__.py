"""Bootstrap, intervals, correlations and the checks of claims: what several studies compute."""
