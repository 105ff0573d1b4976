"""The close match that an error about an unknown name offers."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the known name closest to the one given, whatever its case.

    Args:
        name: The name that is unknown.
        known: The names there are.

    Returns:
        ``" Did you mean 'adam'?"``, with its leading space, or an empty string if nothing comes close.
    """
    import difflib  # only an error needs it

    by_lower_case = {candidate.lower(): candidate for candidate in sorted(known)}
    matches = difflib.get_close_matches(name.lower(), by_lower_case, n=1)
    return f" Did you mean {by_lower_case[matches[0]]!r}?" if matches else ""
