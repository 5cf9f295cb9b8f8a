"""Trunks, a module for each: ``cornet_s`` is trunk ``cornet-s`` of the configuration.

Each module has a function ``build(recipe, n_classes)`` that returns a
`neurobust.networks.architectures.trunk.Trunk`, with weights drawn from torch's global generator;
``n_classes`` is 0 for a network that does not classify.
"""
