"""The main study: whether co-training with neural data makes networks robust."""
