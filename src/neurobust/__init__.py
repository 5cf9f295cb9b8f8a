"""Do brain-like representations make vision networks robust? The library behind the workflow.

Each layer imports only from those above it::

    errors  dims  randomness  parts     vocabulary
    files                               datasets, tables and their provenance
    jobs            statistics          how a job runs; what is estimated from results
    config          plotting            the configuration; the style of figures
    images                              sources, batches, corruptions
    recordings                          sources, the labelled form, reliability
    networks                            trunks, frontends, readouts
    training        evaluation          neither imports the other
    responses                           responses and similarities as data of other trainings

It names no paper, network or figure: those are in ``studies/`` and the configuration.
"""
