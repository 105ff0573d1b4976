"""``python -m lamella``: the command line."""

from __future__ import annotations

import sys

from lamella.core.cli import main

if __name__ == "__main__":
    sys.exit(main())
