"""What networks are trained for: a module for each objective.

Each has a function ``build(settings, task)``; its settings are in the module of the same name in
`neurobust.config.objectives`.
"""
