"""A command for Lamella: how many parameters a checkpoint holds."""
