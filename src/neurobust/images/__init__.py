"""Image sets, augmentation and corruptions."""
