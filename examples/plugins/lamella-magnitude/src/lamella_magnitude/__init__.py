"""A compressor for Lamella: the smallest weights become 0."""
