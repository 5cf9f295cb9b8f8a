"""Jobs of the workflow: their logs, GPUs, signals, fingerprints and costs."""
