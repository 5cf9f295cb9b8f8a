"""Do brain-like representations make vision networks robust? The library behind the workflow.

Each layer imports only from those above it: the foundation (``config``, ``recipes``, ``dims``,
``errors``, ``randomness``, ``writing``, ``provenance``, ``storage``, ``plan``, ``runs``,
``leases``, ``interruption``, ``jobs``), then ``images``, ``recordings``, ``networks``,
``training``, ``evaluation``, ``analysis``, ``figures``.
"""
