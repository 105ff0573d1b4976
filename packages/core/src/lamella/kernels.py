"""Which functions compute the ops, and how to choose.

lamella.kernels.load("numba")             # take the kernels a plugin offers into use
lamella.kernels.listing()                 # those in use, first choice first
with lamella.kernels.use("reference"):    # the ops' own forwards alone
    ...
"""

from __future__ import annotations

from lamella.core import plugins
from lamella.core.backends.kernels import REFERENCE, Kernel, listing, offer, use, withdraw


def load(provider: str) -> None:
    """Take the kernels that a plugin registered under ``provider`` into use. Again changes nothing.

    Args:
        provider: A name in the registry of kernels; its target is an iterable of :class:`Kernel`.

    Raises:
        PluginError: No plugin offers kernels under this name, or they cannot be imported.
        ValueError: One of them is a second one for its op and device type.
    """
    for kernel in plugins.kernels.load(provider):
        offer(kernel)


__all__ = ["REFERENCE", "Kernel", "listing", "load", "offer", "use", "withdraw"]
