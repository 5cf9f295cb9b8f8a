"""What a job of the workflow needs: its log, its GPUs, its signals, its identity and its cost."""
