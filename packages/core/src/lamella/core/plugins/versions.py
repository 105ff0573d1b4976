"""Is a version inside a range? As PEP 440 says, for versions in its normal form.

The `packaging` library answers this in full, but core would need it for this one question. A form that is not
understood here raises instead of guessing.
"""

from __future__ import annotations

import math
import re

from lamella.core.errors import ArgumentError

_VERSION = re.compile(
    # Python reads no number of thousands of digits, and calls it an error of another kind
    r"(?:(?P<epoch>\d{1,99})!)?(?P<release>\d{1,99}(?:\.\d{1,99})*)(?:(?P<phase>a|b|rc)(?P<pre>\d{1,99}))?"
    r"(?:\.post(?P<post>\d{1,99}))?(?:\.dev(?P<dev>\d{1,99}))?(?:\+[a-z0-9.]+)?"
)
_CLAUSE = re.compile(r"(~=|==|!=|<=|>=|<|>)\s*([^\s*]+?)(\.\*)?")

_Key = tuple[int, tuple[int, ...], tuple[float, ...], float, float]


def _key(version: str) -> _Key:
    """Order a version: epoch, release, pre-release, post-release, development release."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ArgumentError(f"{version!r} is not a version in the form of PEP 440, such as 0.3.1 or 1.0rc2.")
    parts = match.groupdict()
    release = tuple(int(part) for part in parts["release"].split("."))
    while release[-1:] == (0,) and len(release) > 1:
        release = release[:-1]  # 1.0 and 1.0.0 are one version
    if parts["phase"]:
        phase: tuple[float, ...] = (("a", "b", "rc").index(parts["phase"]), int(parts["pre"]))
    elif parts["dev"] and not parts["post"]:
        phase = (-1,)  # 1.0.dev1 comes before 1.0a1,
    else:
        phase = (3,)  # and 1.0 after 1.0rc1
    post = int(parts["post"]) if parts["post"] else -1
    dev = int(parts["dev"]) if parts["dev"] else math.inf
    return int(parts["epoch"] or 0), release, phase, post, dev


def _starts_with(version: _Key, prefix: str) -> bool:
    """Say whether a version matches ``prefix.*``."""
    match = _VERSION.fullmatch(prefix)
    if match is None or match["phase"] or match["post"] or match["dev"]:
        raise ArgumentError(f"'{prefix}.*' is not a prefix of versions, such as 0.3.*")
    wanted = tuple(int(part) for part in match["release"].split("."))
    padded = version[1] + (0,) * len(wanted)
    return version[0] == int(match["epoch"] or 0) and padded[: len(wanted)] == wanted


def _holds(version: _Key, operator: str, text: str, is_prefix: bool) -> bool:
    """Say whether one clause, such as ``>= 0.3``, holds for a version."""
    if is_prefix:
        if operator not in ("==", "!="):
            raise ArgumentError(f"'{operator} {text}.*' is not a range: only == and != take a '.*'.")
        return _starts_with(version, text) == (operator == "==")
    bound = _key(text)
    if operator == "~=":
        release = re.match(r"(?:\d+!)?[\d.]*\d", text)
        if release is None or "." not in release[0]:
            raise ArgumentError(f"'~= {text}' is not a range: ~= needs two numbers or more, such as ~= 0.3.0")
        return version >= bound and _starts_with(version, release[0].rpartition(".")[0])
    if operator == "<":
        # 1.0rc1 comes before 1.0, yet `< 1.0` means to keep it out; so with 1.0.post1.dev1 and `< 1.0.post1`.
        same = 2 if bound[3] < 0 else 4
        is_bound_released = bound[2] == (3,) and bound[4] == math.inf
        return version < bound and not (is_bound_released and version[:same] == bound[:same])
    if operator == ">":
        # 1.0.post1 comes after 1.0, yet `> 1.0` means to keep it out.
        is_post_release_of_bound = version[:3] == bound[:3] and version[3] >= 0 > bound[3]
        return version > bound and not is_post_release_of_bound
    return {
        "==": version == bound,
        "!=": version != bound,
        "<=": version <= bound,
        ">=": version >= bound,
    }[operator]


def in_range(version: str, range_text: str) -> bool:
    """Say whether a version is inside a range.

    Args:
        version: A version such as ``"0.3.1"``.
        range_text: Clauses joined by commas, as in ``"~= 0.3.0"`` or ``">=0.3,<0.5"``; empty for any version.

    Returns:
        Whether all clauses hold. Pre-releases count as any version does.

    Raises:
        ArgumentError: If either cannot be read.

    Example:
        >>> in_range("0.3.4", "~= 0.3.0"), in_range("0.4.0", "~= 0.3.0")
        (True, False)
    """
    key = _key(version)
    held = True
    for clause in filter(None, (part.strip() for part in range_text.split(","))):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            raise ArgumentError(f"{clause!r} is not a range of versions, such as '~= 0.3.0' or '>= 0.3'.")
        held = _holds(key, match[1], match[2], match[3] is not None) and held
    return held
