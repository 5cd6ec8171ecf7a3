"""A small `pytest` for tests that import one where none is installed: raises, approx, parametrize,
fixtures without magic. What it does not know is an AttributeError, and so a fault of the tests.
"""

import contextlib
import inspect
import itertools
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

_fixtures: dict[str, Callable[..., Any]] = {}


class _Raised:
    """What `raises` gives; `value` once it was raised."""

    value: BaseException | None = None

    @property
    def type(self) -> Any:  # noqa: ANN401 - a class of exceptions
        return type(self.value)

    def match(self, pattern: str) -> bool:
        return re.search(pattern, str(self.value)) is not None


def _raises(expected: Any, *call: Any, match: str | None = None, **given: Any) -> Any:  # noqa: ANN401
    if call:
        with _raising(expected, match) as raised:
            call[0](*call[1:], **given)
        return raised
    return _raising(expected, match)


@contextlib.contextmanager
def _raising(expected: Any, match: str | None) -> Iterator[_Raised]:  # noqa: ANN401
    raised = _Raised()
    try:
        yield raised
    except expected as error:
        raised.value = error
        if match is not None and not raised.match(match):
            raise AssertionError(f"{match!r} is not in {str(error)!r}") from None
    else:
        raise AssertionError(f"did not raise {expected}")


class _Near:
    """`approx`: equal within 1e-6 of the expected value, or 1e-12."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        expected: Any,  # noqa: ANN401
        rel: float | None = None,
        abs: float | None = None,
        nan_ok: bool = False,
    ) -> None:
        self._expected = expected
        self._rel = rel if rel is not None else 0.0 if abs is not None else 1e-6
        self._abs = abs if abs is not None else 1e-12
        self._nan_ok = nan_ok

    def __repr__(self) -> str:
        return f"approx({self._expected!r})"

    def __eq__(self, other: object) -> bool:
        return self._near(other, self._expected)

    def _near(self, got: Any, wanted: Any) -> bool:  # noqa: ANN401
        if isinstance(wanted, dict):
            same = isinstance(got, dict) and got.keys() == wanted.keys()
            return same and all(self._near(got[key], wanted[key]) for key in wanted)
        if isinstance(wanted, (list, tuple)) or hasattr(wanted, "tolist"):
            items, others = _listed(got), _listed(wanted)
            return len(items) == len(others) and all(map(self._near, items, others))
        if not isinstance(wanted, (int, float, complex)) or not isinstance(
            got, (int, float, complex)
        ):
            return bool(got == wanted)
        if got != got or wanted != wanted:
            return self._nan_ok and got != got and wanted != wanted
        return got == wanted or abs(got - wanted) <= max(self._rel * abs(wanted), self._abs)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401
    value = value.tolist() if hasattr(value, "tolist") else value
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _fixture(function: Any = None, **_: Any) -> Any:  # noqa: ANN401
    def keep(made: Callable[..., Any]) -> Callable[..., Any]:
        _fixtures[made.__name__] = made
        return made

    return keep if function is None else keep(function)


def _param(*values: Any, **_: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return values


class _Marks:
    """`pytest.mark`: parametrize counts, all others are taken and left alone."""

    def parametrize(self, names: Any, values: Any, **_: Any) -> Any:  # noqa: ANN401
        listed = names.replace(" ", "").split(",") if isinstance(names, str) else list(names)
        rows = [
            dict(zip(listed, row if len(listed) > 1 else _single(row), strict=True))
            for row in values
        ]

        def mark(function: Any) -> Any:  # noqa: ANN401
            function.adjudge_rows = [*getattr(function, "adjudge_rows", ()), rows]
            return function

        return mark

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        def mark(*given: Any, **_: Any) -> Any:  # noqa: ANN401
            return given[0] if len(given) == 1 and callable(given[0]) else lambda function: function

        return mark


def _single(row: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return row if type(row) is tuple and len(row) == 1 else (row,)


def calls(function: Any, *first: Any) -> Iterator[Callable[[], None]]:  # noqa: ANN401
    """Each call of a test function: one for each row of its parameters, with its fixtures."""
    rows = getattr(function, "adjudge_rows", [])
    for chosen in itertools.product(*rows):
        given = {name: value for row in chosen for name, value in row.items()}
        yield lambda given=given: _call(function, first, given)  # type: ignore[misc]


def _call(function: Any, first: tuple[Any, ...], given: dict[str, Any]) -> None:  # noqa: ANN401
    needed = list(inspect.signature(function).parameters)[len(first) :]
    fixtures = {name: _made(_fixtures[name]) for name in needed if name in _fixtures}
    function(*first, **{**fixtures, **given})


def _made(fixture: Callable[..., Any]) -> Any:  # noqa: ANN401
    needed = inspect.signature(fixture).parameters
    value = fixture(**{name: _made(_fixtures[name]) for name in needed if name in _fixtures})
    return next(value) if inspect.isgenerator(value) else value


def _fail(reason: str = "", **_: Any) -> None:  # noqa: ANN401
    raise AssertionError(reason)


def callable_with(function: Any, first: int) -> bool:  # noqa: ANN401
    """Whether all parameters of a test are known here."""
    needed = list(inspect.signature(function).parameters.values())[first:]
    rows = getattr(function, "adjudge_rows", [])
    known = set(_fixtures) | {name for group in rows for row in group[:1] for name in row}
    return all(item.default is not item.empty or item.name in known for item in needed)


def install() -> None:
    """As `pytest`."""
    made = types.ModuleType("pytest")
    names = {"raises": _raises, "approx": _Near, "fixture": _fixture, "param": _param}
    vars(made).update({**names, "mark": _Marks(), "fail": _fail})
    sys.modules["pytest"] = made
