"""Fourier transforms against NumPy's and against the properties that define them; short-time transforms."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
import lamella.fft

RNG = np.random.default_rng(0)
REAL = RNG.standard_normal((3, 4, 5))
COMPLEX = REAL + 1j * RNG.standard_normal((3, 4, 5))
NORMS = ("backward", "ortho", "forward")


def tensor(array):
    return lamella.tensor(np.array(array))


# --- transforms of one dimension


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
@pytest.mark.parametrize("norm", [None, *NORMS])
@pytest.mark.parametrize(("n", "dim"), [(None, -1), (3, -1), (8, 1), (7, 0), (1, 0)])
def test_transforms_along_one_dimension(name, norm, n, dim):
    array = REAL if name in ("rfft", "ihfft") else COMPLEX
    found = getattr(lamella.fft, name)(tensor(array), n, dim, norm)
    np.testing.assert_allclose(found.numpy(), getattr(np.fft, name)(array, n, dim, norm), atol=1e-12)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"])
@pytest.mark.parametrize("norm", [None, *NORMS])
@pytest.mark.parametrize(("s", "dim"), [(None, (-2, -1)), (None, (2, 0)), ((2, 6), (0, 1)), ((-1, 7), (1, 2))])
def test_transforms_along_several_dimensions(name, norm, s, dim):
    array = REAL if name.startswith("r") else COMPLEX
    found = getattr(lamella.fft, name)(tensor(array), s, dim, norm)
    axes = [d % 3 for d in dim]
    sizes = None if s is None else [array.shape[d] if n == -1 else n for n, d in zip(s, axes, strict=True)]
    expected = getattr(np.fft, name)(array, s=sizes, axes=axes, norm=norm)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)


def test_all_dimensions_by_default_or_as_many_as_sizes():
    np.testing.assert_allclose(lamella.fft.fftn(tensor(COMPLEX)).numpy(), np.fft.fftn(COMPLEX), atol=1e-12)
    np.testing.assert_allclose(
        lamella.fft.fftn(tensor(COMPLEX), s=(2, 6)).numpy(), np.fft.fftn(COMPLEX, (2, 6), (1, 2)), atol=1e-12
    )
    assert lamella.fft.fft2(tensor(COMPLEX)).shape == (3, 4, 5)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("suffix", ["n", "2"])
def test_transforms_of_hermitian_signals_undo_each_other(norm, suffix):
    forth, back = getattr(lamella.fft, f"hfft{suffix}"), getattr(lamella.fft, f"ihfft{suffix}")
    half = back(tensor(REAL), norm=norm, dim=(0, 2))
    assert half.shape == (3, 4, 3)
    np.testing.assert_allclose(forth(half, (3, 5), (0, 2), norm).numpy(), REAL, atol=1e-12)
    if norm == "backward":
        full = np.fft.ifftn(REAL, axes=(0, 2))
        np.testing.assert_allclose(half.numpy(), full[..., :3], atol=1e-12)


def test_dtypes():
    x = lamella.arange(4)
    assert lamella.fft.fft(x).dtype is lamella.complex64
    assert lamella.fft.rfft(x.bool()).dtype is lamella.complex64
    assert lamella.fft.irfft(x).dtype is lamella.float32
    assert lamella.fft.fft(x.float()).dtype is lamella.complex64
    assert lamella.fft.fft(x.double()).dtype is lamella.complex128
    assert lamella.fft.hfft(x.cfloat()).dtype is lamella.float32
    assert lamella.fft.irfft(x.double()).dtype is lamella.float64


def test_no_dimension_is_no_transform_but_a_copy():
    x = lamella.ones(3)
    found = lamella.fft.fftn(x, dim=())
    assert found.tolist() == [1, 1, 1]
    assert found.dtype is lamella.complex64
    z = lamella.ones(3, dtype=lamella.complex64)
    assert lamella.fft.ifftn(z, dim=()) is not z


F = lamella.fft
ONES = lamella.ones(3, 4)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: F.fft(ONES, 0), RuntimeError, r"fft.fft: Invalid number of data points \(0\)"),
        (lambda: F.fft(ONES, -1), RuntimeError, r"Invalid number of data points \(-1\)"),
        (lambda: F.fft(lamella.ones(2, 0)), RuntimeError, r"Invalid number of data points \(0\)"),
        (lambda: F.irfft(lamella.ones(2, 1)), RuntimeError, r"Invalid number of data points \(0\).*half a spectrum"),
        (lambda: F.fftn(ONES, (0, 1)), RuntimeError, r"Invalid number of data points \(0\)"),
        (lambda: F.fft(ONES, dim=2), IndexError, "Dimension out of range"),
        (lambda: F.fft(lamella.tensor(1.0)), IndexError, "Dimension specified as -1 but tensor has no dimensions"),
        (lambda: F.fftn(ONES, dim=(0, -2)), RuntimeError, "FFT dims must be unique"),
        (lambda: F.fftn(ONES, (2,), (0, 1)), RuntimeError, "must have the same length"),
        (lambda: F.fftn(ONES, (2, 2, 2)), RuntimeError, "Got shape with 3 values but input tensor only has 2"),
        (lambda: F.rfftn(ONES, dim=()), RuntimeError, "rfftn must transform at least one axis"),
        (lambda: F.irfftn(ONES, dim=()), RuntimeError, "irfftn must transform at least one axis"),
        (lambda: F.fft(ONES, norm="x"), RuntimeError, 'Invalid normalization mode: "x"'),
        (lambda: F.rfft(ONES + 1j), RuntimeError, "rfft expects a real input tensor, but got lamella.complex64"),
        (lambda: F.ihfft(ONES + 1j), RuntimeError, "ihfft expects a real input tensor"),
        (lambda: F.fft(ONES.half()), RuntimeError, "Unsupported dtype lamella.float16"),
        (lambda: F.fft([1.0, 2.0]), TypeError, r"fft.fft\(\): argument 'input' must be Tensor, not list"),
        (lambda: F.hfft([1.0, 2.0]), TypeError, r"fft.hfft\(\): argument 'input' must be Tensor"),
        (lambda: F.fft(ONES, 2.5), TypeError, "argument 'n' must be ints"),
        (lambda: F.fftfreq(4.0), TypeError, "argument 'n' must be ints"),
        (lambda: F.fftfreq(-1), RuntimeError, "must not be negative, got -1"),
        (lambda: F.fftfreq(4, dtype=lamella.int64), RuntimeError, "requires a floating point dtype"),
        (lambda: F.fftshift(lamella.tensor(1.0)), RuntimeError, "no dimension to shift along"),
        (lambda: F.fftshift(ONES, 2), IndexError, "Dimension out of range"),
    ],
)
def test_what_is_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()


@pytest.mark.parametrize(
    "function",
    [
        lambda x: lamella.fft.fftn(x, (2, 6), (0, 1), "ortho"),
        lambda x: lamella.fft.rfft(x, 7, 0),
        lambda x: lamella.fft.irfft(x, 6, 1, "forward"),
        lambda x: lamella.fft.hfft(x, 5),
        lambda x: lamella.fft.ihfftn(x, norm="ortho"),
    ],
)
def test_gradients(function):
    x = tensor(REAL[:, :, 0]).requires_grad_()
    assert lamella.autograd.gradcheck(function, (x,))
    assert lamella.autograd.gradgradcheck(function, (x,))


# --- frequencies


@pytest.mark.parametrize("n", [0, 1, 2, 5, 6])
@pytest.mark.parametrize("d", [1.0, 0.5])
def test_frequencies(n, d):
    found = lamella.fft.fftfreq(n, d, dtype=lamella.float64)
    np.testing.assert_allclose(found.numpy(), np.fft.fftfreq(n, d) if n else [])
    if n:
        np.testing.assert_allclose(lamella.fft.rfftfreq(n, d, dtype=lamella.float64).numpy(), np.fft.rfftfreq(n, d))


def test_frequencies_of_no_duration_are_infinite_and_may_require_grad():
    found = lamella.fft.fftfreq(4, 0.0, requires_grad=True)
    assert found.dtype is lamella.float32
    assert found.requires_grad
    np.testing.assert_array_equal(found.detach().numpy(), [np.nan, np.inf, -np.inf, -np.inf])


@pytest.mark.parametrize("dim", [None, 0, (0, 2), (-1,)])
@pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
def test_shifts(name, dim):
    found = getattr(lamella.fft, name)(tensor(REAL), dim)
    np.testing.assert_array_equal(found.numpy(), getattr(np.fft, name)(REAL, dim))


def test_shifts_undo_each_other():
    x = tensor(REAL)
    assert (lamella.fft.ifftshift(lamella.fft.fftshift(x)) == x).all()


# --- short-time transforms

SIGNAL = RNG.standard_normal(40)
HANN = np.hanning(17)[:16]


def spectra(signal, n_fft, hop, window):
    """Each frame's transform by itself."""
    frames = [signal[i : i + n_fft] * window for i in range(0, len(signal) - n_fft + 1, hop)]
    return np.stack([np.fft.fft(frame) for frame in frames], axis=-1)


@pytest.mark.parametrize(
    ("mode", "numpy_mode"),
    [("reflect", "reflect"), ("constant", "constant"), ("replicate", "edge"), ("circular", "wrap")],
)
def test_stft_is_the_transform_of_each_frame(mode, numpy_mode):
    found = lamella.stft(tensor(SIGNAL), 16, window=tensor(HANN), pad_mode=mode, return_complex=True)
    expected = spectra(np.pad(SIGNAL, 8, numpy_mode), 16, 4, HANN)
    np.testing.assert_allclose(found.numpy(), expected[:9], atol=1e-12)


def test_stft_options():
    x, window = tensor(SIGNAL), tensor(HANN)
    plain = lamella.stft(x, 16, 5, window=window, center=False, onesided=False, return_complex=True)
    np.testing.assert_allclose(plain.numpy(), spectra(SIGNAL, 16, 5, HANN), atol=1e-12)
    pairs = lamella.stft(x, 16, 5, window=window, center=False, normalized=True, return_complex=False)
    np.testing.assert_allclose(lamella.view_as_complex(pairs.contiguous()).numpy(), plain.numpy()[:9] / 4, atol=1e-12)
    short = lamella.stft(x, 16, 4, 8, tensor(HANN[:8]), center=False, return_complex=True)
    np.testing.assert_allclose(short.numpy(), spectra(SIGNAL, 16, 4, np.pad(HANN[:8], 4))[:9], atol=1e-12)
    aligned = lamella.stft(x, 16, 4, 8, tensor(HANN[:8]), center=False, align_to_window=True, return_complex=True)
    np.testing.assert_allclose(aligned[:, 1:-1].numpy(), short.numpy(), atol=1e-12)
    assert lamella.stft(x + 1j, 16).shape == (16, 11)
    assert lamella.stft(x.reshape(2, 20), 8, return_complex=True).shape == (2, 5, 11)


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("signal", [SIGNAL, SIGNAL.reshape(2, 20), SIGNAL[:33]])
def test_istft_undoes_stft(signal, normalized):
    options = {"window": tensor(HANN[:8]), "win_length": 8, "hop_length": 3, "normalized": normalized}
    there = lamella.stft(tensor(signal), 8, return_complex=True, **options)
    back = lamella.istft(there, 8, length=signal.shape[-1] - 2, **options)
    np.testing.assert_allclose(back.numpy(), signal[..., :-2], atol=1e-12)
    whole = lamella.stft(tensor(signal), 8, return_complex=True, onesided=False, **options)
    np.testing.assert_allclose(lamella.istft(whole, 8, length=signal.shape[-1] - 2, **options).numpy(), back.numpy())


def test_istft_of_a_complex_signal():
    signal = SIGNAL + 1j * SIGNAL[::-1]
    there = lamella.stft(tensor(signal), 16, window=tensor(HANN))
    np.testing.assert_allclose(
        lamella.istft(there, 16, window=tensor(HANN), return_complex=True).numpy(), signal, atol=1e-12
    )


def test_istft_fills_up_with_zeros_and_says_so():
    there = lamella.stft(tensor(SIGNAL), 16, window=tensor(HANN), return_complex=True)
    with pytest.warns(UserWarning, match="reach to 48 elements.*length=60"):
        found = lamella.istft(there, 16, window=tensor(HANN), length=60)
    assert found.shape == (60,)
    assert found[48:].tolist() == [0.0] * 12


def test_gradients_through_both():
    def there_and_back(x):
        spectrum = lamella.stft(x, 4, window=lamella.hann_window(4).double(), return_complex=True)
        return lamella.istft(spectrum * spectrum.abs(), 4, window=lamella.hann_window(4).double())

    assert lamella.autograd.gradcheck(there_and_back, (tensor(SIGNAL[:8]).requires_grad_(),))


X = lamella.ones(20)
Z = lamella.ones(9, 11, dtype=lamella.complex64)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: lamella.stft(X, 8), RuntimeError, "return_complex"),
        (lambda: lamella.stft(X + 1j, 8, onesided=True), RuntimeError, "Cannot have onesided output"),
        (lambda: lamella.stft(X.long(), 8, return_complex=True), RuntimeError, "floating point or complex values"),
        (lambda: lamella.stft(X.reshape(1, 2, 10), 8, return_complex=True), RuntimeError, "a 1D or 2D tensor"),
        (lambda: lamella.stft(X, 8, 0, return_complex=True), RuntimeError, "hop_length > 0.*hop_length=0"),
        (lambda: lamella.stft(X, 8, win_length=9, return_complex=True), RuntimeError, "win_length <= n_fft"),
        (lambda: lamella.stft(X, 8, window=X, return_complex=True), RuntimeError, "size equal to win_length=8.*20"),
        (lambda: lamella.stft(X, 24, center=False, return_complex=True), RuntimeError, "n_fft <= 20.*n_fft=24"),
        (lambda: lamella.stft(X, 50, return_complex=True), RuntimeError, "reflect padding must be at most 19"),
        (lambda: lamella.stft(X, 8, pad_mode="x", return_complex=True), NotImplementedError, "padding mode x"),
        (
            lambda: lamella.stft(X, 8, align_to_window=True, return_complex=True),
            RuntimeError,
            "only be set when center",
        ),
        (lambda: lamella.stft([1.0], 8), TypeError, "argument 'input' must be Tensor"),
        (lambda: lamella.stft(X, 8, window=[1.0], return_complex=True), TypeError, "argument 'window' must be Tensor"),
        (lambda: lamella.istft(Z.real, 16), RuntimeError, "complex-valued input tensor.*float32"),
        (lambda: lamella.istft(Z[0], 16), RuntimeError, r"shape \(F, T\) or \(B, F, T\)"),
        (lambda: lamella.istft(Z[:, :0], 16), RuntimeError, "not empty"),
        (lambda: lamella.istft(Z, 15), RuntimeError, "match n_fft=15"),
        (lambda: lamella.istft(Z, 16, onesided=False), RuntimeError, "onesided=False"),
        (lambda: lamella.istft(Z, 16, 17), RuntimeError, "hop_length=17"),
        (lambda: lamella.istft(Z, 16, return_complex=True), RuntimeError, "Cannot have onesided output"),
        (lambda: lamella.istft(Z, 16, window=lamella.ones(16) + 0j), RuntimeError, "Complex windows"),
        (lambda: lamella.istft(Z, 16, window=lamella.ones(5)), RuntimeError, "size equal to win_length=16"),
        (lambda: lamella.istft(Z, 16, window=lamella.zeros(16)), RuntimeError, "the windows leave a gap"),
        (lambda: lamella.istft(Z, 16, length=0), RuntimeError, "the windows leave a gap"),
    ],
)
def test_what_short_time_transforms_refuse(call, error, match):
    with pytest.raises(error, match=match):
        call()
