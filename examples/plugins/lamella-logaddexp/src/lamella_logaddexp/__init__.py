"""A kernel for Lamella: logaddexp by vector instructions."""
