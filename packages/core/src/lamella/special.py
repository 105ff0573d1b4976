"""PyTorch's ``torch.special``: special functions, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.keywords import add_out
from lamella.core.ops.activations import log_softmax, softmax
from lamella.core.ops.angles import sinc
from lamella.core.ops.bessel import i0, i0e, i1, i1e
from lamella.core.ops.gamma import digamma, polygamma, zeta
from lamella.core.ops.gamma import lgamma as gammaln
from lamella.core.ops.gamma import mvlgamma as multigammaln
from lamella.core.ops.logarithmic import entr, logit, xlog1py
from lamella.core.ops.normal_distribution import erfcx, erfinv, log_ndtr, ndtr, ndtri
from lamella.core.ops.reductions import logsumexp
from lamella.core.ops.rounding import round
from lamella.core.ops.transcendental import erf, erfc, exp2, expm1, log1p, xlogy
from lamella.core.ops.transcendental import sigmoid as expit

psi = digamma

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
    "zeta",
]

add_out(globals(), without=("log_softmax", "softmax"))
