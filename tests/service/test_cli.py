"""The command line as a user has it: real processes, real files, a real service."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from adjudge.service.cli import main

COMMAND = [sys.executable, "-P", "-c", "from adjudge.service.cli import main; main()"]


def adjudge(
    *words: str, stdin: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        input=stdin,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "200", **(env or {})},
    )


@dataclass(frozen=True)
class Told:
    """What a command said, run in this process: starting one takes a second."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Told]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def told(*words: str, stdin: str = "") -> Told:
        monkeypatch.setattr(sys, "argv", ["adjudge", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Told(int(ended.value.code or 0), out, err)

    return told


def rows(path: Path, *found: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in found))
    return path


@contextmanager
def serving(*words: str, env: dict[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """URL and pid of `adjudge serve` on a free port."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    assert process.stderr is not None
    try:
        found = None
        for line in process.stderr:
            found = re.search(r"listening on (http://\S+)", line)
            if found:
                break
        assert found, "it never listened"
        yield found[1], process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == 0


def wait_until_ready(url: str) -> None:
    until = time.monotonic() + 60
    while httpx.get(f"{url}/ready").json()["workers"] == 0:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_help_names_every_command_and_imports_none() -> None:
    code = (
        "import sys; sys.argv = ['adjudge', '--help']\n"
        "from adjudge.service.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = ('fastapi', 'pydantic', 'redis', 'sympy', 'flint')\n"
        "print([m for m in sys.modules if m.startswith(heavy)])"
    )
    told = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    for name in ("serve", "worker", "check", "score", "try", "kinds", "bench", "dead"):
        assert re.search(rf"^  {name} +\w", told, re.MULTILINE), name
    assert told.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "words", [[], ["serve"], ["worker"], ["check"], ["score"], ["try"], ["kinds"], ["bench"],
              ["dead", "list"], ["dead", "retry"]]
)  # fmt: skip
def test_every_command_has_help(run: Run, words: Sequence[str]) -> None:
    told = run(*words, "--help")
    assert told.returncode == 0, told.stderr
    assert "Usage: adjudge" in told.stdout


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["nothing"], 2, "No such command 'nothing'"),
        (["try", "a", "--kind", "exakt"], 2, "unknown kind 'exakt'; did you mean 'exact'?"),
        (["try", "a", "--kind", "exact", "--reference", "["], 2, "--reference: not JSON"),
        (["kinds", "exakt"], 2, "no such kind"),
        (["check", "no/such/file"], 2, "no/such/file: No such file or directory"),
        (["check", "-", "--kind", "exact", "--map", "answer"], 2, "is not OURS=THEIRS"),
        (["score", "-", "--kind", "exakt"], 2, "--kind[0].kind: unknown kind 'exakt'; did you"),
        (["check", sys.executable, "--kind", "exact"], 2, "is not JSON lines in UTF-8"),
        (["try", "a"], 2, "reference.answer: missing: kind `math` needs it (--answer)"),
        (["try", "a", "--kind", "length"], 2, "needs the length in tokens (--tokens)"),
        (["serve", "--port", "70000"], 2, "port: "),
        (["serve", "--host", "203.0.113.1"], 2, "cannot listen on 203.0.113.1"),
        (["worker", "--redis-url", ""], 2, "say where the queue is"),
        (["worker", "--redis-url", "redis://127.0.0.1:1", "--lane", "fast"], 2, "no such lane"),
        (["dead", "list", "--redis-url", "redis://127.0.0.1:1/0"], 3, "does not answer"),
        (["score", "-", "--kind", "exact", "--url", "http://127.0.0.1:1"], 3, "does not answer"),
    ],
)
def test_mistakes_are_told_in_a_line(
    run: Run, words: Sequence[str], status: int, message: str
) -> None:
    told = run(*words, stdin='{"completion": "a", "reference": {"answer": "a"}}\n')
    assert told.returncode == status, told.stderr
    assert message in told.stderr
    assert "Traceback" not in told.stderr


def test_try_says_why(run: Run) -> None:
    told = run("try", "b", "--answer", "a", "--kind", "exact")
    assert told.returncode == 0
    assert "reward: 0.0" in told.stdout
    assert "exact: 0  incorrect, different" in told.stdout
    assert "'b' is not 'a'" in told.stdout
    words = ["<think>a</think> \u200b", "--cut", "--tokens", "7", "--kind", "length,format"]
    told = run("try", *words)
    assert "length: 0  correct, short_enough" in told.stdout
    assert "flag truncated: the trainer says that the length limit cut it" in told.stdout
    assert "flag zero_width: " in told.stdout


def test_kinds_shows_schemas(run: Run) -> None:
    assert "ignore_case" in run("kinds").stdout
    assert json.loads(run("kinds", "exact").stdout)["needs"] == ["answer"]


def test_check_passes_a_good_dataset(run: Run, tmp_path: Path) -> None:
    file = rows(
        tmp_path / "good.jsonl",
        {"reference": {"answer": "a"}, "rewards": [{"kind": "exact"}]},
        {"reference": {"answer": "b"}, "rewards": [{"kind": "exact"}]},
        {"question": "a column of the name that the kind reads", "answer": "c"},
    )
    told = run("check", str(file), "--kind", "exact")
    assert (told.returncode, told.stdout) == (0, "3 rows, 0 fail\n"), told.stderr


def test_check_lists_what_fails(run: Run, tmp_path: Path) -> None:
    file = rows(
        tmp_path / "bad.jsonl",
        {"id": 7, "solution": "a"},
        {"id": 8, "solution": {"not": "an answer"}},
        {"id": 9},
    )
    told = run("check", str(file), "--kind", "exact", "--map", "answer=solution")
    assert told.returncode == 1, told.stderr
    assert "line 2 (8): bad_reference: reference.answer" in told.stdout
    assert "line 3 (9): has no column 'solution'" in told.stdout
    assert told.stdout.endswith("3 rows, 2 fail\n")


def test_check_tells_the_reasons(run: Run) -> None:
    lines = '{"answer": "a"}\nno json\n{"reference": {}}\n{"x": "\\ud800"}\n[]\n'
    told = run("check", "-", "--kind", "exact", "--limit", "1", stdin=lines)
    assert told.returncode == 1
    assert told.stdout == "line 2: not JSON: Expecting value: line 1 column 1 (char 0)\n" + (
        "5 rows, 4 fail\n"
    )
    assert "… and 3 more" in told.stderr
    for reason in ("not JSON", "missing", "holds a lone surrogate", "must be a JSON object"):
        assert re.search(rf"{reason}.*│ +1 │", told.stderr), told.stderr


def test_score_goes_on_where_it_was_killed(run: Run, tmp_path: Path) -> None:
    file = rows(tmp_path / "in.jsonl", *({"completion": str(n), "answer": "2"} for n in range(4)))
    out = tmp_path / "out.jsonl"
    words = ["score", str(file), "--kind", "exact", "--out", str(out)]
    assert run(*words).returncode == 0
    whole = [json.loads(line)["rewards"] for line in out.read_text().splitlines()]
    assert whole == [[0.0], [0.0], [1.0], [0.0]]
    kept = "".join(out.read_text().splitlines(keepends=True)[:2])
    out.write_text(kept + '{"completion": "2", "rew')
    told = run(*words)
    assert "4 completions, mean reward 0.2500, 0 not judged" in told.stderr
    assert out.read_text().startswith(kept)
    assert [json.loads(line)["rewards"] for line in out.read_text().splitlines()] == whole
    out.write_text('{"completion": "another", "rewards": [1.0]}\n')
    assert "line 1 was not made of" in run(*words).stderr
    out.write_text("no json\n")
    assert run(*words).returncode == 2
    assert run(*words, "--overwrite").returncode == 0
    assert len(out.read_text().splitlines()) == 4
    assert "is the file that is read" in run(*words[:-1], str(file)).stderr


def test_score_tells_what_it_could_not_judge(run: Run) -> None:
    lines = '{"completion": "a", "answer": "a"}\n{"answer": "a"}\n{"completion": "\\ud800"}\n'
    told = run("score", "-", "--kind", "exact,format", stdin=lines)
    assert told.returncode == 1
    found = [json.loads(line) for line in told.stdout.splitlines()]
    assert [row["rewards"] for row in found] == [[1.0], None, None]
    assert "has no `completions`" in found[1]["faults"][0]
    assert found[2]["completion"] == "\ud800"
    assert "1 completions, mean reward 1.0000, 0 not judged, 2 rows refused" in told.stderr
    assert re.search(r"exact +│ 1.0000 +│ 1 ", told.stderr)


def test_check_of_nothing_fails(run: Run) -> None:
    told = run("check", "-", "--kind", "exact")
    assert (told.returncode, told.stdout) == (1, "0 rows, 0 fail\n")


def test_score_writes_rows_with_rewards(tmp_path: Path) -> None:
    file = rows(
        tmp_path / "out.jsonl",
        {"response": ["a", "b"], "gold": "a", "more": 1},
        {"response": "b", "gold": "b"},
    )
    out = tmp_path / "scored.jsonl"
    words = ["--kind", "exact", "--map", "completions=response", "--map", "answer=gold"]
    told = adjudge("score", str(file), *words, "--out", str(out))
    assert told.returncode == 0, told.stderr
    scored = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["rewards"] for row in scored] == [[1.0, 0.0], [1.0]]
    assert scored[0]["more"] == 1
    assert scored[0]["judged"][1]["components"]["exact"]["reason"] == "different"
    assert "3 completions, mean reward 0.6667, 0 not judged" in told.stderr


def test_serve_with_its_own_queue_leaves_nothing_behind(tmp_path: Path) -> None:
    with serving("--workers", "1", env={"ADJUDGE_API_KEY": "sesame"}) as (url, pid):
        wait_until_ready(url)
        family = psutil.Process(pid).children(recursive=True)
        request = {
            "groups": [{"completions": ["a", "b"], "reference": {"answer": "a"}}],
            "rewards": [{"kind": "exact"}],
        }
        assert httpx.post(f"{url}/reward", json=request).status_code == 401
        key = {"X-API-Key": "sesame"}
        answer = httpx.post(f"{url}/reward", json=request, headers=key, timeout=30)
        assert answer.json()["groups"][0]["rewards"] == [1.0, 0.0]
        file = rows(tmp_path / "rows.jsonl", {"completion": "a", "reference": "a"})
        told = adjudge(
            "score", str(file), "--kind", "exact", "--url", url, env={"ADJUDGE_API_KEY": "sesame"}
        )
        assert json.loads(told.stdout)["rewards"] == [1.0], told.stderr
        told = adjudge("bench", "--url", url, "--kind", "exact", "--seconds", "0.3",
                       env={"ADJUDGE_API_KEY": "sesame"})  # fmt: skip
        assert "completions/s" in told.stdout, told.stderr
    assert family
    _, left = psutil.wait_procs(family, timeout=20)
    assert left == []
