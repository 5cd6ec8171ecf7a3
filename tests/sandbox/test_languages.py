"""Programs of every language, as data; on the back end of this machine's probe, and two of them on
every back end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sandboxes import chosen_or_skip

from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import (
    LanguageUnavailable,
    Limits,
    Program,
    Result,
    Sandbox,
)

CASES = Path(__file__).parents[1] / "cases" / "sandbox" / "languages.jsonl"
ROWS = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
SMALL = {"cpu_s": 1.0, "idle_s": 1.0, "memory_mb": 256, "output_mb": 1.0}
C_SUM = '#include <cstdio>\nint main(){int a,b;scanf("%d%d",&a,&b);printf("%d\\n",a+b);}'
JS_SUM = "console.log(eval(require('fs').readFileSync(0,'utf8').replace(' ','+')))"


@pytest.fixture(scope="module")
def chosen() -> Iterator[Sandbox]:
    made = chosen_or_skip()
    yield made
    made.close()


def run(sandbox: Sandbox, row: dict[str, Any]) -> Result:
    if row["language"] not in sandbox.languages:
        pytest.skip(f"no {row['language']} here")
    program = Program(source=row["code"], language=row["language"])
    with sandbox.open(program, Limits(**SMALL | row.get("limits", {}))) as session:
        return session.run(row["stdin"].encode())


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['language']}: {row['note']}" for row in ROWS])
def test_program(chosen: Sandbox, row: dict[str, Any]) -> None:
    result = run(chosen, row)
    assert result.ending == row["ending"], result
    if "stdout" in row:
        assert result.stdout.decode() == row["stdout"]
    if "return_code" in row:
        assert result.return_code == row["return_code"]
    assert row.get("stderr", "") in result.stderr.decode()


@pytest.mark.parametrize(("language", "code"), [("cpp", C_SUM), ("javascript", JS_SUM)])
def test_on_every_back_end(sandbox: Pool, language: str, code: str) -> None:
    row = {"language": language, "code": code, "stdin": "3 4"}
    assert run(sandbox, row).stdout == b"7\n"


def test_a_program_is_compiled_once(chosen: Sandbox) -> None:
    row = {"language": "cpp", "code": C_SUM + "// once", "stdin": "3 4"}
    assert run(chosen, row).stdout == b"7\n"
    jobs: list[Any] = []
    assert isinstance(chosen, Pool)
    language = chosen._languages["cpp"]
    built = language.build(Program(source=row["code"], language="cpp"), Limits(), jobs.append)  # type: ignore[arg-type]
    assert jobs == []
    assert not isinstance(built, Result)
    built.close()


def test_files_and_arguments(chosen: Sandbox) -> None:
    code = (
        '#include "lib.h"\n#include <fstream>\n#include <iostream>\n'
        "int main(int n, char** a){std::ifstream f(a[1]);std::string s;f>>s;std::cout<<two()<<s;}"
    )
    files = {"lib.h": b"inline int two(){return 2;}", "data/x.txt": b"cat"}
    if "cpp" not in chosen.languages:
        pytest.skip("no cpp here")
    program = Program(source=code, language="cpp", files=files, arguments=("data/x.txt",))
    with chosen.open(program) as session:
        assert session.run().stdout == b"2cat"


def test_a_language_of_nobody(chosen: Sandbox) -> None:
    with pytest.raises(LanguageUnavailable), chosen.open(Program(source="", language="cobol")):
        pass
