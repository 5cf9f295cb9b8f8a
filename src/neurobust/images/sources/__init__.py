"""Sources of images, a module for each.

A source has a function ``build(settings)`` that returns an image set in the form of
`neurobust.images.form`; its settings are in the module of the same name in
`neurobust.config.images`. The module `neurobust.images.sources.retrieve` downloads files.
"""
