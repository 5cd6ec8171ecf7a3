"""The tests' own process: run them, with stand-ins for what the candidate defines.

    in:  {"tests", "setup", "nonce", "every"}     first
    out: "C" + request                            for the candidate; its answer comes in
    out: "P" + {"passed", "total"}                so far, after each case
    out: "V" + {"nonce", "passed", "total", "fault", "asked"}
    out: "B" + text                               the tests themselves do not compile
    out: "W" + text                               they cannot be split from the candidate

Cases are the `assert` statements at the top level; what stands between them is run in order. A
file of functions `test_…` or of unittest classes that it never calls has those as its cases. A name
is the candidate's if the tests use it and neither they nor Python's builtins define it; functions
and values of the set-up are the tests' own (the candidate cannot replace them), its classes are the
candidate's, so that instances can cross.
"""

import ast
import builtins
import functools
import importlib
import importlib.util
import symtable
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from adjudge.verifiers.code.far import codec, link, marks, remote

Case = tuple[str, Callable[[], None]]
"""Its text, and a function that runs it; it fails by raising."""
IN_ONE_PROCESS = frozenset(
    (
        *("redirect_stdout", "redirect_stderr", "capsys", "capfd", "monkeypatch", "patch", "mock"),
        "asyncio",
    )
)
"""Names by which tests take hold of their own process: split off, they would test nothing."""
SHOWN = 300
_tests = types.ModuleType("__main__")
_space = vars(_tests)
_lines: list[str] = []


class FailedError(AssertionError):
    """A case got something else."""


class _Equalities(ast.NodeTransformer):
    """`assert a == b` says what it got, and `type(a)` of a stand-in what it stands for."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "type" and len(node.args) == 1:
            node.func = ast.copy_location(ast.Name("__type__", ast.Load()), node.func)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        self.generic_visit(node)
        test = node.test
        if not isinstance(test, ast.Compare) or [type(op) for op in test.ops] != [ast.Eq]:
            return node
        call = ast.Call(ast.Name("__equal__", ast.Load()), [test.left, test.comparators[0]], [])
        return ast.copy_location(
            ast.fix_missing_locations(ast.copy_location(ast.Expr(call), node)), node
        )


def equal(one: Any, other: Any) -> None:  # noqa: ANN401 - any values
    """`assert one == other`."""
    if not one == other:
        raise FailedError(f"expected {_shown(other)}, got {_shown(one)}")


def _type(value: Any) -> Any:  # noqa: ANN401 - any value
    return remote.ask("type", value) if type(value) is remote.Remote else type(value)


def main() -> None:
    """Judge once."""
    try:
        link.send(judge(codec.loads(link.receive()), _introduce))
    except remote.GoneError:
        return


def judge(order: codec.Wire, introduce: Callable[[set[str]], None], alone: bool = False) -> bytes:
    """The answer to an order. `introduce` gives the tests the candidate's names; `alone`: nothing
    is split here, so nothing can fail to be."""
    try:
        tree = ast.parse(order["tests"])
        setup = compile(order["setup"], "setup.py", "exec")
        wanted = _free_names(order["tests"]) | _free_names(order["setup"])
    except Exception as error:  # noqa: BLE001 - SyntaxError, ValueError, RecursionError, …
        return b"B" + f"{type(error).__name__}: {error}"[:2000].encode()
    _stand_ins(tree)
    _classes.update(_used_as_classes(tree))
    if (strange := IN_ONE_PROCESS & _mentioned(tree)) and not alone:
        return b"W" + ", ".join(strange).encode()
    try:
        early = _prepare(setup)
    except Exception as error:  # noqa: BLE001 - the set-up fails without any candidate
        return b"B" + f"set-up: {type(error).__name__}: {error}"[:2000].encode()
    try:
        introduce(wanted)
        verdict = _count(order, tree, () if early else (setup,))
    except remote.NotSplitError as error:
        return b"W" + str(error)[:2000].encode()
    return b"V" + codec.dumps({"nonce": order["nonce"], **verdict})


def _prepare(setup: types.CodeType) -> bool:
    """Run the set-up; False: it needs the candidate's names, and runs later."""
    try:
        exec(setup, _space)  # noqa: S102 - the dataset's own, in its own slot
    except NameError:
        return False
    return True


def _count(order: codec.Wire, tree: ast.Module, before: tuple[types.CodeType, ...]) -> codec.Wire:
    sys.modules["__main__"] = _tests
    _space["__equal__"], _space["__type__"] = equal, _type
    _lines.extend(order["tests"].splitlines())
    faults: list[codec.Wire] = []
    written = sum(isinstance(statement, ast.Assert) for statement in tree.body)
    passed = total = 0
    try:
        for code in before:
            exec(code, _space)  # noqa: S102 - as above
        for text, run in _cases(tree):
            total += 1
            fault = _fault(text, run)
            if fault:
                fault["number"] = total
            passed += not fault
            link.send(b"P" + codec.dumps({"passed": passed, "total": max(total, written)}))
            faults += [fault] if fault else []
            if fault and not order["every"]:
                break
    except (remote.NotSplitError, remote.GoneError):
        raise
    except BaseException as error:  # noqa: BLE001 - between the cases
        total += 1
        faults.append({**describe(error, "the tests"), "number": total})
    return {
        "passed": passed,
        "total": max(total, written),
        "fault": faults[0] if faults else None,
        "asked": remote.count[0] - 1,
    }


def _fault(text: str, run: Callable[[], None]) -> dict[str, codec.Wire] | None:
    _refresh()
    try:
        run()
    except (remote.NotSplitError, remote.GoneError):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a test raises, it fails
        return describe(error, text)
    return None


def describe(error: BaseException, text: str) -> dict[str, codec.Wire]:
    """What a case failed by; `text`: what to call it, where its line is not known."""
    failed = isinstance(error, AssertionError)
    said = str(error) if isinstance(error, FailedError) else f"{type(error).__name__}: {error}"
    return {
        "case": _line(error) or text,
        "got": said[:SHOWN] if str(error) or not failed else "",
        "kind": "wrong" if failed else "error",
    }


def _line(error: BaseException) -> str:
    """The deepest line of the tests that the error passed through."""
    trace, number = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            number = trace.tb_lineno
        trace = trace.tb_next
    return _lines[number - 1].strip()[:SHOWN] if 0 < number <= len(_lines) else ""


# -- names ---------------------------------------------------------------------------------------


_classes: set[str] = set()


def _used_as_classes(tree: ast.AST) -> set[str]:
    """Names that are written as a class's, whose instances the tests take apart, and that they
    compare with nothing as they are made: `Stack`, not `Find_Min` nor `Extract`."""
    nodes = list(ast.walk(tree))
    made: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and (name := _called(node.value)):
            made.update({item.id: name for item in node.targets if isinstance(item, ast.Name)})
    parts = [node.value for node in nodes if isinstance(node, ast.Attribute)]
    used = {_called(part) for part in parts}
    used |= {made.get(part.id, "") for part in parts if isinstance(part, ast.Name)}
    compared = [node for node in nodes if isinstance(node, ast.Compare)]
    sides = [side for node in compared for side in (node.left, *node.comparators)]
    used -= {_called(side) for side in sides}
    return {name for name in used if name[:1].isupper() and "_" not in name}


def _called(node: ast.expr) -> str:
    """`Stack` of `Stack()`, else nothing."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id
    return ""


_STREAMS = ("stdin", "stdout", "stderr")


def _mentioned(tree: ast.AST) -> set[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    names |= {node.attr for node in attributes}
    if any(n.attr in _STREAMS and isinstance(n.ctx, ast.Store) for n in attributes):
        names.add("redirect_stdout")
    return names | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


def _free_names(source: str) -> set[str]:
    """Globals that the tests use and do not bind."""
    top = symtable.symtable(source, "tests.py", "exec")
    bound = {
        item.get_name() for item in top.get_symbols() if item.is_assigned() or item.is_imported()
    }
    used = {item.get_name() for item in top.get_symbols() if item.is_referenced()}
    pending = top.get_children()
    while pending:
        table = pending.pop()
        pending += table.get_children()
        used |= {item.get_name() for item in table.get_symbols() if item.is_global()}
    return used - bound - {"__name__", "__file__", "__doc__"}


def names_needed(wanted: set[str]) -> list[str]:
    """Those of the candidate's: a built-in's name only where the tests use no other."""
    classes = {name for name, item in _space.items() if isinstance(item, type)}
    names = {name for name in wanted if name not in _space} | classes
    return sorted({name for name in names if not hasattr(builtins, name)} or names)


def adopt(names: dict[str, Any]) -> None:
    """Give the tests these names."""
    _space.update(names)


def _introduce(wanted: set[str]) -> None:
    """Give the tests stand-ins for the candidate's names."""
    found = remote.ask("names", names_needed(wanted))
    for name, (kind, item) in found.items():
        _space[name] = importlib.import_module(str(item)) if kind == "module" else item
        if type(item) is remote.Remote and name in _classes:
            remote.constructors.add(item._number)
        if type(item) in (list, dict, set):
            _changing.append(name)
    _solution.__dict__["__getattr__"] = _attribute


_changing: list[str] = []
"""Names of the candidate's lists, dicts and sets: they may change between the cases."""
_solution = types.ModuleType("solution")


def _refresh() -> None:
    if _changing:
        found = remote.ask("names", _changing)
        _space.update({name: item for name, (_, item) in found.items()})


def _attribute(name: str) -> Any:  # noqa: ANN401 - whatever the candidate has by that name
    """`from solution import name`."""
    if name == "__all__":
        return remote.ask("public")
    try:
        if name.startswith("__"):
            raise NameError(name)
        return remote.ask("find", name)
    except NameError as error:
        raise AttributeError(name) from error


def _stand_ins(tree: ast.Module) -> None:
    """Modules that the tests import and nobody has are the candidate, by whatever name."""
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names = [item.name for item in node.names] if isinstance(node, ast.Import) else names
        for name in names:
            if name and "." not in name and not _exists(name):
                if name == "pytest":
                    marks.install()
                else:
                    sys.modules[name] = _solution


def _exists(name: str) -> bool:
    if name in ("solution", "main"):
        return False
    return name in sys.modules or importlib.util.find_spec(name) is not None


# -- cases ---------------------------------------------------------------------------------------


def _cases(tree: ast.Module) -> Iterator[Case]:
    """Each assert, with the statements before it run first; then what nobody has called."""
    pending: list[ast.stmt] = []
    for statement in tree.body:
        if isinstance(statement, ast.Assert):
            _run(pending)
            pending = []
            yield ast.unparse(statement)[:SHOWN], _statement([statement])
        elif not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
            pending.append(statement)
    yield from _rest(pending)


_ACTS = (ast.Expr, ast.If, ast.For, ast.With, ast.Try, ast.While, ast.Match, ast.Raise)


def _is_guard(statement: ast.stmt) -> bool:
    """`if __name__ == "__main__": pytest.main()`, which stands behind functions that are cases."""
    return isinstance(statement, ast.If) and "pytest.main" in ast.unparse(statement)


def _rest(statements: list[ast.stmt]) -> Iterator[Case]:
    calls = [item for item in statements if isinstance(item, _ACTS) and not _is_guard(item)]
    if calls:
        yield ast.unparse(calls[0])[:SHOWN], _statement(statements)
        return
    _run(statements)
    for statement in statements:
        if isinstance(statement, ast.FunctionDef) and statement.name.startswith("test"):
            made = _space[statement.name]
            if marks.callable_with(made, 0):
                yield from ((statement.name, call) for call in marks.calls(made))
        elif isinstance(statement, ast.ClassDef):
            yield from _methods(statement.name)


def _methods(name: str) -> Iterator[Case]:
    made = _space.get(name)
    unittest = sys.modules.get("unittest")  # importing it takes longer than most tests
    if isinstance(made, type) and unittest and issubclass(made, unittest.TestCase):
        for test in unittest.defaultTestLoader.loadTestsFromTestCase(made):
            yield str(test), test.debug
    elif isinstance(made, type) and name.startswith("Test"):
        for method in [item for item in vars(made) if item.startswith("test")]:
            for call in marks.calls(functools.partial(_call_method, made, method)):
                yield f"{name}.{method}", call


def _call_method(made: type, method: str, **given: Any) -> None:  # noqa: ANN401 - parameters
    owner: Any = made()
    for prepare in ("setup_method", "setup"):
        if hasattr(owner, prepare):
            getattr(owner, prepare)()
            break
    getattr(owner, method)(**given)


def _statement(statements: list[ast.stmt]) -> Callable[[], None]:
    return lambda: _run(statements)


def _run(statements: list[ast.stmt]) -> None:
    if not statements:
        return
    module = _Equalities().visit(ast.Module(body=statements, type_ignores=[]))
    try:
        exec(compile(module, "tests.py", "exec"), _space)  # noqa: S102 - the dataset's own
    except SystemExit as leaving:  # unittest.main()
        if leaving.code not in (None, 0, False):
            raise FailedError(f"exit status {leaving.code}") from None


def _shown(value: Any) -> str:  # noqa: ANN401 - any value
    if type(value) is remote.Remote:
        return "an object of the solution's"
    return repr(value)[:SHOWN]
