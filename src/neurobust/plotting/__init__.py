"""The look of all figures, panels that several share, and checks of the tables they draw."""
