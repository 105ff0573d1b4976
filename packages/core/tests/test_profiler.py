"""The profiler counts op calls, and its times add up."""

from __future__ import annotations

import pytest

import lamella
from lamella.autograd.profiler import profile, record_function


def counts(p):
    return {e.key: e.count for e in p.key_averages()}


def test_calls_are_counted_forward_and_backward():
    x = lamella.ones(3, requires_grad=True)
    with profile() as p:
        (x.exp() * x.exp()).sum().backward()
    found = counts(p)
    assert found["exp"] == 2 and found["sum"] >= 1
    assert found["mul"] > 1  # the gradients of mul and exp multiply
    assert x.grad.tolist() == pytest.approx([2 * 2.718281828**2] * 3)


def test_nothing_is_counted_outside_or_when_disabled():
    x = lamella.ones(3)
    with profile() as p:
        x.exp()
    x.exp()
    assert counts(p) == {"exp": 1}
    with profile(enabled=False) as p:
        x.exp()
    assert counts(p) == {} and p.self_cpu_time_total == 0


def test_blocks_have_names_and_hold_the_time_of_ops_inside():
    x = lamella.ones(100, 100)

    @record_function("named")
    def work():
        return (x @ x).exp()

    with profile() as p:
        work()
        with record_function("block"):
            x.sin()
    found = {e.key: e for e in p.key_averages()}
    assert set(found) == {"named", "matmul", "exp", "block", "sin"}
    inside = found["matmul"].cpu_time_total + found["exp"].cpu_time_total
    named = found["named"]
    assert named.cpu_time_total >= inside > 0
    assert named.self_cpu_time_total == pytest.approx(named.cpu_time_total - inside)
    whole = named.cpu_time_total + found["block"].cpu_time_total
    assert p.self_cpu_time_total == pytest.approx(whole)
    assert [e.name for e in p.function_events] == ["named", "matmul", "exp", "block", "sin"]


def test_shapes():
    with profile(record_shapes=True) as p:
        lamella.ones(2, 3) @ lamella.ones(3, 4)
        lamella.ones(2, 2) @ lamella.ones(2, 2)
    assert counts(p) == {"matmul": 2}
    by_shape = p.key_averages(group_by_input_shape=True)
    assert [(e.key, e.input_shapes) for e in by_shape] == [("matmul", ((2, 3), (3, 4))), ("matmul", ((2, 2), (2, 2)))]
    assert "[[2, 3], [3, 4]]" in by_shape.table()


def test_the_table():
    x = lamella.ones(2)
    with profile() as p:
        for _ in range(3):
            x.exp()
        x.sin()
    text = p.key_averages().table(sort_by="count", row_limit=1)
    assert "exp" in text and "sin" not in text and "# of Calls" in text
    assert "sin" in str(p) and p.table(row_limit=-1) == str(p)
    with pytest.raises(ValueError, match="sort_by must be one of count"):
        p.table(sort_by="beauty")


def test_asked_too_early_or_entered_twice():
    with profile() as p:
        with pytest.raises(RuntimeError, match="didn't finish running"):
            p.key_averages()
        assert str(p) == "<unfinished profile>"
    with pytest.raises(RuntimeError, match="not reentrant"):
        p.__enter__()
