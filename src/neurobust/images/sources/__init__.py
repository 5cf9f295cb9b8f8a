"""Where images come from, a module for each source.

Each has a function ``build(settings)`` that returns an image set in the form of
`neurobust.images.form`; its settings are in the module of the same name in
`neurobust.config.images`.
"""
