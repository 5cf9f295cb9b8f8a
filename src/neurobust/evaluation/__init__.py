"""What a trained network does on corrupted images and on held-out recordings."""
