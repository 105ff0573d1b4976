"""What every op of the core should compute: slow, obvious, in float64, sharing no code with the ops.

A function in a module here has the name of its op and takes the op's inputs, as NumPy arrays (or numbers, None, a tuple
of arrays), and then its attributes. It works element by element, in plain Python and :mod:`math` where that is
possible, so that a wrong use of NumPy shows. Each family of ops has a module of the same name, found by being here.
Where an op has the name of a builtin (``sum``, ``abs``, ``slice``), code that wants the builtin writes
``builtins.sum``.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

for _family in pkgutil.iter_modules(__path__, f"{__name__}."):
    _module = import_module(_family.name)
    globals().update({name: found for name, found in vars(_module).items() if callable(found)})
