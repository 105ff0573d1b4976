"""An op for Lamella: differentiable isotonic regression."""
