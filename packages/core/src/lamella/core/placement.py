"""Finding the backend of a device: the built-in one, or a plugin's, loaded when its device is first asked for."""

from __future__ import annotations

from lamella.core import backends, plugins
from lamella.core.backends import Backend
from lamella.core.devices import device
from lamella.core.errors import DeviceError, PackageMissing, PluginError


def backend_for(place: device) -> Backend:
    """The backend that owns ``place``.

    Raises:
        RuntimeError: No backend does, or it cannot be used here.
    """
    found: Backend | None = backends.of_device_type(place.type)
    if found is None:
        try:
            found = plugins.backends.load(place.type)
        except (PluginError, PackageMissing) as cause:
            raise DeviceError(
                f"no backend for device {str(place)!r}: {cause} The device 'cpu' is built in; others come with plugins."
            ) from cause
        why_not = found.unavailable()
        if why_not is not None:
            raise DeviceError(f"device {str(place)!r} cannot be used: backend {found.name!r} says: {why_not}")
        backends.add(found)
    return found
