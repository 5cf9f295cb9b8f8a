"""Image sets: sources, batches, augmentation, corruptions and spectra."""
