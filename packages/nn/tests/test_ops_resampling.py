"""Resampling and adaptive pooling: ops by their records."""

from __future__ import annotations

import pytest

import lamella.nn.ops.adaptive_pooling
import lamella.nn.ops.resampling  # noqa: F401  # loads the ops
from lamella.core.testing import conformance
from lamella.nn.testing.references import resampling

OPS = [
    *conformance.defined_in("lamella.nn.ops.resampling"),
    *conformance.defined_in("lamella.nn.ops.adaptive_pooling"),
]


@pytest.mark.parametrize("case", conformance.cases(OPS, resampling), ids=str)
def test_op(case):
    case()
