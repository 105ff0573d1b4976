"""Every op of the core, checked from its record by ``lamella.core.testing.conformance``. A new op adds no code here."""

from __future__ import annotations

import pytest

from lamella.core import ops
from lamella.core.testing import conformance, reference

ops.load_all()


@pytest.mark.parametrize("case", conformance.cases(conformance.defined_in("lamella.core"), reference), ids=str)
def test_op(case: conformance.Case) -> None:
    case()
