"""The ops whose own forwards run on the array API standard. All others are computed on the host with NumPy.

``getitem`` and ``constant_pad_nd`` are not among them though their samples pass: the standard leaves open what a slice
past the end gives.
"""

from __future__ import annotations

NATIVE = frozenset(
    """
    abs acos acosh add all amax amin any argmax argmin asin asinh atan atan2 atanh attention_weights
    avg_pool2d_backward bernoulli bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift
    bitwise_xor cast cat ceil clone conj copysign cos cosh count_nonzero cumprod cumsum det_backward digamma div
    entr eq erfc erfcx erfinv exp expand expm1 fft_c2r fft_r2c flip floor floor_divide ge gt hermitian_gap hypot i0
    i0e i1 i1e imag isclose isfinite isinf isnan le lerp lgamma linalg_cholesky_solve linalg_det
    linalg_eigh linalg_eigvalsh linalg_qr linalg_slogdet linalg_solve_triangular linear log log10 log1p log2
    log_ndtr logical_and logical_not logical_or logical_xor logit lt matmul maximum mean minimum mul ndtr ndtri ne
    neg nextafter normal orthogonal_complement overwrite permute pow prod real reciprocal relu remainder repeat
    reshape roll round rsqrt sign sin sinh split_sizes sqrt square stack sub sum tan tanh tanh_backward triangle
    trunc unbind vector_norm weighted_relu where xlog1py xlogy
    """.split()  # noqa: SIM905  # a name a line would take pages
)
