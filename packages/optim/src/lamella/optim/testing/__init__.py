"""What optimizers are held to. Never imported at run time."""
