"""A logger for Lamella: a line of JSON for each number."""
