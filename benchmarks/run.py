"""Compares the speed of Lamella with PyTorch's, or of any two libraries with PyTorch's API.

Each round measures all cases in a fresh process of the one library and then of the other, the next round the other
way around, so that a machine that slows down slows both. What counts is the ratio: below 1, the first is ahead.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec

import imports
import workloads
from tqdm import tqdm

CASES = {name: make.__doc__ for name, make in workloads.WORKLOADS.items()}
CASES["imports"] = "Importing the library, against importing NumPy, which is most of it."


def parse(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="cases:\n" + "\n".join(f"  {name:22} {told}" for name, told in CASES.items()),
    )
    parser.add_argument("--lib", default="lamella", help="the library to measure (default: %(default)s)")
    parser.add_argument("--vs", default="torch", help="what to compare it with; 'none': nothing (default: %(default)s)")
    parser.add_argument("--cases", metavar="A,B", help="measure these alone")
    parser.add_argument("--rounds", type=int, default=3, help="how often (default: %(default)s)")
    options = parser.parse_args(argv)
    options.cases = options.cases.split(",") if options.cases else list(CASES)
    unknown = [name for name in options.cases if name not in CASES]
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}, but at least 1 is needed")
    if find_spec(options.lib) is None:
        parser.error(f"{options.lib} is not installed")
    return options


def measure(libraries, cases, rounds):
    """For each library and case what each round found: milliseconds, or an error."""
    found = {library: {case: [] for case in cases} for library in libraries}
    with tqdm(total=rounds * len(libraries) * len(cases), unit=" cases") as progress:
        for number in range(rounds):
            for library in libraries if number % 2 == 0 else reversed(libraries):
                command = [sys.executable, workloads.__file__, library, *cases]
                with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                    for case, line in zip(cases, process.stdout, strict=False):
                        progress.set_description(f"round {number + 1}: {library} {case}")
                        found[library][case].append(json.loads(line)[case])
                        progress.update()
                if process.returncode:
                    sys.exit(f"{library} stopped with exit status {process.returncode}; its message is above")
    return found


def table(found, cases):
    """Lines with a case each, then what they come to."""
    library, *others = found
    head = f"{'case':22} {library + ' ms':>12}"
    yield head + (f" {others[0] + ' ms':>12} {'ratio':>7}   from – to" if others else "")
    ratios = {}
    for case in cases:
        columns, failures = f"{case:22}", []
        for name in found:
            errors = [r for r in found[name][case] if isinstance(r, str)]
            failures += [f"{name}: {error}" for error in errors[:1]]
            columns += f" {'failed' if errors else f'{statistics.median(found[name][case]):.3f}':>12}"
        if failures:
            columns += "   " + "; ".join(failures)
        elif others:
            each = [a / b for a, b in zip(found[library][case], found[others[0]][case], strict=True)]
            ratios[case] = statistics.median(each)
            columns += f" {ratios[case]:>7.2f}   {min(each):.2f} – {max(each):.2f}"
        yield columns
    if ratios:
        mean = math.exp(statistics.fmean(map(math.log, ratios.values())))
        worst = max(ratios, key=ratios.get)
        ahead = sum(ratio < 1 for ratio in ratios.values())
        yield (
            f"geometric mean {mean:.2f}; worst {ratios[worst]:.2f} ({worst}); "
            f"{library} ahead in {ahead} of {len(ratios)}"
        )


def main(argv=None):
    options = parse(argv)
    libraries = [options.lib]
    if options.vs != "none":
        if find_spec(options.vs) is None:
            print(f"{options.vs} is not installed here, so there is nothing to compare with: times alone.")
        else:
            libraries.append(options.vs)
    print(" against ".join(f"{name} {import_module(name).__version__}" for name in libraries))
    cases = [name for name in options.cases if name != "imports"]
    found = measure(libraries, cases, options.rounds) if cases else {options.lib: {}}
    if cases:
        print(*table(found, cases), sep="\n")
    if "imports" in options.cases:
        print(imports.compare(options.lib, "numpy"))
    failed = any(isinstance(r, str) for results in found[options.lib].values() for r in results)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
