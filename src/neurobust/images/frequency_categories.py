"""Categories of corruptions by the spatial frequencies that they change most (Li et al. 2023)."""

LOW, MEDIUM, HIGH = CATEGORIES = ("low", "medium", "high")

FREQUENCY_CATEGORIES: dict[str, str] = {
    "snow": LOW,
    "frost": LOW,
    "fog": LOW,
    "brightness": LOW,
    "contrast": LOW,
    "motion_blur": MEDIUM,
    "zoom_blur": MEDIUM,
    "defocus_blur": MEDIUM,
    "glass_blur": MEDIUM,
    "elastic_transform": MEDIUM,
    "jpeg_compression": MEDIUM,
    "pixelate": MEDIUM,
    "gaussian_noise": HIGH,
    "shot_noise": HIGH,
    "impulse_noise": HIGH,
}
