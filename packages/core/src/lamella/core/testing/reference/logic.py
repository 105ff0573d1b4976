"""References for ``ops/logic.py``."""

# what a function here computes is said by the op of its name

from __future__ import annotations

from lamella.core.testing.reference.elements import each

logical_and = each(lambda input, other: bool(input) and bool(other))
logical_or = each(lambda input, other: bool(input) or bool(other))
logical_xor = each(lambda input, other: bool(input) != bool(other))
logical_not = each(lambda input: not input)
bitwise_and = each(lambda input, other: input & other)
bitwise_or = each(lambda input, other: input | other)
bitwise_xor = each(lambda input, other: input ^ other)
bitwise_not = each(lambda input: not input if isinstance(input, bool) else -1 - input)
bitwise_left_shift = each(lambda input, other: input * 2**other % 2**64)
bitwise_right_shift = each(lambda input, other: input // 2**other)
