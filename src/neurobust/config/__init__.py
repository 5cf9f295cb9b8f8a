"""The configuration: typed keys, recipes of networks, and the checks that they are given right."""
