"""What crosses between the tests and a program: exactly the same values, and no others."""

import collections
import datetime
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from adjudge.verifiers.code.far import codec
from adjudge.verifiers.code.values import same_value

VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, "é🎉", "", [], [1, [2]], (), (1, (2,)), {}, {"a": {1: (2,)}}),
    *({1}, frozenset({(1, 2)}), b"\x00\xff", bytearray(b"ab"), 1 + 2j, range(1, 9, 2)),
    *(1 << 80, -(1 << 80), 1 << 53, collections.deque([1, 2], maxlen=3), Decimal("1.10")),
    *(Fraction(1, 3), datetime.date(2024, 2, 29), datetime.timedelta(days=1, seconds=2)),
    *(datetime.datetime(2024, 2, 29, 1, 2, 3, 4), datetime.time(1, 2), int, ValueError, len),
    *(collections.Counter("aab"), collections.OrderedDict(b=1, a=2)),
]


@pytest.mark.parametrize("value", VALUES, ids=[repr(value)[:40] for value in VALUES])
def test_there_and_back(value: Any) -> None:
    found = codec.decode(codec.loads(codec.dumps(codec.encode(value))))
    assert type(found) is type(value)
    assert found == value


def test_numbers_that_are_none() -> None:
    assert math.isnan(codec.decode(codec.loads(codec.dumps(codec.encode(math.nan)))))
    assert codec.decode(codec.loads(codec.dumps(codec.encode(-math.inf)))) == -math.inf


def test_numpy() -> None:
    numpy = pytest.importorskip("numpy")
    for value in (numpy.arange(6).reshape(2, 3), numpy.array(["ab", "c"]), numpy.zeros((0, 2))):
        found = codec.decode(codec.loads(codec.dumps(codec.encode(value))))
        assert found.dtype == value.dtype
        assert numpy.array_equal(found, value)
    assert codec.decode(codec.encode(numpy.float32(0.5))) == 0.5
    fields = numpy.zeros(2, dtype=[("a", "i4")])
    for value in (numpy.array([object()]), fields, numpy.random.RandomState(0), numpy.add):
        with pytest.raises(codec.NotPlainError):
            codec.encode(value)
    with pytest.raises(ValueError, match="O8"):
        codec.decode({"N": "|O8", "h": [1], "v": "00" * 8})


class _Int(int):
    pass


class _List(list[int]):
    def __iter__(self) -> Any:
        return iter([9])


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (_Int(3), 3),
        (_List([1, 2]), [1, 2]),
        (type("S", (str,), {})("a"), "a"),
        (type("D", (dict,), {})({1: 2}), {1: 2}),
    ],
)
def test_what_a_subclass_holds(value: Any, held: Any) -> None:
    assert codec.base_value(value) == held
    with pytest.raises(codec.NotPlainError):
        codec.encode(value)


@pytest.mark.parametrize("value", [object(), type("A", (), {}), lambda: 0, print, math])
def test_no_value(value: Any) -> None:
    if value is print:  # a name that both sides know
        assert codec.encode(value) == {"B": "print"}
        return
    with pytest.raises(codec.NotPlainError):
        codec.encode(value)
    with pytest.raises(codec.NotPlainError):
        codec.base_value(value)


def test_a_time_with_a_zone_stays_where_it_is() -> None:
    with pytest.raises(codec.NotPlainError):
        codec.encode(datetime.datetime.now(datetime.UTC))


def test_depth_and_length_are_bounded() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ValueError, match="deep"):
        codec.encode(value)
    with pytest.raises(ValueError, match="long"):
        codec.decode({"i": "0x" + "f" * (codec.MAX_BIG_INT_BITS // 4 + 1)})


@pytest.mark.parametrize(
    ("wire", "expected", "same"),
    [
        ({"F": [1, 2]}, 0.5, True),
        ({"F": [1, 0]}, 0.5, False),
        ({"F": [[], 2]}, 0.5, False),
        ({"F": [1]}, 0.5, False),
        ({"D": "0.5"}, 0.5, True),
        ({"i": "0x10"}, 16, True),
        ({"i": hex(10**400)}, 1.5, False),
        ({"R": 1, "p": 5}, 5, True),
        ({"r": [0, 3, 1]}, [0, 1, 2], True),
        ({"r": [0, 3, 0]}, [0], False),
        ({"r": [0, 1 << 40, 1]}, [0], False),
        ({"s": [2, 1.0]}, [1, 2], True),
        ({"q": [1], "m": None}, [1], True),
        ({"d": [[{"t": [1]}, 2]]}, {"(1,)": 2}, True),
        ({"d": [[1, 2]]}, {"1": 2}, True),
        ({"d": [[True, None]]}, {"true": None}, True),
        ({"d": [[1, 2], [3, 4]]}, {"1": 2}, False),
        ([1], {"1": 2}, False),
        ("a", ["a"], False),
        (None, None, True),
        (1, "1", False),
    ],
)
def test_beside_json(wire: Any, expected: Any, same: bool) -> None:
    assert same_value(wire, expected, "exact") is same


def test_in_any_order() -> None:
    assert same_value([2, "a", [1.5, {"t": [1]}]], ["a", 2, [1.5, [1]]], "unordered")
    assert not same_value({"R": 1}, [1], "unordered")
    assert same_value(1, 1, "unordered")
