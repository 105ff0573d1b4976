"""A backend for Lamella over ``array-api-strict``: the core assumes the array API standard, and little else."""
