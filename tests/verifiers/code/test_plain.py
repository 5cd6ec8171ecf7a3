"""Tests that are plain: judged without a slot of their own, and just as with one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adjudge.sandbox.types import Limits, Sandbox
from adjudge.verifiers.code import asserts, plain
from adjudge.verifiers.code.cases import CaseResult
from adjudge.verifiers.code.far import codec
from adjudge.verifiers.code.shapes import AssertTests

CASES = Path(__file__).parents[2] / "cases"
LIMITS = Limits(cpu_s=1.0, idle_s=0.5)
CHECK = "METADATA = {'author': 'x'}\n\ndef check(candidate):\n"


def plain_rows() -> Iterator[Any]:
    """Every program of the cases whose tests are plain, and each way in which it is broken."""
    for name in ("code/assert", "code/hacks", "code/field", "sandbox/hacks", "sandbox/attacks"):
        lines = (CASES / f"{name}.jsonl").read_text("utf-8").splitlines()
        for number, row in enumerate(map(json.loads, lines), 1):
            tests = row.get("tests", "")
            tests = tests if isinstance(tests, dict) else {"type": "assert", "code": tests}
            if tests["type"] != "assert" or tests.get("setup") or not plain.plan(tests["code"]):
                continue
            for way, broken in enumerate(("", *row.get("broken", ()))):
                name_of_it = f"{name}:{number}.{way}"
                yield pytest.param(row["code"] + broken, tests["code"], id=name_of_it)


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize(("source", "code"), list(plain_rows()))
def test_with_and_without_a_slot(sandbox: Sandbox, source: str, code: str, every: bool) -> None:
    tests = AssertTests(type="assert", code=code)
    split = list(asserts.run_split(sandbox, source, tests, LIMITS, every=every))
    own = list(asserts.run_asserts(sandbox, source, tests, LIMITS, every=every))
    assert [(case.passed, case.reason) for case in own] == [
        (case.passed, case.reason) for case in split
    ]
    if not any("CPU time" in case.detail or "idle for" in case.detail for case in split):
        assert [_told(case) for case in own] == [_told(case) for case in split]


def _told(case: CaseResult) -> str:
    return re.sub("0x[0-9a-f]+", "", case.detail)


ANSWERS = """
def value(n):
    return VALUES[n]
"""
VALUES = [
    *("1", "True", "1.0", "-0.0", "1e400", "None", "'a'", "b'a'", "[1, 2]", "(1, 2)", "{1, 2}"),
    *("frozenset([1])", "{'a': 1}", "{1: [2]}", "2 ** 70", "float('nan')", "1j", "range(3)"),
    *("[[1], (2,)]", "__import__('collections').Counter('aab')", "object()", "int", "len"),
    *("__import__('decimal').Decimal(1)", "type('I', (int,), {})(1)", "iter([1])"),
    *("type('E', (), {'__eq__': lambda a, b: True})()", "{(1, 2): 3}", "set(range(999))"),
    *("__import__('collections').namedtuple('P', 'x')(1)", "type('S', (str,), {})('a')"),
]
WANTED = [
    *("== 1", "== True", "== 1.0", "== 0", "== 'a'", "== b'a'", "== [1, 2]", "== (1, 2)"),
    *("== {2, 1}", "== {'a': 1}", "== {1: [2]}", f"== {2**70}", "!= 1", "is None", "is True"),
    *("< 2", "in [1, 'a', (1, 2)]", "not in (1, 2)", "== [[1], (2,)]", "- 1 < 1e-6"),
]


@pytest.mark.parametrize("wanted", WANTED)
def test_values_are_equal_as_python_has_it(sandbox: Sandbox, wanted: str) -> None:
    source = f"VALUES = [{', '.join(VALUES)}]\n{ANSWERS}"
    lines = [f"assert value({n}) {wanted}" for n in range(len(VALUES))]
    lines += [f"assert not value({n}), 'said'" for n in range(len(VALUES))]
    for line in lines:
        tests = AssertTests(type="assert", code=line)
        assert plain.plan(line) is not None
        own = list(asserts.run_asserts(sandbox, source, tests, LIMITS, every=True))
        split = list(asserts.run_split(sandbox, source, tests, LIMITS, every=True))
        assert own == split, line


@pytest.mark.parametrize(
    "code",
    [
        "assert f(1) == 2",
        "assert f(x=1, y=[1, 2]) == {'a': (1,)}\nassert not f()",
        f"{CHECK}    assert candidate([1, -2.5]) == True, 'no'\n    assert True\ncheck(f)",
        f"{CHECK}    'Doc.'\n    assert abs(candidate(3 * 5) - 0.5) < 1e-6\n\ncheck(f)",
        "assert f([3 + 4, -2 ** 3], ('a' + 'b', 7 // 2)) == (3 * 5.0, 'c' + 'd', 10 % 3)",
        f"{CHECK}    assert f(1) is None\n    assert candidate(2) in [1, 2]\ncheck(f)",
    ],
)
def test_plain(code: str) -> None:
    found = plain.plan(code)
    assert found is not None
    assert found.names == ("f",)


@pytest.mark.parametrize(
    "code",
    [
        *("", "pass", "assert True", "assert (", "x = 1\nassert f(x) == 1", "assert f() == g"),
        *("for n in range(3):\n    assert f(n)", "assert f(f(1)) == 1", "assert f.g(1) == 1"),
        *("assert f(*[1])", "assert f(**{'a': 1})", "assert f(lambda: 1)", "assert f(1) == g.h"),
        *("assert sorted([2, 1]) == [1, 2]", "assert patch(1) == 1", "assert f(1 / 0) == 1"),
        *("import math\nassert f(1) == 1", "assert 1 < f(1) < 3", "assert f(1) is 1", "f(1)"),
        *("assert f(9 ** 9 ** 9)", "assert f('a' * 9)", "assert f(10 ** 400 * 10 ** 400)"),
        f"{CHECK}    assert candidate(1)\ncheck(f)\ncheck(g)",
        f"{CHECK}    assert candidate(1)\n",
        f"{CHECK}    assert candidate(1)\ncheck(check)",
        f"{CHECK}    assert check(1)\ncheck(f)",
        f"{CHECK}    for n in (1, 2): assert candidate(n)\ncheck(f)",
        f"{CHECK}    x = candidate(1)\n    assert x\ncheck(f)",
        "def check(a, b):\n    assert a(1)\ncheck(f)",
        "def check(a: int):\n    assert a(1)\ncheck(f)",
        "def check(abs):\n    assert abs(1)\ncheck(f)",
        "@g\ndef check(a):\n    assert a(1)\ncheck(f)",
        "assert f(1)\ndef check(a):\n    assert a(1)\ncheck(f)",
        "METADATA = g()\nassert f(1)",
        f"assert f({'[' * 150}{']' * 150}) == 1 # {'x' * (1 << 16)}",
        "assert f(" + "-" * 20_000 + "1)",
        "assert f(" + "[" * 5_000 + "]" * 5_000 + ")",
    ],
)
def test_not_plain(code: str) -> None:
    assert plain.plan(code) is None


@pytest.mark.parametrize(
    "frame",
    [
        *(b"", b"{", b"[]", b"null", b'{"no":1}', b'{"ok":{}}', b'{"ok":{"t":1,"u":2}}'),
        *(b'{"ok":{"d":[[[1],2]]}}', b'{"ok":{"s":[[1]]}}', b'{"ok":{"R":0}}', b'{"ok":{"i":"z"}}'),
        *(b'{"ok":{"L":0}}', b'{"ok":{"N":"|O","h":null,"v":""}}', b'{"ok":{"k":"Counter"}}'),
        *(b'{"ex":[],"said":""}', b'{"ex":[1],"said":""}', b'{"ex":["E"],"said":1}', b'{"ex":1}'),
        b'{"ok":' + b"[" * 100_000,
        b'{"ok":' + b"9" * 5000 + b"}",
        b'{"ok":"' + b"x" * plain.MAX_FRAME + b'"}',
        codec.dumps({"ok": {"s": [*range(plain.MAX_HASHED + 1)]}}),
        codec.dumps({"ok": {"d": [[n, n] for n in range(plain.MAX_HASHED + 1)]}}),
    ],
)
def test_what_is_no_plain_answer(frame: bytes) -> None:
    with pytest.raises(plain.NotPlainError):
        plain.value_of(frame)
    with pytest.raises(plain.NotPlainError):
        plain.numbers(frame, ("f",))


@pytest.mark.parametrize(
    ("lineage", "raised"), [(["KeyError"], KeyError), (["Mine", "LookupError"], LookupError)]
)
def test_what_was_raised(lineage: list[str], raised: type[Exception]) -> None:
    with pytest.raises(raised, match="said"):
        plain.value_of(codec.dumps({"ex": lineage, "said": "said"}))
