"""An optimizer and a scheduler for Lamella: Lion, and the inverse square root of the step."""
