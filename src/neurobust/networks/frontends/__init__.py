"""Frontends: fixed image processing before the trunk, through which gradients pass.

Each kind has a module with a function ``build(settings)``; the module of the same name in
`neurobust.config.frontends` holds its settings.
"""
