"""What every back end must do."""

import os
import struct
import threading

import pytest

from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import Channel, Ending, Limits, Program, Result, SandboxError

QUICK = Limits(cpu_s=0.5, idle_s=0.3, memory_mb=256, output_mb=1)


def run(
    sandbox: Pool, source: str, stdin: bytes = b"", limits: Limits = QUICK, **files: bytes
) -> Result:
    program = Program(source=source, files={name.replace("_", "."): d for name, d in files.items()})
    with sandbox.open(program, limits) as session:
        return session.run(stdin)


def test_reads_and_writes(sandbox: Pool) -> None:
    result = run(sandbox, "print(int(input()) + 1)", b"41\n")
    assert (result.ending, result.return_code) == (Ending.OK, 0)
    assert (result.stdout, result.stderr) == (b"42\n", b"")


@pytest.mark.parametrize(
    ("source", "ending", "code"),
    [
        ("raise SystemExit(7)", Ending.RUNTIME_ERROR, 7),
        ("import sys; sys.exit('why')", Ending.RUNTIME_ERROR, 1),
        ("1 / 0", Ending.RUNTIME_ERROR, 1),
        ("import os; os._exit(3)", Ending.RUNTIME_ERROR, 3),
        ("import os; os.abort()", Ending.RUNTIME_ERROR, -6),
        ("x = [", Ending.COMPILE_ERROR, 1),
        ("while True: pass", Ending.TIME_LIMIT, -9),
        ("import time; time.sleep(60)", Ending.IDLE_LIMIT, -9),
        ("import os\nos.read(os.pipe()[0], 1)", Ending.IDLE_LIMIT, -9),
        ("x = bytearray(1 << 33)", Ending.MEMORY_LIMIT, 1),
        ("def f(n): return f(n + 1)\nf(0)", Ending.RUNTIME_ERROR, 1),
        ("print('x' * 999)\n" * 3, Ending.OK, 0),
        ("import threading\nthreading.Thread(target=print, args=(1,)).start()", Ending.OK, 0),
        ("import atexit; atexit.register(print, 'bye')", Ending.OK, 0),
        ("if __name__ == '__main__': print(1)", Ending.OK, 0),
        ("import sys; sys.stdin.close(); sys.stdout.close()", Ending.OK, 0),
    ],
)
def test_endings(sandbox: Pool, source: str, ending: Ending, code: int) -> None:
    result = run(sandbox, source)
    assert (result.ending, result.return_code) == (ending, code), result


def test_output_is_whole_or_output_limit(sandbox: Pool) -> None:
    whole = run(sandbox, "print('x' * 1_000_000)")
    assert (whole.ending, len(whole.stdout)) == (Ending.OK, 1_000_001)
    cut = run(sandbox, "print('x' * 2_000_000)")
    assert (cut.ending, len(cut.stdout)) == (Ending.OUTPUT_LIMIT, 1 << 20)
    flood = run(sandbox, "while True: print('x' * 9999)")
    assert flood.ending is Ending.OUTPUT_LIMIT


def test_input_of_megabytes(sandbox: Pool) -> None:
    result = run(sandbox, "import sys; print(len(sys.stdin.read()))", b"x" * 5_000_000)
    assert result.stdout == b"5000000\n"


def test_runs_of_a_session_do_not_meet(sandbox: Pool) -> None:
    source = "import os\nopen('f' + input(), 'w').close()\nprint(os.listdir('.'))"
    with sandbox.open(Program(source=source), QUICK) as session:
        seen = [session.run(b"%d" % number).stdout for number in range(3)]
    assert seen == [b"['f0']\n", b"['f1']\n", b"['f2']\n"]


PRELUDE = (
    "import types\nbox = types.SimpleNamespace(n=0)\ndef more():\n    box.n += 1\n    return box.n"
)


def test_a_prelude_is_there_when_a_program_begins(sandbox: Pool) -> None:
    counted = Program(source="print(more(), more(), __name__)", prelude=PRELUDE)
    with sandbox.open(counted, QUICK) as session:
        seen = [session.run().stdout for _ in range(3)]
    assert seen == [b"1 2 __main__\n"] * 3  # what a run does to it no other run sees
    other = Program(
        source="print(more(), 'box' in globals())", prelude="def more(): return 'other'"
    )
    with sandbox.open(other, QUICK) as session:
        assert session.run().stdout == b"other False\n"
    assert run(sandbox, "more()").ending is Ending.RUNTIME_ERROR


@pytest.mark.parametrize("prelude", ["def", "1 / 0"])
def test_a_prelude_that_fails_is_no_fault_of_a_program(sandbox: Pool, prelude: str) -> None:
    with (
        pytest.raises(SandboxError, match="set up"),
        sandbox.open(Program(source="pass", prelude=prelude), QUICK) as session,
    ):
        session.run()
    assert run(sandbox, "print(1)").stdout == b"1\n"


def test_a_program_that_does_not_compile_never_does(sandbox: Pool) -> None:
    with sandbox.open(Program(source="def"), QUICK) as session:
        first, second = session.run(), session.run()
    assert first.ending is second.ending is Ending.COMPILE_ERROR
    assert b"SyntaxError" in second.stderr


def test_files_are_there(sandbox: Pool) -> None:
    result = run(sandbox, "print(open('data.txt').read())", data_txt=b"cat")
    assert result.stdout == b"cat\n"


def test_modules_beside_the_program(sandbox: Pool) -> None:
    result = run(sandbox, "import helper\nprint(helper.f())", helper_py=b"def f(): return 7")
    assert result.stdout == b"7\n"


def test_packages(sandbox: Pool) -> None:
    result = run(sandbox, "import sortedcontainers, heapq\nprint(1)", limits=Limits(cpu_s=10))
    assert result.stdout == b"1\n"


ECHO = """
import os, struct
def exactly(n):
    data = b""
    while len(data) < n:
        more = os.read(3, n - len(data))
        if not more: raise SystemExit
        data += more
    return data
while True:
    body = exactly(*struct.unpack("<I", exactly(4)))
    message = struct.pack("<I", len(body)) + body[::-1]
    while message: message = message[os.write(3, message):]
"""


def test_talk(sandbox: Pool) -> None:
    heard: list[bytes | None] = []

    def conversation(channel: Channel) -> None:
        for message in (b"cat", b"", b"ab" * 500_000):
            channel.send(message)
            heard.append(channel.receive())

    with sandbox.open(Program(source=ECHO), QUICK) as session:
        result = session.talk(conversation)
    assert result.ending is Ending.OK, result
    assert heard == [b"tac", b"", b"ba" * 500_000]


def test_waiting_for_us_is_not_idle(sandbox: Pool) -> None:
    def conversation(channel: Channel) -> None:
        threading.Event().wait(QUICK.idle_s * 2)
        channel.send(b"cat")
        assert channel.receive() == b"tac"

    with sandbox.open(Program(source=ECHO), QUICK) as session:
        assert session.talk(conversation).ending is Ending.OK


@pytest.mark.parametrize(
    ("source", "ending"),
    [
        ("import time; time.sleep(60)", Ending.IDLE_LIMIT),
        ("while True: pass", Ending.TIME_LIMIT),
        ("import os; os.write(3, b'\\xff\\xff\\xff\\xff'); os.close(3)", Ending.OK),
        ("import os; os.close(3)", Ending.OK),
        ("import os, time\nos.write(3, b'\\x09\\0')\ntime.sleep(60)", Ending.IDLE_LIMIT),
    ],
)
def test_a_mute_program_ends_the_talk(sandbox: Pool, source: str, ending: Ending) -> None:
    heard: list[bytes | None] = []

    def conversation(channel: Channel) -> None:
        channel.send(b"x")
        heard.append(channel.receive())

    with sandbox.open(Program(source=source), QUICK) as session:
        assert session.talk(conversation).ending is ending
    assert heard == [None]


def test_who_does_not_listen_is_idle(sandbox: Pool) -> None:
    """A message larger than any buffer, to a program that never reads: no wait without end."""
    source = "import time; time.sleep(60)"
    with sandbox.open(Program(source=source), QUICK) as session:
        assert session.talk(lambda c: c.send(bytes(8 << 20))).ending is Ending.IDLE_LIMIT


LISTENS = """
import os, struct, time
time.sleep(0.1)
left = 3 * 300_004
while left: left -= len(os.read(3, left))
os.write(3, struct.pack("<I", 6) + b"900012")
"""


def test_messages_that_are_not_read_at_once(sandbox: Pool) -> None:
    """More than a socket's buffer, before the program reads; and to one that has gone."""
    heard: list[bytes | None] = []

    def conversation(channel: Channel) -> None:
        for _ in range(3):
            channel.send(bytes(300_000))
        heard.append(channel.receive())

    with sandbox.open(Program(source=LISTENS), QUICK) as session:
        assert session.talk(conversation).ending is Ending.OK
    assert heard == [b"900012"]
    gone: list[bytes | None] = []

    def to_nobody(channel: Channel) -> None:
        gone.append(channel.receive())
        channel.send(bytes(300_000))
        gone.append(channel.receive())

    with sandbox.open(Program(source="import os; os.close(3)"), QUICK) as session:
        assert session.talk(to_nobody).ending is Ending.OK
    assert gone == [None, None]


MAKES = """
import os
open("a.txt", "w").write("cat")
os.makedirs("d/e")
open("d/e/b.bin", "wb").write(bytes(range(256)) * 1000)
os.symlink("/etc/passwd", "link")
os.symlink("d", "way")
try: os.mkfifo("pipe")
except OSError: pass
"""


def test_files_that_come_back(sandbox: Pool) -> None:
    """Plain files below the directory, through no link; what is not there is left out."""
    wanted = ("d/e/b.bin", "link", "way/e/b.bin", "./a.txt", "d", "pipe", "none", "../tmp/a.txt")
    with sandbox.open(Program(source=MAKES, fetch=wanted), QUICK) as session:
        results = [session.run() for _ in range(2)]
    for result in results:
        assert result.ending is Ending.OK, result
        assert result.files == {"d/e/b.bin": bytes(range(256)) * 1000, "./a.txt": b"cat"}


def test_talks_within_talks_do_not_wait_in_a_ring(sandbox: Pool) -> None:
    answers: list[bytes | None] = []

    def judge_one() -> None:
        def outer(channel: Channel) -> None:
            with sandbox.open(Program(source=ECHO), QUICK) as inner:
                inner.talk(lambda deep: relay(channel, deep))

        def relay(channel: Channel, deep: Channel) -> None:
            deep.send(b"cat")
            channel.send(deep.receive() or b"")
            answers.append(channel.receive())

        with sandbox.open(Program(source=ECHO), QUICK) as session:
            session.talk(outer)

    threads = [threading.Thread(target=judge_one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"cat"] * 12


def test_nothing_of_ours_is_open_or_known(sandbox: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWARD_SECRET", "hunter2")
    source = """
import os
fds = []
for number in range(1024):
    try: os.fstat(number); fds.append(number)
    except OSError: pass
print(fds, "REWARD_SECRET" in os.environ)
"""
    with sandbox.open(Program(source=source), QUICK) as session:
        for _ in range(2):
            assert session.run().stdout == b"[0, 1, 2] False\n"
    assert struct.calcsize("<I") == 4
    assert os.environ["REWARD_SECRET"] == "hunter2"


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nasync def f(): await asyncio.sleep(0.01)\nasyncio.run(f())",
        "from concurrent.futures import *\nwith ThreadPoolExecutor(2) as e: e.submit(abs, 1)",
        "import tempfile\nwith tempfile.NamedTemporaryFile() as f: f.write(b'x')",
        "import random\nassert random.random() != 0.5",
        "import inspect\ndef f(): pass\nassert inspect.getsource(f) == 'def f(): pass\\n'\n",
        "import pickle\nclass A: pass\npickle.loads(pickle.dumps(A()))",
        "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return n and f(n - 1)\nf(50_000)",
        "import threading\nt = threading.Thread(target=abs, args=(1,))\nt.start(); t.join()",
        "import ssl, sqlite3, lzma, hashlib, xml.etree.ElementTree",
        "x = " + "(" * 80 + "1," + ")" * 80,
    ],
)
def test_what_programs_do(sandbox: Pool, source: str) -> None:
    with sandbox.open(Program(source=source), Limits(cpu_s=10)) as session:
        results = [session.run() for _ in range(2)]
    assert [result.ending for result in results] == [Ending.OK] * 2, results


@pytest.mark.parametrize(
    "source",
    [
        "import multiprocessing as m\nwith m.Pool(2) as p: assert p.map(abs, [-1]) == [1]",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', ''], check=True)",
    ],
)
def test_programs_of_several_processes(sandbox: Pool, source: str, backend_name: str) -> None:
    if backend_name in ("lite", "lite-one-uid", "piped", "docker"):
        pytest.skip("no /dev/shm there, or no processes")
    assert run(sandbox, source, limits=Limits(cpu_s=10)).ending is Ending.OK


def test_random_numbers_differ(sandbox: Pool) -> None:
    with sandbox.open(Program(source="import random\nprint(random.random())"), QUICK) as session:
        assert len({session.run().stdout for _ in range(4)}) == 4


def test_a_traceback_reads_as_usual(sandbox: Pool) -> None:
    source = "def f():\n    return 1 / 0\n\nf()\n"
    with sandbox.open(Program(source=source), QUICK) as session:
        for _ in range(2):
            assert session.run().stderr.decode().replace("~", "^") == (
                "Traceback (most recent call last):\n"
                '  File "main.py", line 4, in <module>\n    f()\n'
                '  File "main.py", line 2, in f\n    return 1 / 0\n           ^^^^^\n'
                "ZeroDivisionError: division by zero\n"
            )


NUMPY = """
import numpy as np, sys
assert np.linalg.inv(np.eye(2)).sum() == 2
import numpy.polynomial
print(np.random.rand(), np.random.default_rng(7).random() > 0, "numpy.fft" in sys.modules)
"""


def test_heavy_packages_are_as_usual(sandbox: Pool) -> None:
    pytest.importorskip("numpy")
    with sandbox.open(Program(source=NUMPY), Limits(cpu_s=20)) as session:
        results = [session.run() for _ in range(3)]
    assert [result.ending for result in results] == [Ending.OK] * 3, results
    assert len({result.stdout for result in results}) == 3
