"""From the name that an author chooses to all the names that a package needs, refusing those that cannot work."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from importlib.util import find_spec

from lamella.core import plugins
from lamella.core.errors import ArgumentError
from lamella.core.plugins.first_party import FIRST_PARTY
from lamella.core.plugins.policy import normalize

_FORM = re.compile(r"[A-Za-z][A-Za-z0-9]*([-_.][A-Za-z0-9]+)*")
_LONGEST = 32


@dataclass(frozen=True)
class Names:
    """The names of one plugin.

    Attributes:
        distribution: What pip calls it, such as ``"lamella-signum"``: as the author wrote it.
        module: What Python imports: ``"lamella_signum"``.
        name: The plugin's own, without a leading ``lamella-``: ``"signum"``.
        word: That as an identifier. Class: that as the name of a class. lower: the class's in lower case.
    """

    distribution: str
    module: str
    name: str
    word: str
    Class: str
    lower: str


def names_of(chosen: str) -> Names:
    """All names that follow from the one chosen.

    Args:
        chosen: Such as ``"lamella-signum"``.

    Raises:
        ArgumentError: It is not of the form that package indexes, entry points and Python all take; it belongs to
            Python, Lamella or a package that is installed.
    """
    if not _FORM.fullmatch(chosen) or len(chosen) > _LONGEST:
        raise ArgumentError(
            f"{chosen!r} can't be the name of a plugin. Take up to {_LONGEST} letters and digits, words joined by '-', "
            "a letter first, such as 'lamella-signum'."
        )
    distribution = normalize(chosen)
    name = distribution.removeprefix("lamella-")
    module, word = distribution.replace("-", "_"), name.replace("-", "_")
    if not word.isidentifier():
        raise ArgumentError(f"{chosen!r} can't be the name of a plugin: after 'lamella-' comes a letter, not {name!r}.")
    for identifier in (module, word):
        if keyword.iskeyword(identifier) or keyword.issoftkeyword(identifier):
            raise ArgumentError(f"{chosen!r} can't be the name of a plugin: {identifier!r} is a word of Python's.")
    if module in sys.stdlib_module_names:
        raise ArgumentError(
            f"{chosen!r} can't be the name of a plugin: Python's own module {module!r} would be hidden. "
            f"Take another, such as 'lamella-{name}'."
        )
    if distribution in ("lamella", "lamella-core", *(package.distribution for package in FIRST_PARTY)):
        raise ArgumentError(f"{chosen!r} is a package of Lamella's own. Take another name.")
    found = find_spec(module)
    if found is not None and found.origin is not None:  # a bare folder of that name, in the one we are in, has none
        raise ArgumentError(
            f"A module {module!r} is installed already, which the plugin {chosen!r} would clash with. "
            "Take another name, or uninstall it."
        )
    for record in plugins.records():
        if normalize(record.name) == name:
            raise ArgumentError(
                f"The plugin {record.name!r} of {record.distribution} is installed already. Take another name, or "
                "uninstall it."
            )
    capitalized = "".join(part[:1].upper() + part[1:] for part in name.split("-"))
    return Names(chosen, module, name, word, capitalized, capitalized.lower())
