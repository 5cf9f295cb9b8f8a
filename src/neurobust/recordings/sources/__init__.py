"""Where recordings come from, a module for each source.

Each has a function ``read(settings, files)`` that returns a recording in the form of
`neurobust.recordings.form`; its settings are in the module of the same name in
`neurobust.config.recordings`.
"""
