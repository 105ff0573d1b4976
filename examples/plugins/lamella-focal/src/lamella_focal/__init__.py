"""A loss for Lamella: the focal loss, for classes of very different sizes."""
