"""An exporter for Lamella: a model as a Python file that needs NumPy alone."""
