"""Sources of recordings, a module for each.

A source has a function ``read(settings, files)`` that returns a recording in the form of
`neurobust.recordings.form`; its settings are in the module of the same name in
`neurobust.config.recordings`.
"""
