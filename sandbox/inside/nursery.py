"""The parent of all slots of a native back end: one clean interpreter that forks each of them.

It is started by exec with an empty environment, so no byte of the service's memory is in any slot;
it imports everything once, so a new slot costs a fork and some mounts (about ten milliseconds), and
slots share their pages. It obeys one SOCK_SEQPACKET socket and ends when that closes; the slots die
with it (PR_SET_PDEATHSIG).

    in:  {"op": "slot", "spec": {...}} + the slot's end of its own socket
    out: {"pid": the process to kill to end the slot}
"""

import array
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import site as site_module
import socket
import sys
import threading
from collections.abc import Mapping
from typing import NoReturn

from adjudge.sandbox.inside import kernel, rootfs, sweep, zygote
from adjudge.sandbox.inside.links import PipeLink, SocketLink
from adjudge.sandbox.inside.spec import LINKS_PREFIX, WORK, Spec, load_spec, usual_environment


def prepare_interpreter(
    preload: list[str], source: str, site: str, packages: Mapping[str, str] | None = None
) -> None:
    """Import what runs share; forget where our own code lies.

    `packages` (name → path) are those that some of `preload` belong to: they are imported from
    where they lie, and say from then on that they lie in `site`, as they do for the slots.
    """
    os.environ.clear()
    os.environ.update(usual_environment(WORK))
    places = {os.path.dirname(path) for path in (packages or {}).values()}
    sys.path += sorted(places)
    for name in preload:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    for name, path in (packages or {}).items():
        _relocate(path, f"{site}/{name}")
    sys.path[:] = [path for path in sys.path if path != source and path not in places] + [site]
    sys.path_importer_cache.clear()
    site_module.setquit()  # `exit` and `quit`, which -S leaves out
    sys.dont_write_bytecode = True
    threading.stack_size(8 << 20)


def _relocate(old: str, new: str) -> None:
    for module in list(sys.modules.values()):
        if str(getattr(module, "__file__", "")).startswith(old + "/"):
            module.__file__ = new + str(module.__file__)[len(old) :]
        paths = getattr(module, "__path__", None)
        if isinstance(paths, list):
            paths[:] = [new + path[len(old) :] if path.startswith(old) else path for path in paths]


def main(
    number: int, preload: list[str], source: str, site: str, packages: Mapping[str, str]
) -> NoReturn:
    """Serve the socket with file descriptor `number`."""
    prepare_interpreter(preload, source, site, packages)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    gc.collect()
    gc.freeze()
    _Nursery(socket.socket(fileno=number)).serve()
    _remove_links(site)
    os._exit(0)


def _remove_links(site: str) -> None:
    """The directory of links that stands for `site` where nothing can be mounted."""
    if not os.path.basename(site).startswith(LINKS_PREFIX):
        return
    with contextlib.suppress(OSError):  # another nursery of the same service may have been first
        for name in os.listdir(site):
            os.unlink(os.path.join(site, name))
        os.rmdir(site)


class _Nursery:
    """Its slots, by their pidfds. It outlives each, and clears what a `lite` one may leave."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._slots: dict[int, tuple[int, Spec]] = {}

    def serve(self) -> None:
        """Until the other side is gone; then every slot ends."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        while True:
            for opened, _ in poll.poll():
                if opened != self._control.fileno():
                    poll.unregister(opened)
                    self._bury(opened)
                elif (born := self._obey()) is not None:
                    poll.register(born, select.POLLIN)
                else:
                    self._end_all()
                    return

    def _obey(self) -> int | None:
        message, ancillary, _, _ = self._control.recvmsg(1 << 20, socket.CMSG_SPACE(4))
        if not message:
            return None
        opened = array.array("i", ancillary[0][2])[0]
        spec = load_spec(json.loads(message)["spec"])
        pid = _fork_slot(spec, opened)
        os.close(opened)
        born = os.pidfd_open(pid)
        self._slots[born] = (pid, spec)
        self._control.send(json.dumps({"pid": pid}).encode())
        return born

    def _bury(self, opened: int) -> None:
        """With namespaces, all of a slot died with it; without, its last run may live on."""
        os.close(opened)
        _, spec = self._slots.pop(opened)
        if spec.mode != "lite":
            return
        sweep.kill_left(spec, {str(pid) for pid, _ in self._slots.values()})
        sweep.empty(spec.work, 0o700, most=1 << 30)
        with contextlib.suppress(OSError):
            os.rmdir(spec.work)

    def _end_all(self) -> None:
        for opened, (pid, _) in list(self._slots.items()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            select.select([opened], [], [])
            self._bury(opened)


def _fork_slot(spec: Spec, opened: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _become_slot(spec, opened)
    except BaseException as error:  # noqa: BLE001 - reported; a slot never runs on as the nursery
        _report(opened, error)
    os._exit(1)


def _report(opened: int, error: BaseException) -> None:
    with contextlib.suppress(OSError):
        text = f"{type(error).__name__}: {error}"
        os.write(opened, json.dumps({"error": text}).encode())


def _become_slot(spec: Spec, opened: int) -> None:
    os.setsid()
    for path in spec.cgroups:
        with open(path, "w", encoding="ascii") as file:
            file.write("0")
    if spec.mode != "lite":
        rootfs.enter_namespaces(userns=spec.mode == "native-userns")
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # new credentials clear it
        _fork_first()
    connection = _keep_only(opened)
    zygote.start(spec, SocketLink(connection))
    os._exit(0)


def _fork_first() -> None:
    """Become pid 1 of the new pid namespace; the parent only waits, and dies with its child."""
    pid = os.fork()
    if pid:
        os.closerange(0, 1 << 20)
        os.waitpid(pid, 0)
        os._exit(0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getpid() != 1:
        raise OSError("no pid namespace")


def _keep_only(opened: int) -> socket.socket:
    """Nothing is open in a slot but its own link, and /dev/null as standard streams."""
    empty = os.open("/dev/null", os.O_RDWR)
    kept = os.dup(opened)
    for number in (0, 1, 2):
        os.dup2(empty, number)
    os.dup2(kept, 3, inheritable=False)
    os.closerange(4, 1 << 20)
    return socket.socket(fileno=3)


def serve_container(spec: Spec, preload: list[str], source: str) -> NoReturn:
    """The one slot of a container, over its standard input and output (`PipeLink`)."""
    prepare_interpreter(preload, source, spec.site, spec.packages)
    incoming, outgoing = os.dup(0), os.dup(1)
    empty = os.open("/dev/null", os.O_RDWR)
    os.dup2(empty, 0)
    os.dup2(empty, 1)
    zygote.start(spec, PipeLink(incoming, outgoing))
    os._exit(0)
