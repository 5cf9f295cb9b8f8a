"""What a trained predictor answers to images it was not trained on."""
