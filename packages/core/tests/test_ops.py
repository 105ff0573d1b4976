"""Every op of the core, checked from its record by ``lamella.core.testing.conformance``. A new op adds no code here."""

from __future__ import annotations

import pytest

import lamella  # noqa: F401  # fills the op table
from lamella.core.testing import conformance, reference


@pytest.mark.parametrize("case", conformance.cases(conformance.defined_in("lamella.core"), reference), ids=str)
def test_op(case: conformance.Case) -> None:
    case()
