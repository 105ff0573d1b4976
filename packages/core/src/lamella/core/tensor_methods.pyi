"""The methods of Tensor that the op families define. Written by ``scripts/generate.py``."""

import builtins
import numpy as np
from collections.abc import Callable, Sequence
from lamella.core.dtypes import dtype, dtype as Dtype
from lamella.core.layouts import memory_format
from lamella.core.ops.numeric_pointwise import FrexpResult
from lamella.core.ops.reductions import Dims
from lamella.core.random import Generator
from lamella.core.tensor import Tensor
from typing import Any, NoReturn

class Methods:
    @property
    def H(self) -> Tensor:
        """:func:`adjoint` of a matrix."""
    @property
    def T(self) -> Tensor:
        """A view with all dimensions in reverse order; meant for matrices."""
    def __abs__(self) -> Tensor:
        """The absolute value; its gradient at 0 is 0."""
    def __add__(self, other: Any) -> Any:
        ...
    def __and__(self, other: Any) -> Any:
        ...
    def __array__(self, dtype: Any = None, copy: builtins.bool | None = None) -> np.ndarray:
        """What NumPy makes of the tensor: an array that shares its memory, unless a dtype or a copy is asked for."""
    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: builtins.bool = False) -> Tensor:
        """What a ufunc such as ``np.sqrt(x)`` returns: a Tensor, outside the graph."""
    def __deepcopy__(self, memo: builtins.dict[builtins.int, Any]) -> Any:
        """A copy with its own memory, shared with the copies, made by the same call, of tensors that shared it before."""
    def __dlpack__(self, *, stream: Any = None, max_version: builtins.tuple[builtins.int, builtins.int] | None = None, dl_device: builtins.tuple[builtins.int, builtins.int] | None = None, copy: builtins.bool | None = None) -> Any:
        """A DLPack capsule over the tensor's memory, for one other library's ``from_dlpack``."""
    def __dlpack_device__(self) -> builtins.tuple[builtins.int, builtins.int]:
        """DLPack's numbers of the device type and the device."""
    def __eq__(self, other: Any) -> Any:
        ...
    def __floordiv__(self, other: Any) -> Any:
        ...
    def __ge__(self, other: Any) -> Any:
        ...
    def __getitem__(self, key: Any) -> Tensor:
        """``x[key]``: a view for ints, slices, None and the ellipsis; a copy where tensors, lists or masks pick."""
    def __gt__(self, other: Any) -> Any:
        ...
    def __iadd__(self, other: Any, *old: Any, alpha: builtins.float = 1) -> Tensor:
        """In-place form of :func:`add`: the result is stored in the tensor itself."""
    def __iand__(self, other: Any) -> Tensor:
        """In-place form of :func:`bitwise_and`: the result is stored in the tensor itself."""
    def __ifloordiv__(self, other: Any) -> Tensor:
        """In-place form of :func:`floor_divide`: the result is stored in the tensor itself."""
    def __ilshift__(self, other: Any) -> Tensor:
        """In-place form of :func:`bitwise_left_shift`: the result is stored in the tensor itself."""
    def __imod__(self, other: Any) -> Tensor:
        """In-place form of :func:`remainder`: the result is stored in the tensor itself."""
    def __imul__(self, other: Any) -> Tensor:
        """In-place form of :func:`mul`: the result is stored in the tensor itself."""
    def __invert__(self) -> Tensor:
        """``~input``: each bit turned over; for bools, not."""
    def __ior__(self, other: Any) -> Tensor:
        """In-place form of :func:`bitwise_or`: the result is stored in the tensor itself."""
    def __ipow__(self, exponent: Any) -> Any:
        """In-place form of :func:`pow`: the result is stored in the tensor itself."""
    def __irshift__(self, other: Any) -> Tensor:
        """In-place form of :func:`bitwise_right_shift`: the result is stored in the tensor itself."""
    def __isub__(self, other: Any, *old: Any, alpha: builtins.float = 1) -> Tensor:
        """In-place form of :func:`sub`: the result is stored in the tensor itself."""
    def __itruediv__(self, other: Any, *, rounding_mode: builtins.str | None = None) -> Tensor:
        """In-place form of :func:`div`: the result is stored in the tensor itself."""
    def __ixor__(self, other: Any) -> Tensor:
        """In-place form of :func:`bitwise_xor`: the result is stored in the tensor itself."""
    def __le__(self, other: Any) -> Any:
        ...
    def __long__(self) -> builtins.int:
        ...
    def __lshift__(self, other: Any) -> Any:
        ...
    def __lt__(self, other: Any) -> Any:
        ...
    def __matmul__(self, other: Tensor) -> Tensor:
        """The matrix product of the last two dimensions, the others broadcast."""
    def __mod__(self, other: Any) -> Any:
        ...
    def __mul__(self, other: Any) -> Any:
        ...
    def __ne__(self, other: Any) -> Any:
        ...
    def __neg__(self) -> Tensor:
        """``-input``."""
    def __nonzero__(self) -> builtins.bool:
        ...
    def __or__(self, other: Any) -> Any:
        ...
    def __pow__(self, other: Any) -> Any:
        ...
    def __radd__(self, other: Any) -> Any:
        ...
    def __rand__(self, other: Any) -> Any:
        ...
    def __rdiv__(self, other: Any) -> Any:
        ...
    def __reduce__(self) -> Any:
        """What copies and pickles are made of: the array, as NumPy pickles it, and the attributes of a subclass."""
    def __reversed__(self) -> Tensor:
        """``reversed(x)``: the tensor with its first dimension the other way round."""
    def __rfloordiv__(self, other: Any) -> Any:
        ...
    def __rlshift__(self, other: Any) -> Any:
        ...
    def __rmatmul__(self, other: Any) -> Any:
        ...
    def __rmod__(self, other: Any) -> Any:
        ...
    def __rmul__(self, other: Any) -> Any:
        ...
    def __ror__(self, other: Any) -> Any:
        ...
    def __rpow__(self, other: Any) -> Any:
        ...
    def __rrshift__(self, other: Any) -> Any:
        ...
    def __rshift__(self, other: Any) -> Any:
        ...
    def __rsub__(self, other: Any) -> Any:
        ...
    def __rtruediv__(self, other: Any) -> Any:
        ...
    def __rxor__(self, other: Any) -> Any:
        ...
    def __setitem__(self, key: Any, value: Any) -> None:
        """``x[key] = value``: ``value`` is broadcast."""
    def __sub__(self, other: Any) -> Any:
        ...
    def __truediv__(self, other: Any) -> Any:
        ...
    def __xor__(self, other: Any) -> Any:
        ...
    def abs(self) -> Tensor:
        """The absolute value; its gradient at 0 is 0."""
    def abs_(self) -> Tensor:
        """In-place form of :func:`abs`: the result is stored in the tensor itself."""
    def absolute(self) -> Tensor:
        """The absolute value; its gradient at 0 is 0."""
    def absolute_(self) -> Tensor:
        """In-place form of :func:`abs`: the result is stored in the tensor itself."""
    def acos(self) -> Tensor:
        """The angle whose cosine each element is; nan outside of [-1, 1]."""
    def acos_(self) -> Tensor:
        """In-place form of :func:`acos`: the result is stored in the tensor itself."""
    def acosh(self) -> Tensor:
        """The number whose hyperbolic cosine each element is, at least 0; nan below 1."""
    def acosh_(self) -> Tensor:
        """In-place form of :func:`acosh`: the result is stored in the tensor itself."""
    def add(self, other: Any, *old: Any, alpha: builtins.float = 1) -> Tensor:
        """``input + alpha * other``, with broadcasting."""
    def add_(self, other: Any, *old: Any, alpha: builtins.float = 1) -> Tensor:
        """In-place form of :func:`add`: the result is stored in the tensor itself."""
    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """``beta * input + alpha * sum_i(batch1[i] @ batch2[i])``; with ``beta=0`` even nan in ``input`` does not count."""
    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """In-place form of :func:`addbmm`: the result is stored in the tensor itself."""
    def addcdiv(self, tensor1: Any, tensor2: Tensor, *old: Tensor, value: builtins.float = 1) -> Tensor:
        """``input + value * tensor1 / tensor2``."""
    def addcdiv_(self, tensor1: Any, tensor2: Tensor, *old: Tensor, value: builtins.float = 1) -> Tensor:
        """In-place form of :func:`addcdiv`: the result is stored in the tensor itself."""
    def addcmul(self, tensor1: Any, tensor2: Tensor, *old: Tensor, value: builtins.float = 1) -> Tensor:
        """``input + value * tensor1 * tensor2``."""
    def addcmul_(self, tensor1: Any, tensor2: Tensor, *old: Tensor, value: builtins.float = 1) -> Tensor:
        """In-place form of :func:`addcmul`: the result is stored in the tensor itself."""
    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """``beta * input + alpha * (mat1 @ mat2)``; with ``beta=0`` the values of ``input`` do not count, not even nan."""
    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """In-place form of :func:`addmm`: the result is stored in the tensor itself."""
    def addmv(self, mat: Tensor, vec: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """``beta * input + alpha * (mat @ vec)``; with ``beta=0`` the values of ``input`` do not count, not even nan."""
    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """In-place form of :func:`addmv`: the result is stored in the tensor itself."""
    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """``beta * input + alpha * outer(vec1, vec2)``; with ``beta=0`` the values of ``input`` do not count, not even nan."""
    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """In-place form of :func:`addr`: the result is stored in the tensor itself."""
    def adjoint(self) -> Tensor:
        """The matrix with its last two dimensions swapped and its elements conjugated: ``(*, N, M) -> (*, M, N)``."""
    def all(self, dim: Dims = None, keepdim: builtins.bool = False) -> Tensor:
        """Whether all elements are not 0, over ``dim`` or all dimensions; True over no element."""
    def allclose(self, other: Tensor, rtol: builtins.float = 1e-05, atol: builtins.float = 1e-08, equal_nan: builtins.bool = False) -> builtins.bool:
        """Whether all elements are close; see :func:`isclose`."""
    def amax(self, dim: Dims = (), keepdim: builtins.bool = False) -> Tensor:
        """The largest element over ``dim``, one or several dimensions; over all by default. Equal ones share the gradient."""
    def amin(self, dim: Dims = (), keepdim: builtins.bool = False) -> Tensor:
        """The smallest element over ``dim``, one or several dimensions; over all by default. Equal ones share the gradient."""
    def aminmax(self, *, dim: builtins.int | None = None, keepdim: builtins.bool = False) -> Any:
        """The smallest and the largest element, of all or along ``dim``. Equal ones share the gradient."""
    def angle(self) -> Tensor:
        """The angle of each complex number in the plane, between -pi and pi; of a negative real one pi, of others 0."""
    def any(self, dim: Dims = None, keepdim: builtins.bool = False) -> Tensor:
        """Whether any element is not 0, over ``dim`` or all dimensions; False over no element."""
    def apply_(self, callable: Callable[[Any], Any]) -> Tensor:
        """Replace each element by ``callable(element)``. Slow, as every call is Python's."""
    def arccos(self) -> Tensor:
        """The angle whose cosine each element is; nan outside of [-1, 1]."""
    def arccos_(self) -> Tensor:
        """In-place form of :func:`acos`: the result is stored in the tensor itself."""
    def arccosh(self) -> Tensor:
        """The number whose hyperbolic cosine each element is, at least 0; nan below 1."""
    def arccosh_(self) -> Tensor:
        """In-place form of :func:`acosh`: the result is stored in the tensor itself."""
    def arcsin(self) -> Tensor:
        """The angle whose sine each element is; nan outside of [-1, 1]."""
    def arcsin_(self) -> Tensor:
        """In-place form of :func:`asin`: the result is stored in the tensor itself."""
    def arcsinh(self) -> Tensor:
        """The number whose hyperbolic sine each element is."""
    def arcsinh_(self) -> Tensor:
        """In-place form of :func:`asinh`: the result is stored in the tensor itself."""
    def arctan(self) -> Tensor:
        """The angle whose tangent each element is."""
    def arctan2(self, other: Any) -> Tensor:
        """The angle of the points (``other``, ``input``), from -π to π."""
    def arctan2_(self, other: Any) -> Tensor:
        """In-place form of :func:`atan2`: the result is stored in the tensor itself."""
    def arctan_(self) -> Tensor:
        """In-place form of :func:`atan`: the result is stored in the tensor itself."""
    def arctanh(self) -> Tensor:
        """The number whose hyperbolic tangent each element is; ±inf at ±1, nan beyond."""
    def arctanh_(self) -> Tensor:
        """In-place form of :func:`atanh`: the result is stored in the tensor itself."""
    def argmax(self, dim: builtins.int | None = None, keepdim: builtins.bool = False) -> Tensor:
        """Where the first of the largest elements along ``dim`` is; with no ``dim``, in the flattened tensor."""
    def argmin(self, dim: builtins.int | None = None, keepdim: builtins.bool = False) -> Tensor:
        """Where the first of the smallest elements along ``dim`` is; with no ``dim``, in the flattened tensor."""
    def argsort(self, dim: builtins.int = -1, descending: builtins.bool = False, *, stable: builtins.bool = False) -> Tensor:
        """Where the elements along ``dim`` stand in order: ``input`` picked at them is sorted. nan counts as the largest."""
    def argwhere(self) -> Tensor:
        """Where the elements are not 0: int64 indices, ``(count, ndim)``."""
    def as_strided(self, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = None) -> Tensor:
        """A view of the memory under a tensor, with any strides; its elements may overlap."""
    def as_strided_(self, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = None) -> Tensor:
        """In-place form of :func:`as_strided`: the same tensor with other sizes and strides."""
    def as_strided_scatter(self, src: Tensor, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = None) -> Tensor:
        """A copy of ``input`` in which what :func:`as_strided` with these arguments shows of it holds ``src``."""
    def as_subclass(self, cls: builtins.type[Tensor]) -> Any:
        """The same elements and place in the graph, as a ``cls``, a subclass of Tensor."""
    def asin(self) -> Tensor:
        """The angle whose sine each element is; nan outside of [-1, 1]."""
    def asin_(self) -> Tensor:
        """In-place form of :func:`asin`: the result is stored in the tensor itself."""
    def asinh(self) -> Tensor:
        """The number whose hyperbolic sine each element is."""
    def asinh_(self) -> Tensor:
        """In-place form of :func:`asinh`: the result is stored in the tensor itself."""
    def atan(self) -> Tensor:
        """The angle whose tangent each element is."""
    def atan2(self, other: Any) -> Tensor:
        """The angle of the points (``other``, ``input``), from -π to π."""
    def atan2_(self, other: Any) -> Tensor:
        """In-place form of :func:`atan2`: the result is stored in the tensor itself."""
    def atan_(self) -> Tensor:
        """In-place form of :func:`atan`: the result is stored in the tensor itself."""
    def atanh(self) -> Tensor:
        """The number whose hyperbolic tangent each element is; ±inf at ±1, nan beyond."""
    def atanh_(self) -> Tensor:
        """In-place form of :func:`atanh`: the result is stored in the tensor itself."""
    def backward(self, gradient: Tensor | None = None, retain_graph: builtins.bool | None = None, create_graph: builtins.bool = False, inputs: Tensor | Sequence[Tensor] | None = None) -> None:
        """``x.backward()``: see :func:`backward`."""
    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """``beta * input + alpha * (batch1 @ batch2)``; with ``beta=0`` the values of ``input`` do not count, not even nan."""
    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """In-place form of :func:`baddbmm`: the result is stored in the tensor itself."""
    def bernoulli(self, p: builtins.float | None = None, *, generator: Generator | None = None) -> Tensor:
        """1 with the probability that each element of ``input`` says (or with probability ``p``), else 0."""
    def bernoulli_(self, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
        """Fill the tensor with 1 with probability ``p`` (a number, or a tensor that broadcasts), else 0."""
    def bfloat16(self) -> Tensor:
        """The tensor converted to bfloat16; itself if it has that dtype."""
    def bincount(self, weights: Tensor | None = None, minlength: builtins.int = 0) -> Tensor:
        """How often each integer from 0 to the largest occurs, or the sum of the weights where it does."""
    def bitwise_and(self, other: Any) -> Tensor:
        """``input & other``, bit by bit."""
    def bitwise_and_(self, other: Any) -> Tensor:
        """In-place form of :func:`bitwise_and`: the result is stored in the tensor itself."""
    def bitwise_left_shift(self, other: Any) -> Tensor:
        """``input << other``; what is shifted out is lost."""
    def bitwise_left_shift_(self, other: Any) -> Tensor:
        """In-place form of :func:`bitwise_left_shift`: the result is stored in the tensor itself."""
    def bitwise_not(self) -> Tensor:
        """``~input``: each bit turned over; for bools, not."""
    def bitwise_not_(self) -> Tensor:
        """In-place form of :func:`bitwise_not`: the result is stored in the tensor itself."""
    def bitwise_or(self, other: Any) -> Tensor:
        """``input | other``, bit by bit."""
    def bitwise_or_(self, other: Any) -> Tensor:
        """In-place form of :func:`bitwise_or`: the result is stored in the tensor itself."""
    def bitwise_right_shift(self, other: Any) -> Tensor:
        """``input >> other``, keeping the sign."""
    def bitwise_right_shift_(self, other: Any) -> Tensor:
        """In-place form of :func:`bitwise_right_shift`: the result is stored in the tensor itself."""
    def bitwise_xor(self, other: Any) -> Tensor:
        """``input ^ other``, bit by bit."""
    def bitwise_xor_(self, other: Any) -> Tensor:
        """In-place form of :func:`bitwise_xor`: the result is stored in the tensor itself."""
    def bmm(self, mat2: Tensor) -> Tensor:
        """The products of two batches of matrices: ``(b, n, k), (b, k, m) -> (b, n, m)``."""
    def bool(self) -> Tensor:
        """The tensor converted to bool; itself if it has that dtype."""
    def broadcast_to(self, size: Sequence[builtins.int]) -> Tensor:
        """``input`` expanded to ``size``."""
    def byte(self) -> Tensor:
        """The tensor converted to uint8; itself if it has that dtype."""
    def cauchy_(self, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        """Fill the tensor with numbers from the Cauchy distribution around ``median`` of half-width ``sigma``."""
    def ccol_indices(self) -> Any:
        """Refuse: only sparse column compressed tensors have it, and every tensor here is dense."""
    def cdouble(self) -> Tensor:
        """The tensor converted to complex128; itself if it has that dtype."""
    def ceil(self) -> Tensor:
        """The smallest whole number that is not below each element."""
    def ceil_(self) -> Tensor:
        """In-place form of :func:`ceil`: the result is stored in the tensor itself."""
    def cfloat(self) -> Tensor:
        """The tensor converted to complex64; itself if it has that dtype."""
    def char(self) -> Tensor:
        """The tensor converted to int8; itself if it has that dtype."""
    def cholesky(self, upper: builtins.bool = False) -> Tensor:
        """The Cholesky factors of positive-definite matrices; see :func:`lamella.linalg.cholesky`."""
    def cholesky_solve(self, L: Tensor, upper: builtins.bool = False) -> Tensor:
        """The solution X of ``A X = input``, of A its Cholesky factor being known."""
    def chunk(self, chunks: builtins.int, dim: builtins.int = 0) -> builtins.tuple[Tensor, ...]:
        """At most ``chunks`` pieces of equal size along ``dim``, the last maybe smaller, as views."""
    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """Each element, or the bound that it passes."""
    def clamp_(self, min: Any = None, max: Any = None) -> Tensor:
        """In-place form of :func:`clamp`: the result is stored in the tensor itself."""
    def clamp_max(self, max: Any) -> Tensor:
        """Each element, at most ``max``."""
    def clamp_max_(self, max: Any) -> Tensor:
        """In-place form of :func:`clamp_max`: the result is stored in the tensor itself."""
    def clamp_min(self, min: Any) -> Tensor:
        """Each element, at least ``min``."""
    def clamp_min_(self, min: Any) -> Tensor:
        """In-place form of :func:`clamp_min`: the result is stored in the tensor itself."""
    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """Each element, or the bound that it passes."""
    def clip_(self, min: Any = None, max: Any = None) -> Tensor:
        """In-place form of :func:`clamp`: the result is stored in the tensor itself."""
    def clone(self, *, memory_format: memory_format = ...) -> Tensor:
        """A copy; gradients flow through it."""
    def coalesce(self) -> Any:
        """Refuse: only sparse coordinate tensors have it, and every tensor here is dense."""
    def col_indices(self) -> Any:
        """Refuse: only sparse row compressed tensors have it, and every tensor here is dense."""
    def conj(self) -> Tensor:
        """The complex conjugate; real tensors as they are."""
    def conj_physical(self) -> Tensor:
        """The complex conjugate; real tensors as they are. Here the same as :func:`conj`."""
    def conj_physical_(self) -> Tensor:
        """In-place form of :func:`conj_physical`: the result is stored in the tensor itself."""
    def const_data_ptr(self) -> builtins.int:
        """Address of the first element, for reading alone."""
    def contiguous(self, memory_format: memory_format = ...) -> Tensor:
        """The tensor itself if it lies in row-major order, else a copy that does."""
    def copy_(self, other: Any, non_blocking: builtins.bool = False) -> Tensor:
        """Fill the tensor with the elements of ``other``, broadcast and converted to its dtype and device."""
    def copysign(self, other: Any) -> Tensor:
        """The size of ``input`` with the sign of ``other``, which zeros have too; integers give the default float."""
    def copysign_(self, other: Any) -> Tensor:
        """In-place form of :func:`copysign`: the result is stored in the tensor itself."""
    def corrcoef(self) -> Tensor:
        """The correlation coefficients, from -1 to 1, of variables, the rows of ``input``, over its columns."""
    def cos(self) -> Tensor:
        """The cosine of angles in radians."""
    def cos_(self) -> Tensor:
        """In-place form of :func:`cos`: the result is stored in the tensor itself."""
    def cosh(self) -> Tensor:
        """The hyperbolic cosine."""
    def cosh_(self) -> Tensor:
        """In-place form of :func:`cosh`: the result is stored in the tensor itself."""
    def count_nonzero(self, dim: Dims = None) -> Tensor:
        """How many elements are not 0, over ``dim`` or all dimensions."""
    def cov(self, *, correction: builtins.int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
        """The covariance of variables, the rows of ``input``, over observations, its columns."""
    def cpu(self) -> Tensor:
        """The tensor on the CPU; itself if it is there."""
    def cross(self, other: Tensor, dim: builtins.int | None = None) -> Tensor:
        """The vector products of vectors of three elements along ``dim``, with broadcasting."""
    def crow_indices(self) -> Any:
        """Refuse: only sparse row compressed tensors have it, and every tensor here is dense."""
    def cuda(self, device: Any = None, non_blocking: builtins.bool = False, memory_format: Any = ...) -> Tensor:
        """The tensor on a CUDA device; itself if it is there."""
    def cummax(self, dim: builtins.int) -> Any:
        """The largest of all elements up to each along ``dim``, and where the last such is. nan counts as the largest."""
    def cummin(self, dim: builtins.int) -> Any:
        """The smallest of all elements up to each along ``dim``, and where the last such is. nan counts as the smallest."""
    def cumprod(self, dim: builtins.int, *, dtype: dtype | None = None) -> Tensor:
        """The products of all elements up to each along ``dim``."""
    def cumprod_(self, dim: builtins.int, *, dtype: dtype | None = None) -> Tensor:
        """In-place form of :func:`cumprod`: the result is stored in the tensor itself."""
    def cumsum(self, dim: builtins.int, *, dtype: dtype | None = None) -> Tensor:
        """The sums of all elements up to each along ``dim``."""
    def cumsum_(self, dim: builtins.int, *, dtype: dtype | None = None) -> Tensor:
        """In-place form of :func:`cumsum`: the result is stored in the tensor itself."""
    def deg2rad(self) -> Tensor:
        """Angles in degrees, converted to radians."""
    def deg2rad_(self) -> Tensor:
        """In-place form of :func:`deg2rad`: the result is stored in the tensor itself."""
    def dense_dim(self) -> builtins.int:
        """The number of dimensions that are not sparse: all."""
    def det(self) -> Tensor:
        """See :func:`lamella.linalg.det`."""
    def diag(self, diagonal: builtins.int = 0) -> Tensor:
        """A matrix with a vector on its diagonal; or a copy of the diagonal of a matrix."""
    def diag_embed(self, offset: builtins.int = 0, dim1: builtins.int = -2, dim2: builtins.int = -1) -> Tensor:
        """Matrices, zero but for a diagonal that holds the last dimension of ``input``."""
    def diagflat(self, offset: builtins.int = 0) -> Tensor:
        """A matrix with all elements of ``input`` on its diagonal ``offset``: 0 is the main one, 1 the one above it."""
    def diagonal(self, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1) -> Tensor:
        """A view of the diagonal of the matrices in two dimensions; it becomes the last dimension."""
    def diagonal_scatter(self, src: Tensor, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1) -> Tensor:
        """A copy of ``input`` with ``src`` in the place of ``input.diagonal(offset, dim1, dim2)``."""
    def diff(self, n: builtins.int = 1, dim: builtins.int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
        """Differences of neighbours along ``dim``, ``input[i+1] - input[i]``; of bools, whether they differ."""
    def digamma(self) -> Tensor:
        """The derivative of :func:`lgamma`, called ψ; ∓inf at ±0, nan at negative whole numbers."""
    def digamma_(self) -> Tensor:
        """In-place form of :func:`digamma`: the result is stored in the tensor itself."""
    def dim_order(self, *, ambiguity_check: builtins.bool = False) -> builtins.tuple[builtins.int, ...]:
        """The dimensions from the outermost in memory, with the largest stride, to the innermost."""
    def dist(self, other: Tensor, p: builtins.float = 2) -> Tensor:
        """The ``p``-norm of ``input - other``, of all elements."""
    def div(self, other: Any, *, rounding_mode: builtins.str | None = None) -> Tensor:
        """``input / other``, with broadcasting."""
    def div_(self, other: Any, *, rounding_mode: builtins.str | None = None) -> Tensor:
        """In-place form of :func:`div`: the result is stored in the tensor itself."""
    def divide(self, other: Any, *, rounding_mode: builtins.str | None = None) -> Tensor:
        """``input / other``, with broadcasting."""
    def divide_(self, other: Any, *, rounding_mode: builtins.str | None = None) -> Tensor:
        """In-place form of :func:`div`: the result is stored in the tensor itself."""
    def dot(self, tensor: Tensor) -> Tensor:
        """The sum of the products of two vectors' elements: ``(n,), (n,) -> ()``."""
    def double(self) -> Tensor:
        """The tensor converted to float64; itself if it has that dtype."""
    def dsplit(self, indices_or_sections: builtins.int | Sequence[builtins.int]) -> builtins.tuple[Tensor, ...]:
        """Pieces along the third dimension, as views."""
    def eig(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Removed, as in PyTorch: use :func:`lamella.linalg.eig`, whose results are complex."""
    def eq(self, other: Any) -> Tensor:
        """Whether ``input == other``, element by element."""
    def eq_(self, other: Any) -> Tensor:
        """In-place form of :func:`eq`: the result is stored in the tensor itself."""
    def equal(self, other: Tensor) -> builtins.bool:
        """Whether both tensors have the same shape and elements."""
    def erf(self) -> Tensor:
        """The error function, ``2 / sqrt(π)`` times the integral of ``exp(-t²)`` from 0 to each element."""
    def erf_(self) -> Tensor:
        """In-place form of :func:`erf`: the result is stored in the tensor itself."""
    def erfc(self) -> Tensor:
        """``1 - erf(input)``, exact also where erf is almost 1."""
    def erfc_(self) -> Tensor:
        """In-place form of :func:`erfc`: the result is stored in the tensor itself."""
    def erfinv(self) -> Tensor:
        """The number whose error function each element is; ±inf at ±1, nan beyond."""
    def erfinv_(self) -> Tensor:
        """In-place form of :func:`erfinv`: the result is stored in the tensor itself."""
    def exp(self) -> Tensor:
        """The number e to the power of each element."""
    def exp2(self) -> Tensor:
        """2 to the power of each element."""
    def exp2_(self) -> Tensor:
        """In-place form of :func:`exp2`: the result is stored in the tensor itself."""
    def exp_(self) -> Tensor:
        """In-place form of :func:`exp`: the result is stored in the tensor itself."""
    def expand(self, *sizes: Any, size: Sequence[builtins.int] | None = None) -> Tensor:
        """A view with dimensions of size 1 and new ones in front repeated, without a copy; -1 keeps a size."""
    def expand_as(self, other: Tensor) -> Tensor:
        """``input`` expanded to the shape of ``other``."""
    def expm1(self) -> Tensor:
        """``exp(input) - 1``, exact also near 0."""
    def expm1_(self) -> Tensor:
        """In-place form of :func:`expm1`: the result is stored in the tensor itself."""
    def exponential_(self, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        """Fill the tensor with exponentially distributed numbers of rate ``lambd``."""
    def fill_(self, value: Any) -> Tensor:
        """Fill the tensor with one value: a number or a 0-dim tensor."""
    def fill_diagonal_(self, fill_value: Any, wrap: builtins.bool = False) -> Tensor:
        """Fill the main diagonal with one value, in place."""
    def fix(self) -> Tensor:
        """Each element without its fraction."""
    def fix_(self) -> Tensor:
        """In-place form of :func:`trunc`: the result is stored in the tensor itself."""
    def flatten(self, start_dim: builtins.int = 0, end_dim: builtins.int = -1) -> Tensor:
        """One dimension in place of those from ``start_dim`` to ``end_dim``."""
    def flip(self, *order: Any, dims: Sequence[builtins.int] | None = None) -> Tensor:
        """A copy with the elements along some dimensions in reverse order."""
    def fliplr(self) -> Tensor:
        """A copy with the columns in reverse order: :func:`flip` along the second dimension."""
    def flipud(self) -> Tensor:
        """A copy with the rows in reverse order: :func:`flip` along the first dimension."""
    def float(self) -> Tensor:
        """The tensor converted to float32; itself if it has that dtype."""
    def float_power(self, exponent: Any) -> Tensor:
        """``input ** exponent`` in float64, or in complex128 if either is complex; one of both may be a number."""
    def float_power_(self, exponent: Any) -> Tensor:
        """In-place form of :func:`float_power`."""
    def floor(self) -> Tensor:
        """The largest whole number that is not above each element."""
    def floor_(self) -> Tensor:
        """In-place form of :func:`floor`: the result is stored in the tensor itself."""
    def floor_divide(self, other: Any) -> Tensor:
        """``input // other``: the quotient rounded down, as in Python."""
    def floor_divide_(self, other: Any) -> Tensor:
        """In-place form of :func:`floor_divide`: the result is stored in the tensor itself."""
    def fmax(self, other: Any) -> Tensor:
        """The larger of two elements; where one is nan, the other. Of equal ones ``input`` has the gradient."""
    def fmin(self, other: Any) -> Tensor:
        """The smaller of two elements; where one is nan, the other. Of equal ones ``input`` has the gradient."""
    def fmod(self, other: Any) -> Tensor:
        """What division rounded to zero leaves; its sign is that of ``input``, as in C."""
    def fmod_(self, other: Any) -> Tensor:
        """In-place form of :func:`fmod`: the result is stored in the tensor itself."""
    def frac(self) -> Tensor:
        """The fraction of each element, with its sign: ``input - trunc(input)``."""
    def frac_(self) -> Tensor:
        """In-place form of :func:`frac`: the result is stored in the tensor itself."""
    def frexp(self) -> FrexpResult:
        """The ``mantissa`` and int32 ``exponent`` of floats: ``input = mantissa * 2**exponent``, ``0.5 <= |mantissa| < 1``."""
    def gather(self, dim: builtins.int, index: Tensor) -> Tensor:
        """``out[i][j] = input[index[i][j]][j]`` for ``dim`` 0, and so on for other dimensions."""
    def gcd(self, other: Any) -> Tensor:
        """The greatest common divisor of integers; that of 0 and n is ``|n|``."""
    def gcd_(self, other: Any) -> Tensor:
        """In-place form of :func:`gcd`: the result is stored in the tensor itself."""
    def ge(self, other: Any) -> Tensor:
        """Whether ``input >= other``, element by element."""
    def ge_(self, other: Any) -> Tensor:
        """In-place form of :func:`ge`: the result is stored in the tensor itself."""
    def geometric_(self, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        """Fill the tensor with the numbers of trials up to the first success, each of probability ``p`` in (0, 1)."""
    def get_device(self) -> builtins.int:
        """The number of the device that a tensor is on; -1 for the CPU."""
    @property
    def grad_dtype(self) -> dtype:
        """The dtype of the gradient that is added up here."""
    def greater(self, other: Any) -> Tensor:
        """Whether ``input > other``, element by element."""
    def greater_(self, other: Any) -> Tensor:
        """In-place form of :func:`gt`: the result is stored in the tensor itself."""
    def greater_equal(self, other: Any) -> Tensor:
        """Whether ``input >= other``, element by element."""
    def greater_equal_(self, other: Any) -> Tensor:
        """In-place form of :func:`ge`: the result is stored in the tensor itself."""
    def gt(self, other: Any) -> Tensor:
        """Whether ``input > other``, element by element."""
    def gt_(self, other: Any) -> Tensor:
        """In-place form of :func:`gt`: the result is stored in the tensor itself."""
    def half(self) -> Tensor:
        """The tensor converted to float16; itself if it has that dtype."""
    def hardshrink(self, lambd: builtins.float = 0.5) -> Tensor:
        """``input``, with what lies in ``[-lambd, lambd]`` set to 0."""
    def heaviside(self, values: Tensor) -> Tensor:
        """The step function: 0 below 0, 1 above, ``values`` at 0. It has no gradient."""
    def heaviside_(self, values: Tensor) -> Tensor:
        """In-place form of :func:`heaviside`: the result is stored in the tensor itself."""
    def histc(self, bins: builtins.int = 100, min: builtins.float = 0, max: builtins.float = 0) -> Tensor:
        """How many elements fall in each of ``bins`` bins of equal width from ``min`` to ``max``; others are left out."""
    def histogram(self, bins: builtins.int | Tensor = 100, *, range: Sequence[builtins.float] | None = None, weight: Tensor | None = None, density: builtins.bool = False) -> Any:
        """How many elements fall in each bin, and the edges of the bins. A bin has its left edge, the last one both."""
    def hsplit(self, indices_or_sections: builtins.int | Sequence[builtins.int]) -> builtins.tuple[Tensor, ...]:
        """Pieces along the second dimension, the first of a tensor that has but one, as views."""
    def hypot(self, other: Any) -> Tensor:
        """``sqrt(input² + other²)`` without overflow or underflow on the way."""
    def hypot_(self, other: Any) -> Tensor:
        """In-place form of :func:`hypot`: the result is stored in the tensor itself."""
    def i0(self) -> Tensor:
        """The modified Bessel function of the first kind, of order 0."""
    def i0_(self) -> Tensor:
        """In-place form of :func:`i0`: the result is stored in the tensor itself."""
    def imag(self) -> Tensor:
        """The imaginary part of a complex tensor, a view of its memory."""
    def index_add(self, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
        """A copy of ``input`` with slices of ``source``, times ``alpha``, added at the positions ``index`` along ``dim``."""
    def index_add_(self, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
        """In-place form of :func:`index_add`: the result is stored in the tensor itself."""
    def index_copy(self, dim: builtins.int, index: Tensor, source: Tensor) -> Tensor:
        """A copy of ``input`` with the slices of ``source`` in the place of those at the positions ``index`` along ``dim``."""
    def index_copy_(self, dim: builtins.int, index: Tensor, source: Tensor) -> Tensor:
        """In-place form of :func:`index_copy`: the result is stored in the tensor itself."""
    def index_fill(self, dim: builtins.int, index: Tensor, value: Any) -> Tensor:
        """A copy of ``input`` with ``value`` in all of the slices at the positions ``index`` along ``dim``."""
    def index_fill_(self, dim: builtins.int, index: Tensor, value: Any) -> Tensor:
        """In-place form of :func:`index_fill`: the result is stored in the tensor itself."""
    def index_put(self, indices: Sequence[Tensor], values: Tensor, accumulate: builtins.bool = False) -> Tensor:
        """A copy of ``input`` with ``values`` where ``x[indices]`` would read."""
    def index_put_(self, indices: Sequence[Tensor], values: Tensor, accumulate: builtins.bool = False) -> Tensor:
        """In-place form of :func:`index_put`."""
    def index_reduce(self, dim: builtins.int, index: Tensor, source: Tensor, reduce: builtins.str, *, include_self: builtins.bool = True) -> Tensor:
        """A copy of ``input`` with all slices of ``source`` that go to one position along ``dim`` reduced there."""
    def index_reduce_(self, dim: builtins.int, index: Tensor, source: Tensor, reduce: builtins.str, *, include_self: builtins.bool = True) -> Tensor:
        """In-place form of :func:`index_reduce`: the result is stored in the tensor itself."""
    def index_select(self, dim: builtins.int, index: Tensor) -> Tensor:
        """The slices of ``input`` at the positions in the 1-D ``index`` along ``dim``."""
    def indices(self) -> Any:
        """Refuse: only sparse coordinate tensors have it, and every tensor here is dense."""
    def inner(self, other: Tensor) -> Tensor:
        """The sums of products over the last dimension of both; the plain product if one is 0-dim."""
    def int(self) -> Tensor:
        """The tensor converted to int32; itself if it has that dtype."""
    def inverse(self) -> Tensor:
        """See :func:`lamella.linalg.inv`."""
    def is_coalesced(self) -> Any:
        """Refuse: only sparse coordinate tensors have it, and every tensor here is dense."""
    def is_conj(self) -> builtins.bool:
        """False: no tensor here waits to be conjugated."""
    def is_distributed(self) -> Any:
        """False: no tensor here is spread over processes."""
    def is_inference(self) -> builtins.bool:
        """Whether the tensor was made in ``inference_mode``, and so can't be part of gradients."""
    @property
    def is_meta(self) -> Any:
        """False: no tensor here is meta."""
    @property
    def is_mkldnn(self) -> Any:
        """False: no tensor here is mkldnn."""
    @property
    def is_mps(self) -> Any:
        """False: no tensor here is mps."""
    def is_neg(self) -> builtins.bool:
        """False: no tensor here waits to be negated."""
    @property
    def is_nested(self) -> Any:
        """False: no tensor here is nested."""
    def is_nonzero(self) -> builtins.bool:
        """Whether the only element is not zero."""
    def is_pinned(self) -> Any:
        """False: host memory is never pinned here."""
    @property
    def is_quantized(self) -> Any:
        """False: no tensor here is quantized."""
    def is_same_size(self, other: Tensor) -> builtins.bool:
        """Whether both tensors have the same shape."""
    def is_set_to(self, tensor: Tensor) -> builtins.bool:
        """Whether both tensors show the same memory with the same sizes and strides."""
    def is_shared(self) -> Any:
        """False: memory is never shared between processes here."""
    @property
    def is_sparse(self) -> Any:
        """False: no tensor here is sparse."""
    @property
    def is_sparse_csr(self) -> Any:
        """False: no tensor here is sparse_csr."""
    @property
    def is_xpu(self) -> Any:
        """False: no tensor here is xpu."""
    def isclose(self, other: Tensor, rtol: builtins.float = 1e-05, atol: builtins.float = 1e-08, equal_nan: builtins.bool = False) -> Tensor:
        """Whether ``|input - other| <= atol + rtol * |other|``, or both are equal."""
    def isfinite(self) -> Tensor:
        """Whether each element is neither nan nor infinite."""
    def isinf(self) -> Tensor:
        """Whether each element is infinite, of either sign."""
    def isnan(self) -> Tensor:
        """Whether each element is nan."""
    def isneginf(self) -> Tensor:
        """Whether each element is -inf."""
    def isposinf(self) -> Tensor:
        """Whether each element is inf."""
    def isreal(self) -> Tensor:
        """Whether each element has an imaginary part of 0."""
    def istft(self, n_fft: builtins.int, hop_length: builtins.int | None = None, win_length: builtins.int | None = None, window: Tensor | None = None, center: builtins.bool = True, normalized: builtins.bool = False, onesided: builtins.bool | None = None, length: builtins.int | None = None, return_complex: builtins.bool = False) -> Tensor:
        """The signal that best explains its short-time Fourier transform: ``(*, F, T) -> (*, L)``."""
    def kron(self, other: Tensor) -> Tensor:
        """The Kronecker product: each element of ``input`` replaced by its product with all of ``other``."""
    def kthvalue(self, k: builtins.int, dim: builtins.int = -1, keepdim: builtins.bool = False) -> Any:
        """The ``k``-th smallest element along ``dim``, and where the first such is. nan counts as the largest."""
    @property
    def layout(self) -> Any:
        """How the elements are stored: ``lamella.strided``."""
    def lcm(self, other: Any) -> Tensor:
        """The least common multiple of integers; that of 0 and n is 0."""
    def lcm_(self, other: Any) -> Tensor:
        """In-place form of :func:`lcm`: the result is stored in the tensor itself."""
    def ldexp(self, other: Tensor) -> Tensor:
        """``input * 2**other``, with broadcasting."""
    def ldexp_(self, other: Tensor) -> Tensor:
        """In-place form of :func:`ldexp`: the result is stored in the tensor itself."""
    def le(self, other: Any) -> Tensor:
        """Whether ``input <= other``, element by element."""
    def le_(self, other: Any) -> Tensor:
        """In-place form of :func:`le`: the result is stored in the tensor itself."""
    def lerp(self, end: Any, weight: Any) -> Tensor:
        """The point between ``input`` (at weight 0) and ``end`` (at weight 1): ``input + weight * (end - input)``."""
    def lerp_(self, end: Any, weight: Any) -> Tensor:
        """In-place form of :func:`lerp`: the result is stored in the tensor itself."""
    def less(self, other: Any) -> Tensor:
        """Whether ``input < other``, element by element."""
    def less_(self, other: Any) -> Tensor:
        """In-place form of :func:`lt`: the result is stored in the tensor itself."""
    def less_equal(self, other: Any) -> Tensor:
        """Whether ``input <= other``, element by element."""
    def less_equal_(self, other: Any) -> Tensor:
        """In-place form of :func:`le`: the result is stored in the tensor itself."""
    def lgamma(self) -> Tensor:
        """The logarithm of the absolute value of the gamma function; inf at 0 and at negative whole numbers."""
    def lgamma_(self) -> Tensor:
        """In-place form of :func:`lgamma`: the result is stored in the tensor itself."""
    def log(self) -> Tensor:
        """The natural logarithm; -inf at 0, nan below."""
    def log10(self) -> Tensor:
        """The logarithm to base 10."""
    def log10_(self) -> Tensor:
        """In-place form of :func:`log10`: the result is stored in the tensor itself."""
    def log1p(self) -> Tensor:
        """``log(1 + input)``, exact also near 0."""
    def log1p_(self) -> Tensor:
        """In-place form of :func:`log1p`: the result is stored in the tensor itself."""
    def log2(self) -> Tensor:
        """The logarithm to base 2."""
    def log2_(self) -> Tensor:
        """In-place form of :func:`log2`: the result is stored in the tensor itself."""
    def log_(self) -> Tensor:
        """In-place form of :func:`log`: the result is stored in the tensor itself."""
    def log_normal_(self, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        """Fill the tensor with numbers whose logarithm is normal with ``mean`` and ``std``."""
    def log_softmax(self, dim: builtins.int, dtype: dtype | None = None) -> Tensor:
        """The logarithm of :func:`softmax`, more exact than taking it afterwards."""
    def logaddexp(self, other: Any) -> Tensor:
        """``log(exp(input) + exp(other))`` without overflow."""
    def logaddexp2(self, other: Any) -> Tensor:
        """``log2(2**input + 2**other)`` without overflow."""
    def logcumsumexp(self, dim: builtins.int) -> Tensor:
        """``log(cumsum(exp(input)))`` along ``dim``, without overflow."""
    def logdet(self) -> Tensor:
        """The logarithm of determinants, ``(…, n, n) -> (…)``: nan where one is negative, -inf where it is 0."""
    def logical_and(self, other: Any) -> Tensor:
        """Whether both elements are not 0."""
    def logical_and_(self, other: Any) -> Tensor:
        """In-place form of :func:`logical_and`: the result is stored in the tensor itself."""
    def logical_not(self) -> Tensor:
        """Whether each element is 0."""
    def logical_not_(self) -> Tensor:
        """In-place form of :func:`logical_not`: the result is stored in the tensor itself."""
    def logical_or(self, other: Any) -> Tensor:
        """Whether at least one of both elements is not 0."""
    def logical_or_(self, other: Any) -> Tensor:
        """In-place form of :func:`logical_or`: the result is stored in the tensor itself."""
    def logical_xor(self, other: Any) -> Tensor:
        """Whether exactly one of both elements is not 0."""
    def logical_xor_(self, other: Any) -> Tensor:
        """In-place form of :func:`logical_xor`: the result is stored in the tensor itself."""
    def logit(self, eps: builtins.float | None = None) -> Tensor:
        """The logarithm of the odds of a probability, ``log(input / (1 - input))``: the inverse of ``sigmoid``."""
    def logit_(self, eps: builtins.float | None = None) -> Tensor:
        """In-place form of :func:`logit`: the result is stored in the tensor itself."""
    def logsumexp(self, dim: Dims, keepdim: builtins.bool = False) -> Tensor:
        """``log(sum(exp(input)))`` over ``dim``, without overflow; -inf over no element."""
    def long(self) -> Tensor:
        """The tensor converted to int64; itself if it has that dtype."""
    def lt(self, other: Any) -> Tensor:
        """Whether ``input < other``, element by element."""
    def lt_(self, other: Any) -> Tensor:
        """In-place form of :func:`lt`: the result is stored in the tensor itself."""
    def lu(self, pivot: builtins.bool = True, get_infos: builtins.bool = False) -> Any:
        """The LU decomposition in compact form; see :func:`lamella.linalg.lu_factor_ex`."""
    def lu_solve(self, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
        """The solution X of ``A X = input``; see :func:`lamella.linalg.lu_solve`, whose arguments have another order."""
    @property
    def mH(self) -> Tensor:
        """:func:`adjoint` of the tensor."""
    @property
    def mT(self) -> Tensor:
        """A view with the last two dimensions swapped."""
    def map2_(self, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
        """Replace each element by ``callable(element, element of x, element of y)``; both broadcast."""
    def map_(self, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
        """Replace each element by ``callable(element, element of tensor)``; ``tensor`` broadcasts."""
    def masked_fill(self, mask: Tensor, value: Any) -> Tensor:
        """``input`` with one value where ``mask`` holds."""
    def masked_fill_(self, mask: Tensor, value: Any) -> Tensor:
        """In-place form of :func:`masked_fill`: the result is stored in the tensor itself."""
    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """A copy of ``input`` with the elements of ``source``, one after another, where ``mask`` holds."""
    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
        """In-place form of :func:`masked_scatter`: the result is stored in the tensor itself."""
    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements of ``input`` where ``mask`` is True, in one dimension; the two are broadcast together."""
    def matmul(self, other: Tensor) -> Tensor:
        """The matrix product of the last two dimensions, the others broadcast."""
    def matrix_exp(self) -> Tensor:
        """See :func:`lamella.linalg.matrix_exp`."""
    def matrix_power(self, n: builtins.int) -> Tensor:
        """See :func:`lamella.linalg.matrix_power`."""
    def max(self, dim: Any = None, keepdim: builtins.bool = False, *, other: Tensor | None = None) -> Any:
        """The largest element: ``max(x)``; along a dimension, with its place: ``max(x, dim)``; of two: ``max(x, other)``."""
    def maximum(self, other: Any) -> Tensor:
        """The larger of two elements; nan if one is. Equal ones share the gradient."""
    def mean(self, dim: Dims = None, keepdim: builtins.bool = False, *, dtype: dtype | None = None) -> Tensor:
        """The mean over ``dim``, one or several dimensions; over all by default. Over no element it is nan."""
    def median(self, dim: builtins.int | None = None, keepdim: builtins.bool = False) -> Any:
        """The median of all elements, or along ``dim`` with its place; of an even number, the lower of the middle two."""
    def min(self, dim: Any = None, keepdim: builtins.bool = False, *, other: Tensor | None = None) -> Any:
        """The smallest element: ``min(x)``; along a dimension, with its place: ``min(x, dim)``; of two: ``min(x, other)``."""
    def minimum(self, other: Any) -> Tensor:
        """The smaller of two elements; nan if one is. Equal ones share the gradient."""
    def mm(self, mat2: Tensor) -> Tensor:
        """The product of two matrices: ``(n, k), (k, m) -> (n, m)``."""
    def mode(self, dim: builtins.int = -1, keepdim: builtins.bool = False) -> Any:
        """The most frequent element along ``dim``, the smallest if several are, and where the last such is."""
    def moveaxis(self, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
        """A view with the dimensions ``source`` moved to ``destination``, the others in their order."""
    def movedim(self, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
        """A view with the dimensions ``source`` moved to ``destination``, the others in their order."""
    def msort(self) -> Tensor:
        """The elements along the first dimension in ascending order."""
    def mul(self, other: Any) -> Tensor:
        """``input * other``, element by element."""
    def mul_(self, other: Any) -> Tensor:
        """In-place form of :func:`mul`: the result is stored in the tensor itself."""
    def multinomial(self, num_samples: builtins.int, replacement: builtins.bool = False, *, generator: Generator | None = None) -> Tensor:
        """Indices of categories, drawn with the probabilities that the weights in each row of ``input`` stand for."""
    def multiply(self, other: Any) -> Tensor:
        """``input * other``, element by element."""
    def multiply_(self, other: Any) -> Tensor:
        """In-place form of :func:`mul`: the result is stored in the tensor itself."""
    def mv(self, vec: Tensor) -> Tensor:
        """The product of a matrix and a vector: ``(n, k), (k,) -> (n,)``."""
    def mvlgamma(self, p: builtins.int) -> Tensor:
        """The logarithm of the multivariate gamma function, up to sign."""
    def mvlgamma_(self, p: builtins.int) -> Tensor:
        """In-place form of :func:`mvlgamma`: the result is stored in the tensor itself."""
    @property
    def name(self) -> Any:
        """None: tensors have no names."""
    def nan_to_num(self, nan: builtins.float | None = None, posinf: builtins.float | None = None, neginf: builtins.float | None = None) -> Tensor:
        """The tensor with ``nan`` (0 by default) for each nan, ``posinf`` and ``neginf`` for the infinities."""
    def nan_to_num_(self, nan: builtins.float | None = None, posinf: builtins.float | None = None, neginf: builtins.float | None = None) -> Tensor:
        """In-place form of :func:`nan_to_num`: the result is stored in the tensor itself."""
    def nanmean(self, dim: Dims = None, keepdim: builtins.bool = False, *, dtype: dtype | None = None) -> Tensor:
        """Like :func:`mean`, of the elements that are not nan; nan where all are."""
    def nanmedian(self, dim: builtins.int | None = None, keepdim: builtins.bool = False) -> Any:
        """Like :func:`median`, of the elements that are not nan; nan where all are."""
    def nanquantile(self, q: builtins.float | Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, interpolation: builtins.str = 'linear') -> Tensor:
        """Like :func:`quantile`, of the elements that are not nan; nan where all are."""
    def nansum(self, dim: Dims = None, keepdim: builtins.bool = False, *, dtype: dtype | None = None) -> Tensor:
        """Like :func:`sum`, with nan counted as 0."""
    def narrow(self, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor:
        """The ``length`` elements from ``start`` along ``dim``, as a view."""
    def ne(self, other: Any) -> Tensor:
        """Whether ``input != other``, element by element."""
    def ne_(self, other: Any) -> Tensor:
        """In-place form of :func:`ne`: the result is stored in the tensor itself."""
    def neg(self) -> Tensor:
        """``-input``."""
    def neg_(self) -> Tensor:
        """In-place form of :func:`neg`: the result is stored in the tensor itself."""
    def negative(self) -> Tensor:
        """``-input``."""
    def negative_(self) -> Tensor:
        """In-place form of :func:`neg`: the result is stored in the tensor itself."""
    def new(self, *args: Any) -> Tensor:
        """A tensor of this one's dtype and device: uninitialized of given sizes, or with given values."""
    def new_empty(self, *args: Any, **kwargs: Any) -> Tensor:
        """Like :func:`lamella.empty`, by default with the dtype and device of this tensor."""
    def new_empty_strided(self, size: Any, stride: Any, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """Like :func:`lamella.empty_strided`, by default with the dtype and device of this tensor."""
    def new_full(self, *args: Any, **kwargs: Any) -> Tensor:
        """Like :func:`lamella.full`, by default with the dtype and device of this tensor."""
    def new_ones(self, *args: Any, **kwargs: Any) -> Tensor:
        """Like :func:`lamella.ones`, by default with the dtype and device of this tensor."""
    def new_tensor(self, *args: Any, **kwargs: Any) -> Tensor:
        """Like :func:`lamella.tensor`, by default with the dtype and device of this tensor."""
    def new_zeros(self, *args: Any, **kwargs: Any) -> Tensor:
        """Like :func:`lamella.zeros`, by default with the dtype and device of this tensor."""
    def nextafter(self, other: Any) -> Tensor:
        """The next representable float after ``input`` towards ``other``; its gradient is that of ``input``."""
    def nextafter_(self, other: Any) -> Tensor:
        """In-place form of :func:`nextafter`: the result is stored in the tensor itself."""
    def nonzero(self, *, as_tuple: builtins.bool = False) -> Any:
        """Where the elements are not 0: ``(count, ndim)`` indices, or a tuple of one tensor a dimension."""
    def nonzero_static(self, *, size: builtins.int, fill_value: builtins.int = -1) -> Tensor:
        """Where the elements are not 0, in a result whose shape does not depend on how many there are."""
    def norm(self, p: builtins.float | builtins.str | None = 'fro', dim: builtins.int | Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, dtype: dtype | None = None) -> Tensor:
        """The ``p``-norm of the elements over ``dim``, of all by default; or the nuclear norm of matrices."""
    def normal_(self, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        """Fill the tensor with normal numbers of the given mean and standard deviation."""
    def not_equal(self, other: Any) -> Tensor:
        """Whether ``input != other``, element by element."""
    def not_equal_(self, other: Any) -> Tensor:
        """In-place form of :func:`ne`: the result is stored in the tensor itself."""
    def outer(self, vec2: Tensor) -> Tensor:
        """All products of two vectors' elements: ``(n,), (m,) -> (n, m)``."""
    def permute(self, *order: Any, dims: Sequence[builtins.int] | None = None) -> Tensor:
        """A view with the dimensions in another order."""
    def pin_memory(self) -> Tensor:
        """Refuse: nothing here copies between host and device by itself, which is what pinned memory is for."""
    def pinverse(self, rcond: builtins.float = 1e-15) -> Tensor:
        """The pseudo-inverses of matrices, ``(…, m, n) -> (…, n, m)``; see :func:`lamella.linalg.pinv`."""
    def polygamma(self, input: Tensor) -> Tensor:
        """The n-th derivative of :func:`digamma`: ``(-1)ⁿ⁺¹ n! ζ(n + 1, input)`` for n >= 1."""
    def polygamma_(self, input: Tensor) -> Tensor:
        """In-place form of :func:`polygamma`: the result is stored in the tensor itself."""
    def positive(self) -> Tensor:
        """The tensor itself, like ``+x``."""
    def pow(self, exponent: Any) -> Any:
        """``input ** exponent`` element by element, with broadcasting."""
    def pow_(self, exponent: Any) -> Any:
        """In-place form of :func:`pow`: the result is stored in the tensor itself."""
    def prelu(self, weight: Tensor) -> Tensor:
        """``input`` above 0, ``weight * input`` elsewhere, with a learned weight for each channel."""
    def prod(self, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, dtype: dtype | None = None) -> Tensor:
        """The product along ``dim``, or of all elements; 1 over no element."""
    def put(self, index: Tensor, source: Tensor, accumulate: builtins.bool = False) -> Tensor:
        """A copy of ``input`` with the elements of ``source`` at flat positions: those in ``input.flatten()``."""
    def put_(self, index: Tensor, source: Tensor, accumulate: builtins.bool = False) -> Tensor:
        """In-place form of :func:`put`: the result is stored in the tensor itself."""
    def qr(self, some: builtins.bool = True) -> Any:
        """The QR decomposition; see :func:`lamella.linalg.qr`."""
    def quantile(self, q: builtins.float | Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, interpolation: builtins.str = 'linear') -> Tensor:
        """The ``q``-quantiles along ``dim``: below each lies the share ``q`` of the elements. nan where there is a nan."""
    def rad2deg(self) -> Tensor:
        """Angles in radians, converted to degrees."""
    def rad2deg_(self) -> Tensor:
        """In-place form of :func:`rad2deg`: the result is stored in the tensor itself."""
    def random_(self, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        """Fill the tensor with integers from ``[from, to)``; by default from 0 to the largest that the dtype holds exactly."""
    def ravel(self) -> Tensor:
        """All elements along one dimension: a view of a contiguous tensor, else a copy."""
    def real(self) -> Tensor:
        """The real part of a complex tensor, a view of its memory; real tensors as they are."""
    def reciprocal(self) -> Tensor:
        """``1 / input``."""
    def reciprocal_(self) -> Tensor:
        """In-place form of :func:`reciprocal`: the result is stored in the tensor itself."""
    def relu(self) -> Tensor:
        """``max(input, 0)``; its gradient at 0 is 0."""
    def relu_(self) -> Tensor:
        """In-place form of :func:`relu`: the result is stored in the tensor itself."""
    def remainder(self, other: Any) -> Tensor:
        """``input % other``: what :func:`floor_divide` leaves; its sign is that of ``other``, as in Python."""
    def remainder_(self, other: Any) -> Tensor:
        """In-place form of :func:`remainder`: the result is stored in the tensor itself."""
    def renorm(self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float) -> Tensor:
        """``input`` with each part along ``dim`` whose ``p``-norm is above ``maxnorm`` scaled down to it."""
    def renorm_(self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float) -> Tensor:
        """In-place form of :func:`renorm`: the result is stored in the tensor itself."""
    def repeat(self, *sizes: Any, repeats: Sequence[builtins.int] | None = None) -> Tensor:
        """A copy repeated along each dimension; unlike :func:`lamella.Tensor.expand` it takes memory."""
    def repeat_interleave(self, repeats: builtins.int | Tensor | None = None, dim: builtins.int | None = None, *, output_size: builtins.int | None = None) -> Tensor:
        """Each element, or each slice along ``dim``, several times in a row."""
    def reshape(self, *sizes: Any, shape: Sequence[builtins.int] | None = None) -> Tensor:
        """The same elements in another shape: a view where the strides allow it, else a copy."""
    def reshape_as(self, other: Tensor) -> Tensor:
        """The same elements in the shape of ``other``: a view where the strides allow it, else a copy."""
    def resize(self, *sizes: Any) -> Tensor:
        """The elements in another shape; deprecated in favour of :func:`reshape`."""
    def resize_(self, *sizes: Any, size: Sequence[builtins.int] | None = None) -> Tensor:
        """Give the tensor other sizes, over its memory as far as that goes, else over new memory."""
    def resize_as(self, tensor: Tensor) -> Tensor:
        """The elements in the shape of another tensor; deprecated in favour of :meth:`reshape_as`."""
    def resize_as_(self, the_template: Tensor) -> Tensor:
        """Give the tensor the sizes of another one; see :meth:`resize_`."""
    def resolve_conj(self) -> Tensor:
        """``input``: no tensor here waits to be conjugated."""
    def resolve_neg(self) -> Tensor:
        """``input``: no tensor here waits to be negated."""
    def roll(self, shifts: builtins.int | Sequence[builtins.int], dims: builtins.int | Sequence[builtins.int] | None = None) -> Tensor:
        """A copy with the elements moved on along dimensions; those that leave at the end come in at the start."""
    def rot90(self, k: builtins.int = 1, dims: Sequence[builtins.int] = (0, 1)) -> Tensor:
        """A copy turned ``k`` times by 90 degrees, from the first of the two ``dims`` towards the second."""
    def round(self, *, decimals: builtins.int = 0) -> Tensor:
        """The nearest whole number, ties going to the even one."""
    def round_(self, *, decimals: builtins.int = 0) -> Tensor:
        """In-place form of :func:`round`: the result is stored in the tensor itself."""
    def row_indices(self) -> Any:
        """Refuse: only sparse column compressed tensors have it, and every tensor here is dense."""
    def rsqrt(self) -> Tensor:
        """``1 / sqrt(input)``."""
    def rsqrt_(self) -> Tensor:
        """In-place form of :func:`rsqrt`: the result is stored in the tensor itself."""
    def scatter(self, dim: builtins.int, index: Tensor, src: Any = None, *, value: Any = None, reduce: builtins.str | None = None) -> Tensor:
        """A copy of ``input`` with the elements of ``src`` at other places along ``dim``."""
    def scatter_(self, dim: builtins.int, index: Tensor, src: Any = None, *, value: Any = None, reduce: builtins.str | None = None) -> Tensor:
        """In-place form of :func:`scatter`: the result is stored in the tensor itself."""
    def scatter_add(self, dim: builtins.int, index: Tensor, src: Tensor) -> Tensor:
        """A copy of ``input`` with the elements of ``src`` added at other places along ``dim``."""
    def scatter_add_(self, dim: builtins.int, index: Tensor, src: Tensor) -> Tensor:
        """In-place form of :func:`scatter_add`: the result is stored in the tensor itself."""
    def scatter_reduce(self, dim: builtins.int, index: Tensor, src: Tensor, reduce: builtins.str, *, include_self: builtins.bool = True) -> Tensor:
        """A copy of ``input`` with all elements of ``src`` that go to one place along ``dim`` reduced there."""
    def scatter_reduce_(self, dim: builtins.int, index: Tensor, src: Tensor, reduce: builtins.str, *, include_self: builtins.bool = True) -> Tensor:
        """In-place form of :func:`scatter_reduce`: the result is stored in the tensor itself."""
    def select(self, dim: builtins.int, index: builtins.int) -> Tensor:
        """The part at ``index`` along ``dim``, without that dimension, as a view."""
    def select_scatter(self, src: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
        """A copy of ``input`` with ``src`` in the place of ``input.select(dim, index)``."""
    def set_(self, source: Tensor | None = None, storage_offset: builtins.int | None = None, size: Sequence[builtins.int] | None = None, stride: Sequence[builtins.int] | None = None) -> Tensor:
        """Let the tensor show the memory of ``source`` from now on; no memory by default."""
    def sgn(self) -> Tensor:
        """-1, 0 or 1; of complex elements, those divided by their absolute values, and 0 of 0."""
    def sgn_(self) -> Tensor:
        """In-place form of :func:`sgn`: the result is stored in the tensor itself."""
    def share_memory_(self) -> Tensor:
        """Refuse: tensors live in memory of this process alone."""
    def short(self) -> Tensor:
        """The tensor converted to int16; itself if it has that dtype."""
    def sigmoid(self) -> Tensor:
        """The logistic function, ``1 / (1 + exp(-input))``."""
    def sigmoid_(self) -> Tensor:
        """In-place form of :func:`sigmoid`: the result is stored in the tensor itself."""
    def sign(self) -> Tensor:
        """-1, 0 or 1."""
    def sign_(self) -> Tensor:
        """In-place form of :func:`sign`: the result is stored in the tensor itself."""
    def signbit(self) -> Tensor:
        """Whether the sign of each element is set: it is negative, -0.0 included."""
    def sin(self) -> Tensor:
        """The sine of angles in radians."""
    def sin_(self) -> Tensor:
        """In-place form of :func:`sin`: the result is stored in the tensor itself."""
    def sinc(self) -> Tensor:
        """``sin(π input) / (π input)``, and 1 at 0."""
    def sinc_(self) -> Tensor:
        """In-place form of :func:`sinc`: the result is stored in the tensor itself."""
    def sinh(self) -> Tensor:
        """The hyperbolic sine."""
    def sinh_(self) -> Tensor:
        """In-place form of :func:`sinh`: the result is stored in the tensor itself."""
    def slice_scatter(self, src: Tensor, dim: builtins.int = 0, start: builtins.int | None = None, end: builtins.int | None = None, step: builtins.int = 1) -> Tensor:
        """A copy of ``input`` with ``src`` in the place of the slice ``start:end:step`` along ``dim``."""
    def slogdet(self) -> Any:
        """See :func:`lamella.linalg.slogdet`."""
    def softmax(self, dim: builtins.int, dtype: dtype | None = None) -> Tensor:
        """``exp(input)`` divided by its sum along ``dim``, without overflow."""
    def solve(self, A: Tensor, *args: Any, **kwargs: Any) -> NoReturn:
        """Removed, as in PyTorch: use :func:`lamella.linalg.solve`, whose arguments have the other order."""
    def sort(self, dim: builtins.int = -1, descending: builtins.bool = False, *, stable: builtins.bool | None = False) -> Any:
        """The elements along ``dim`` in order, and where they were. nan counts as the largest."""
    def sparse_dim(self) -> Any:
        """0: no dimension is sparse."""
    def split(self, split_size_or_sections: builtins.int | Sequence[builtins.int], dim: builtins.int = 0) -> builtins.tuple[Tensor, ...]:
        """Pieces along ``dim``, as views: of one size, the last maybe smaller, or of the sizes listed."""
    def split_with_sizes(self, split_sizes: Sequence[builtins.int], dim: builtins.int = 0) -> builtins.tuple[Tensor, ...]:
        """Pieces of the sizes listed along ``dim``, as views."""
    def sqrt(self) -> Tensor:
        """The square root; nan for negative elements."""
    def sqrt_(self) -> Tensor:
        """In-place form of :func:`sqrt`: the result is stored in the tensor itself."""
    def square(self) -> Tensor:
        """``input * input``."""
    def square_(self) -> Tensor:
        """In-place form of :func:`square`: the result is stored in the tensor itself."""
    def squeeze(self, dim: builtins.int | Sequence[builtins.int] | None = None) -> Tensor:
        """A view without the dimensions of size 1, or without those of ``dim`` that have it."""
    def squeeze_(self, dim: builtins.int | Sequence[builtins.int] | None = None) -> Tensor:
        """In-place form of :func:`squeeze`: the same tensor without dimensions of size 1."""
    def std(self, dim: Dims | builtins.bool = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None) -> Tensor:
        """The standard deviation over ``dim``: the root of :func:`var`, with the same arguments."""
    def std_mean(self, dim: Dims | builtins.bool = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None) -> builtins.tuple[Tensor, Tensor]:
        """:func:`std` and :func:`mean` over the same dimensions."""
    def stft(self, n_fft: builtins.int, hop_length: builtins.int | None = None, win_length: builtins.int | None = None, window: Tensor | None = None, center: builtins.bool = True, pad_mode: builtins.str = 'reflect', normalized: builtins.bool = False, onesided: builtins.bool | None = None, return_complex: builtins.bool | None = None, align_to_window: builtins.bool | None = None) -> Tensor:
        """The Fourier transforms of overlapping frames of a signal: ``(*, L) -> (*, F, T)``."""
    def sub(self, other: Any, *old: Any, alpha: builtins.float = 1) -> Tensor:
        """``input - alpha * other``, with broadcasting."""
    def sub_(self, other: Any, *old: Any, alpha: builtins.float = 1) -> Tensor:
        """In-place form of :func:`sub`: the result is stored in the tensor itself."""
    def subtract(self, other: Any, *old: Any, alpha: builtins.float = 1) -> Tensor:
        """``input - alpha * other``, with broadcasting."""
    def subtract_(self, other: Any, *old: Any, alpha: builtins.float = 1) -> Tensor:
        """In-place form of :func:`sub`: the result is stored in the tensor itself."""
    def sum(self, dim: Dims = None, keepdim: builtins.bool = False, *, dtype: dtype | None = None) -> Tensor:
        """The sum over ``dim``, one or several dimensions; over all by default."""
    def sum_to_size(self, *sizes: Any, size: Sequence[builtins.int] | None = None) -> Tensor:
        """The sum over the dimensions that broadcasting a tensor of the sizes to ``input`` adds or stretches."""
    def svd(self, some: builtins.bool = True, compute_uv: builtins.bool = True) -> Any:
        """The singular value decomposition ``U diag(S) V^H``; see :func:`lamella.linalg.svd`, which returns ``V^H``."""
    def swapaxes(self, axis0: builtins.int, axis1: builtins.int) -> Tensor:
        """A view with two dimensions swapped; NumPy's name for :func:`lamella.transpose`."""
    def swapaxes_(self, axis0: builtins.int, axis1: builtins.int) -> Tensor:
        """In-place form of :func:`swapaxes`; NumPy's name for :meth:`transpose_`."""
    def swapdims(self, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """A view with two dimensions swapped."""
    def swapdims_(self, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """In-place form of :func:`transpose`: the same tensor with two dimensions swapped."""
    def t(self) -> Tensor:
        """The transpose of a matrix; tensors of fewer dimensions as they are."""
    def t_(self) -> Tensor:
        """In-place form of :func:`t`: the same tensor, transposed."""
    def take(self, index: Tensor) -> Tensor:
        """The elements at flat positions: those in ``input.flatten()``."""
    def take_along_dim(self, indices: Tensor, dim: builtins.int | None = None) -> Tensor:
        """``input`` at ``indices`` along ``dim``; in the other dimensions the two are broadcast together."""
    def tan(self) -> Tensor:
        """The tangent of angles in radians."""
    def tan_(self) -> Tensor:
        """In-place form of :func:`tan`: the result is stored in the tensor itself."""
    def tanh(self) -> Tensor:
        """The hyperbolic tangent."""
    def tanh_(self) -> Tensor:
        """In-place form of :func:`tanh`: the result is stored in the tensor itself."""
    def tensor_split(self, indices_or_sections: builtins.int | Sequence[builtins.int] | Tensor | None = None, dim: builtins.int = 0, *, sections: builtins.int | None = None, indices: Sequence[builtins.int] | None = None) -> builtins.tuple[Tensor, ...]:
        """Pieces along ``dim``, as views, that need not be of one size."""
    def tile(self, *sizes: Any, dims: Sequence[builtins.int] | None = None) -> Tensor:
        """A copy repeated along its last dimensions; like :meth:`repeat`, with 1 for dimensions not named."""
    def to(self, *args: Any, dtype: dtype | None = None, device: Any = None, non_blocking: builtins.bool = False, copy: builtins.bool = False, memory_format: Any = ...) -> Tensor:
        """The tensor with another dtype, on another device, or both; itself if it already fits and ``copy`` is False."""
    def to_dense(self, dtype: dtype | None = None, *, masked_grad: builtins.bool = True) -> Tensor:
        """The tensor itself, converted if a dtype is given: every tensor here is dense."""
    def topk(self, k: builtins.int, dim: builtins.int = -1, largest: builtins.bool = True, sorted: builtins.bool = True) -> Any:
        """The ``k`` largest, or smallest, elements along ``dim``, and where they are. nan counts as the largest."""
    def trace(self) -> Tensor:
        """The sum of a matrix's diagonal; of integers an int64."""
    def transpose(self, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """A view with two dimensions swapped."""
    def transpose_(self, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """In-place form of :func:`transpose`: the same tensor with two dimensions swapped."""
    def triangular_solve(self, A: Tensor, upper: builtins.bool = True, transpose: builtins.bool = False, unitriangular: builtins.bool = False) -> Any:
        """The solution X of ``A X = input`` with a triangle A; see :func:`lamella.linalg.solve_triangular`."""
    def tril(self, diagonal: builtins.int = 0) -> Tensor:
        """The lower triangles of matrices, with zeros above."""
    def tril_(self, diagonal: builtins.int = 0) -> Tensor:
        """In-place form of :func:`tril`: the result is stored in the tensor itself."""
    def triu(self, diagonal: builtins.int = 0) -> Tensor:
        """The upper triangles of matrices, with zeros below."""
    def triu_(self, diagonal: builtins.int = 0) -> Tensor:
        """In-place form of :func:`triu`: the result is stored in the tensor itself."""
    def true_divide(self, other: Any, *, rounding_mode: builtins.str | None = None) -> Tensor:
        """``input / other``, with broadcasting."""
    def true_divide_(self, other: Any, *, rounding_mode: builtins.str | None = None) -> Tensor:
        """In-place form of :func:`div`: the result is stored in the tensor itself."""
    def trunc(self) -> Tensor:
        """Each element without its fraction."""
    def trunc_(self) -> Tensor:
        """In-place form of :func:`trunc`: the result is stored in the tensor itself."""
    def type(self, dtype: Any = None, non_blocking: builtins.bool = False) -> Any:
        """The name of the tensor's type, such as ``"lamella.FloatTensor"``; or the tensor converted to another."""
    def type_as(self, other: Tensor) -> Tensor:
        """``input`` converted to the dtype of ``other``."""
    def unbind(self, dim: builtins.int = 0) -> builtins.tuple[Tensor, ...]:
        """The parts along ``dim``, without that dimension, as views."""
    def unflatten(self, dim: builtins.int, sizes: Sequence[builtins.int]) -> Tensor:
        """Several dimensions of ``sizes`` in place of ``dim``; the reverse of :func:`flatten`."""
    def unfold(self, dimension: builtins.int, size: builtins.int, step: builtins.int) -> Tensor:
        """A view of all windows of ``size`` elements along ``dimension``, each ``step`` elements after the one before."""
    def uniform_(self, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        """Fill the tensor with uniform numbers from ``[from, to)``; 0 and 1 by default."""
    def unique(self, sorted: builtins.bool = True, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: builtins.int | None = None) -> Any:
        """The distinct elements, or the distinct slices along ``dim``. Each nan is distinct."""
    def unique_consecutive(self, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: builtins.int | None = None) -> Any:
        """The elements, or slices along ``dim``, without those that equal the one before."""
    def unsqueeze(self, dim: builtins.int) -> Tensor:
        """A view with a dimension of size 1 inserted at ``dim``."""
    def unsqueeze_(self, dim: builtins.int) -> Tensor:
        """In-place form of :func:`unsqueeze`: the same tensor with a dimension of size 1 inserted."""
    def values(self) -> Any:
        """Refuse: only sparse tensors have it, and every tensor here is dense."""
    def var(self, dim: Dims | builtins.bool = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None) -> Tensor:
        """The variance over ``dim``, one or several dimensions; over all by default."""
    def var_mean(self, dim: Dims | builtins.bool = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None) -> builtins.tuple[Tensor, Tensor]:
        """:func:`var` and :func:`mean` over the same dimensions."""
    def vdot(self, other: Tensor) -> Tensor:
        """The sum of the products of the first vector's conjugate elements and the second's: ``(n,), (n,) -> ()``."""
    def view(self, *sizes: Any, size: Sequence[builtins.int] | None = None, dtype: Dtype | None = None) -> Tensor:
        """Like :func:`reshape`, but never copies; or the same bytes as elements of another dtype."""
    def view_as(self, other: Tensor) -> Tensor:
        """A view in the shape of ``other``."""
    def view_as_complex(self) -> Tensor:
        """A view of a real tensor whose last dimension holds real and imaginary parts: ``(*, 2) -> (*)``."""
    def view_as_real(self) -> Tensor:
        """A view of a complex tensor with the real and the imaginary parts side by side: ``(*) -> (*, 2)``."""
    @property
    def volatile(self) -> builtins.bool:
        """False, with a warning: it is gone since long."""
    def vsplit(self, indices_or_sections: builtins.int | Sequence[builtins.int]) -> builtins.tuple[Tensor, ...]:
        """Pieces along the first dimension, as views."""
    def where(self, condition: Tensor, other: Any) -> Tensor:
        """The tensor where ``condition`` holds, ``other`` elsewhere."""
    def xlogy(self, other: Any) -> Tensor:
        """``input * log(other)``, and 0 where ``input`` is 0 (unless ``other`` is nan)."""
    def xlogy_(self, other: Any) -> Tensor:
        """In-place form of :func:`xlogy`: the result is stored in the tensor itself."""
    def zero_(self) -> Tensor:
        """Fill the tensor with zeros."""
