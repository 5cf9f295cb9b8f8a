"""Trunks, a module for each: its name is what the configuration calls it, with - for _.

Each has a function ``build(recipe, heads)`` that returns a
`neurobust.networks.architectures.trunk.Trunk`, with weights drawn from torch's global generator.
"""
