"""Run a program that cannot outlive its parent, not even when that is killed with SIGKILL.

    python -I -S tether.py PARENT_PID program argument …

Sets PR_SET_PDEATHSIG (Linux), which survives the exec that follows; a parent that died before that
is noticed. A file of its own, run by path: it must start in milliseconds and import nothing.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - the very purpose; no shell


if __name__ == "__main__":
    main()
