"""A layer and an activation for Lamella: networks of sines."""
