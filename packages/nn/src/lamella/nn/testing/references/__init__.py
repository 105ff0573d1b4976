"""References of nn's ops, one module a family; what they are is said in :mod:`lamella.nn.testing.reference`."""
