"""Write special_functions.json: arguments and values of special functions. Run by hand where mpmath is installed.

Each value is computed with 60 digits and rounded once, to float64. A third of the arguments are float32 numbers. Where
a function of a negative argument is a difference of two terms, the size of the greater one is written beside it.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np

mp.mp.dps = 60
COUNT = 30  # arguments in each range

#: For each function the ranges its arguments are drawn from; ("log", a, b) are powers of 10, and ("at", c) is near c.
RANGES: dict[str, list[tuple[Any, ...]]] = {
    "erf": [(-1, 1), (-6, 6), ("log", -300, 0)],
    "erfc": [(-1, 1), (-6, 6), (1, 26), ("log", -300, 0)],
    "erfcx": [(-1, 1), (-26, 6), (1, 50), ("log", -300, 300)],
    "erfinv": [(-1, 1), (0.8, 0.9), ("at", 1), ("log", -300, 0)],
    "ndtr": [(-1, 1), (-6, 6), (-37, -1)],
    "ndtri": [(0, 1), (0.05, 0.1), ("log", -300, 0), ("at", 0.5), ("at", 1)],
    "log_ndtr": [(-1, 1), (-6, 6), (-1000, -1), (6, 30)],
    "lgamma": [(0, 1), (1, 4), (4, 30), ("log", -300, 300), ("at", 1), ("at", 2), (-30, 0)],
    "digamma": [(0, 1), (1, 4), (4, 30), ("log", -300, 300), ("at", 1.4616321449683622), (-30, 0)],
    "polygamma 1": [(0, 1), (1, 30), (30, 1000)],
    "polygamma 4": [(0, 1), (1, 30), (30, 1000)],
    "zeta 1.25": [(0, 1), (1, 30), (30, 1000)],
    "zeta 12.5": [(0, 1), (1, 30)],
    "i0": [(-1, 1), (-20, 20), (7, 9), (20, 700)],
    "i0e": [(-1, 1), (-20, 20), (7, 9), ("log", -300, 300)],
    "i1": [(-1, 1), (-20, 20), (7, 9), (20, 700), ("log", -300, 0)],
    "i1e": [(-1, 1), (-20, 20), (7, 9), ("log", -300, 300)],
    "logit": [(0, 1), ("at", 0.5), ("log", -300, 0)],
    "entr": [(0, 1), (0, 10), ("at", 1)],
    "sinc": [(-1, 1), (-20, 20), ("at", 3)],
    "acosh": [(1, 10), ("at", 1), ("log", 0, 300)],
    "asinh": [(-10, 10), ("log", -300, 300)],
    "atanh": [(-1, 1), ("log", -300, 0)],
}


def inverse_erfc(c: Any) -> Any:
    """The positive number whose erfc is ``c``, by Halley's method."""
    root = mp.sqrt(-mp.log(c)) if c < mp.mpf("0.1") else 0
    y = root - mp.log(root * mp.sqrt(mp.pi)) / (2 * root) if root else (1 - c) * mp.sqrt(mp.pi) / 2
    for _ in range(100):
        step = (c - mp.erfc(y)) * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
        step /= 1 - y * step
        y += -step
        if abs(step) < abs(y) * mp.mpf(10) ** -40:
            return y
    raise ValueError(c)


def erfinv(x: Any) -> Any:
    if abs(x) < mp.mpf(10) ** -20:
        return x * mp.sqrt(mp.pi) / 2
    return mp.sign(x) * inverse_erfc(1 - abs(x))


def ndtr(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def ndtri(p: Any) -> Any:
    return mp.sqrt(2) * (-inverse_erfc(2 * p) if p < 0.5 else inverse_erfc(2 * (1 - p)))


def zeta(s: Any, q: Any) -> Any:
    with mp.workdps(120):  # mpmath keeps so many digits after the point, and the value may begin late
        return mp.zeta(mp.mpf(s), q)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfcx": lambda x: mp.exp(x * x) * mp.erfc(x) if x < 1e4 else (1 - 1 / (2 * x * x)) / (x * mp.sqrt(mp.pi)),
    "erfinv": erfinv,
    "ndtr": ndtr,
    "ndtri": ndtri,
    "log_ndtr": lambda x: mp.log(ndtr(x)) if x < 0 else mp.log1p(-ndtr(-x)),
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))) if x < 1 else mp.loggamma(x),
    "digamma": mp.digamma,
    "polygamma 1": lambda x: zeta(2, x),
    "polygamma 4": lambda x: -24 * zeta(5, x),
    "zeta 1.25": lambda x: zeta(1.25, x),
    "zeta 12.5": lambda x: zeta(12.5, x),
    "i0": lambda x: mp.besseli(0, x),
    "i0e": lambda x: mp.besseli(0, x) * mp.exp(-abs(x)),
    "i1": lambda x: mp.besseli(1, x),
    "i1e": lambda x: mp.besseli(1, x) * mp.exp(-abs(x)),
    "logit": lambda x: mp.log(x) - mp.log1p(-x),
    "entr": lambda x: -x * mp.log(x),
    "sinc": mp.sincpi,
    "acosh": mp.acosh,
    "asinh": lambda x: mp.sign(x) * mp.asinh(abs(x)),
    "atanh": mp.atanh,
}

#: What cancels for negative arguments.
TERMS: dict[str, Callable[[Any], Any]] = {
    "lgamma": lambda x: max(abs(mp.log(mp.pi / abs(mp.sinpi(x)))), abs(mp.loggamma(1 - x))),
    "digamma": lambda x: max(abs(mp.digamma(1 - x)), abs(mp.pi * mp.cot(mp.pi * x))),
}


def drawn(rng: np.random.Generator, how: tuple[Any, ...]) -> np.ndarray:
    """Arguments from one of the RANGES, each third one a float32 number."""
    if how[0] == "log":
        x = 10.0 ** rng.uniform(how[1], how[2], COUNT)
    elif how[0] == "at":
        x = how[1] + 10.0 ** rng.uniform(-15, -1, COUNT) * rng.choice([-1, 1], COUNT)
    else:
        x = rng.uniform(how[0], how[1], COUNT)
    narrow = x.astype(np.float32).astype(np.float64)
    third = (np.arange(COUNT) % 3 == 0) & (narrow != 0) & np.isfinite(narrow)
    return np.where(third, narrow, x)


def inside(name: str, x: float) -> bool:
    """Whether the function has a finite value other than 0 there."""
    low, high = {
        "erfinv": (-1, 1),
        "ndtri": (0, 1),
        "logit": (0, 1),
        "atanh": (-1, 1),
        "acosh": (1, np.inf),
        "entr": (0, np.inf),
    }.get(name, (-np.inf, np.inf))
    return low < x < high and x != {"entr": 1, "ndtri": 0.5, "logit": 0.5}.get(name)


def main() -> None:
    rng = np.random.default_rng(0)
    lines = []
    with np.errstate(over="ignore"):
        for name, ranges in RANGES.items():
            found = [x for how in ranges for x in drawn(rng, how).tolist() if inside(name, x)]
            case: dict[str, Any] = {"x": [x.hex() for x in found]}
            case["y"] = [float(FUNCTIONS[name](mp.mpf(x))).hex() for x in found]
            if name in TERMS:
                case["terms"] = [float(TERMS[name](mp.mpf(x)) if x < 0 else 0).hex() for x in found]
            lines.append(f"{json.dumps(name)}: {json.dumps(case)}")
    body = ",\n".join(lines)
    text = f'{{"made_with": "mpmath {mp.__version__}", "functions": {{\n{body}\n}}}}\n'
    pathlib.Path(__file__).with_name("special_functions.json").write_text(text)


if __name__ == "__main__":
    main()
