"""Frontends: fixed image processing before the trunk, through which gradients pass.

A module for each kind, with a function ``build(settings)``; its settings are in the module of the
same name in `neurobust.config.frontends`.
"""
