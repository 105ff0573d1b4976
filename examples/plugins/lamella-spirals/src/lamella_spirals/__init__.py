"""A dataset and a transform for Lamella: two spirals, and noise."""
