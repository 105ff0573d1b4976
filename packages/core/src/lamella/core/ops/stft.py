"""The short-time Fourier transform: spectra of overlapping stretches of a signal; and the signal of such spectra."""

from __future__ import annotations

import warnings
from typing import Any

from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import DtypeError, ShapeError
from lamella.core.op import OPS
from lamella.core.ops.complexes import view_as_real
from lamella.core.ops.creation import ones
from lamella.core.ops.fft import fft, ifft, irfft, rfft
from lamella.core.ops.padding import pad
from lamella.core.ops.shapes import getitem, getitem_backward, transpose, unsqueeze
from lamella.core.tensor import Tensor, check_tensor

#: What overlapping windows must at least add up to, for a signal to be told from their products with it.
_LEAST_OVERLAP = 1e-11


def _extended(input: Tensor, before: int, after: int) -> Tensor:
    """``input`` with zeros before and after, along the last dimension."""
    shape = input.array.shape
    key = (*(slice(None),) * (len(shape) - 1), slice(before, before + shape[-1]))
    extended: Tensor = getitem_backward(input, (*shape[:-1], before + shape[-1] + after), key)
    return extended


def _centered(input: Tensor, count: int, mode: str) -> Tensor:
    """``input`` with ``count`` elements more on each side."""
    batch = input if input.array.ndim == 2 else unsqueeze(input, 0)
    return pad(batch, (count, count), mode).reshape(*input.array.shape[:-1], -1)


def _checked_window(name: str, window: Tensor | None, win_length: int, n_fft: int, like: Tensor) -> Tensor:
    """The window, of ones by default, with zeros on both sides to make it ``n_fft`` long."""
    if window is None:
        window = ones(win_length, dtype=like.dtype.to_real(), device=like.device)
    elif window.array.shape != (win_length,):
        raise ShapeError(
            f"{name}: expected a 1D window tensor of size equal to win_length={win_length}, but got window with size "
            f"{tuple(window.shape)}"
        )
    left = (n_fft - win_length) // 2
    return _extended(window, left, n_fft - win_length - left) if win_length < n_fft else window


def _is_complex(name: str, window: Tensor | None) -> bool:
    return window is not None and check_tensor(name, "window", window).is_complex()


def _norm(normalized: bool) -> str:
    return "ortho" if normalized else "backward"


@autocast_as("float32")
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """The Fourier transforms of overlapping frames of a signal: ``(*, L) -> (*, F, T)``.

    ``X[w, t] = sum_k window[k] input[t hop_length + k] exp(-2 pi i k w / n_fft)``

    Args:
        input: Signals, of shape (L,) or (B, L); floating or complex.
        n_fft: The length of a frame.
        hop_length: The distance between two frames; ``n_fft // 4`` by default.
        win_length: The length of the window, ``n_fft`` by default. A shorter one has zeros on both sides.
        window: Of shape (win_length,), such as :func:`hann_window`; ones by default.
        center: Whether frame t is centered at element ``t hop_length``, for which the signal is extended at both
            ends; otherwise it begins there.
        pad_mode: With what the signal is extended: ``"constant"``, or of itself ``"reflect"``, ``"replicate"`` or
            ``"circular"``.
        normalized: Whether to divide by ``sqrt(n_fft)``.
        onesided: Whether to give only the frequencies that tell the others, ``F = n_fft // 2 + 1``; otherwise all
            ``F = n_fft``. True by default, if input and window are real.
        return_complex: Must be given for a real input. False gives pairs of real and imaginary parts, (*, F, T, 2).
        align_to_window: With ``center=False`` and a window shorter than ``n_fft``: whether frame t begins where its
            window does, and the last where a window still fits in.

    Raises:
        RuntimeError: A length does not fit the others, or what must be given is not.

    Example:
        >>> lamella.stft(lamella.ones(8), 4, window=lamella.hann_window(4), return_complex=True).shape
        lamella.Size([3, 9])
    """
    check_tensor("stft", "input", input)
    hop = n_fft // 4 if hop_length is None else hop_length
    win = n_fft if win_length is None else win_length
    complex_result = input.is_complex() or _is_complex("stft", window)
    if center and align_to_window is not None:
        raise ShapeError("stft: align_to_window should only be set when center=False")
    if return_complex is None and not complex_result:
        raise ShapeError("stft requires return_complex to be given for real inputs. Pass return_complex=True.")
    if not (input.is_floating_point() or input.is_complex()):
        raise DtypeError(f"stft: expected a tensor of floating point or complex values, got {input.dtype}")
    if onesided and complex_result:
        raise ShapeError("stft: Cannot have onesided output if window or input is complex. Pass onesided=False.")
    if input.array.ndim not in (1, 2):
        raise ShapeError(f"stft: expected a 1D or 2D tensor, got input of shape {tuple(input.shape)}")
    if hop <= 0 or not 0 < win <= n_fft:
        raise ShapeError(
            f"stft: expected hop_length > 0 and 0 < win_length <= n_fft, but got hop_length={hop}, win_length={win} "
            f"and n_fft={n_fft}"
        )
    signal = _centered(input, n_fft // 2, pad_mode) if center else input
    if not 0 < n_fft <= signal.array.shape[-1]:
        raise ShapeError(f"stft: expected 0 < n_fft <= {signal.array.shape[-1]}, but got n_fft={n_fft}")
    if align_to_window:
        signal = _extended(signal, (n_fft - win) // 2, (n_fft - win) // 2)
    weights = _checked_window("stft", window, win, n_fft, input)
    whole = complex_result if onesided is None else not onesided
    frames = _frames(signal, n_fft, hop) * weights
    spectra = transpose((fft if whole else rfft)(frames, norm=_norm(normalized)), -1, -2)
    return view_as_real(spectra) if return_complex is False else spectra


def _frames(signal: Tensor, size: int, hop: int) -> Tensor:
    """Overlapping frames of signals: ``(*, L) -> (*, T, size)``."""
    signal = signal.contiguous()
    *lead, length = signal.array.shape
    place = _place(tuple(lead), length, (length - size) // hop + 1, size, hop)
    frames: Tensor = OPS["as_strided"].call(signal, *place)
    return frames


def _place(lead: tuple[int, ...], length: int, count: int, size: int, hop: int) -> tuple[Any, ...]:
    """Where frames lie in contiguous signals: shape, strides and offset."""
    return (*lead, count, size), (*(length,) * len(lead), hop, 1), 0


def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal that best explains its short-time Fourier transform: ``(*, F, T) -> (*, L)``.

    The inverse transforms of the frames are weighted by the window, added up where they overlap, and divided by the sum
    of the squared windows: the least-squares solution.

    Args:
        input: Complex, as :func:`stft` gives it: of shape (F, T) or (B, F, T).
        length: The length of the result; by default as long as the frames reach, without what ``center`` added.
        return_complex: Whether the signal is complex; needs all frequencies.
        n_fft: As for :func:`stft`, and so are the other arguments.
        onesided: Whether half of the frequencies are given; by default whether there are other than ``n_fft``.

    Raises:
        RuntimeError: A length does not fit the others, or the windows leave a gap.

    Reference:
        D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", 1984.
    """
    if not check_tensor("istft", "input", input).is_complex():
        raise DtypeError(
            f"istft requires a complex-valued input tensor, as of stft(…, return_complex=True); got {input.dtype}"
        )
    hop = n_fft // 4 if hop_length is None else hop_length
    win = n_fft if win_length is None else win_length
    shape = input.array.shape
    if len(shape) not in (2, 3) or 0 in shape:
        raise ShapeError(f"istft: expected a tensor of shape (F, T) or (B, F, T) that is not empty, got {shape}")
    half = shape[-2] != n_fft if onesided is None else onesided
    if shape[-2] != (n_fft // 2 + 1 if half else n_fft):
        raise ShapeError(
            f"istft: expected the frequency dimension to match n_fft={n_fft}: of size {n_fft // 2 + 1} with "
            f"onesided=True, {n_fft} with onesided=False; but input has shape {shape} and onesided={onesided}"
        )
    if not 0 < hop <= win or not 0 < win <= n_fft:
        raise ShapeError(
            f"istft: expected 0 < hop_length <= win_length <= n_fft, but got hop_length={hop}, win_length={win} and "
            f"n_fft={n_fft}"
        )
    if return_complex and half:
        raise ShapeError("istft: Cannot have onesided output if window or input is complex. Pass onesided=False.")
    if _is_complex("istft", window) and not return_complex:
        raise ShapeError("istft: Complex windows are incompatible with return_complex=False")
    weights = _checked_window("istft", window, win, n_fft, input)
    spectra = transpose(input, -1, -2)
    if return_complex:
        frames = ifft(spectra, norm=_norm(normalized))
    else:
        frames = irfft(spectra, n_fft, norm=_norm(normalized))
    count = shape[-1]
    total = n_fft + hop * (count - 1)
    signal = _added(frames * weights, total, hop)
    envelope = _added((weights * weights).expand(count, n_fft), total, hop)
    start = n_fft // 2 if center else 0
    stop = start + length if length is not None else total - n_fft // 2 if center else total
    kept = slice(start, min(stop, total))
    signal, envelope = getitem(signal, (*(slice(None),) * (len(shape) - 2), kept)), getitem(envelope, (kept,))
    if not envelope.array.size or envelope.detach().abs().min().item() <= _LEAST_OVERLAP:
        raise ShapeError(
            f"istft: the windows leave a gap between elements {start} and {stop}, where their squares add up to less "
            f"than {_LEAST_OVERLAP}. Pass the window of stft, a shorter hop_length or center=True."
        )
    signal = signal / envelope
    if stop > total:
        warnings.warn(
            f"istft: the frames reach to {total - start} elements, and the rest of the length={length} asked for is "
            "filled with zeros.",
            UserWarning,
            stacklevel=2,
        )
        signal = _extended(signal, 0, stop - total)
    return signal


def _added(frames: Tensor, length: int, hop: int) -> Tensor:
    """Frames added up where they overlap in signals: ``(*, T, size) -> (*, length)``."""
    *lead, count, size = frames.array.shape
    signals: Tensor = OPS["as_strided_backward"].call(
        frames, (*lead, length), *_place(tuple(lead), length, count, size, hop)
    )
    return signals


#: Functions without ``out=``.
NO_OUT = (
    "istft",
    "stft",
)

__all__ = ["istft", "stft"]
