"""Do brain-like representations make vision networks robust? The library behind the workflow.

Each layer imports only from those above it::

    errors                      the error that a user can fix
    dims  randomness  parts     names of dimensions, random streams, parts that recipes name
    files                       datasets and tables, with their provenance
    jobs                        how a job runs: log, GPUs, signals, fingerprint
    statistics                  accuracies, intervals, correlations, claims
    config                      the configuration, recipes and schedules
    plotting                    the style of figures and tables
    images                      sources, batches, augmentation, corruptions, spectra
    recordings                  sources, the labelled form, reliability
    networks                    trunks, frontends, readouts, inference
    training  evaluation        neither imports the other
    responses                   responses and similarities that other networks are trained with

The library names no study, network or figure: they are in ``studies/`` and the configuration.
"""
