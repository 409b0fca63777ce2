"""The program, born again and again: a process that has imported it forks a child for each life.

The child is `perigee` with the arguments, in the folder and the environment that it was told.
Imports take a second, a hundred times what most commands do; without them, a kill falls into work.
Whoever wants the imports and a fresh interpreter, too, takes none of this: `Program.anew`.
"""

import asyncio
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Self

_USED = ("cli", "running", "adapters.discord", "adapters.telegram", "store.unit_of_work")
"""What a life imports of ours, and with it everything else."""

_MOST_BYTES = 65_536
"""Of an order: a command line and an environment."""


@dataclass(slots=True, kw_only=True)
class Life:
    """A child, with the part of asyncio's `Process` that tests use."""

    pid: int
    ending: socket.socket
    returncode: int | None = None
    waits: asyncio.Lock = field(default_factory=asyncio.Lock)

    def send_signal(self, number: int) -> None:
        """Send it a signal; one that has ended hears nothing."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send it SIGKILL."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end; its exit code, or the negative number of the signal that ended it."""
        async with self.waits:
            if self.returncode is None:
                said = await asyncio.get_running_loop().sock_recv(self.ending, _MOST_BYTES)
                self.returncode = int(said)
                self.ending.close()
        return self.returncode


class Nursery:
    """Where lives begin, as many at a time as one likes."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders

    @classmethod
    @contextmanager
    def opened(cls, environment: Mapping[str, str]) -> Iterator[Self]:
        """Import the program with these variables; no life begins when this is left."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with (
            ours,
            subprocess.Popen(  # noqa: S603, our own
                [sys.executable, __file__, f"{theirs.fileno()}"],
                env=environment,
                stdin=subprocess.DEVNULL,
                # Python asks at its start whether its streams can be sought, and remembers it.
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            ) as process,
        ):
            theirs.close()
            try:
                yield cls(ours)
            finally:
                process.kill()
                _, complaint = process.communicate()
                assert not complaint, complaint.decode()

    async def bear(
        self, *arguments: str, folder: Path, environment: Mapping[str, str], out: int, err: int
    ) -> Life:
        """Begin a life; its standard output and standard error are these descriptors."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        order = [arguments, str(folder), dict(environment)]
        with theirs:
            given = [theirs.fileno(), out, err]
            socket.send_fds(self._orders, [json.dumps(order).encode()], given)
        ours.settimeout(0)
        said = await asyncio.get_running_loop().sock_recv(ours, _MOST_BYTES)
        return Life(pid=int(said), ending=ours)


class _Mother:
    """Forks for each order, and says on its socket the child's number, then its exit code."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._lives: dict[int, socket.socket] = {}
        self._ended, ending = os.pipe2(os.O_NONBLOCK)
        signal.set_wakeup_fd(ending, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Until nobody can order any more."""
        while True:
            ready, _, _ = select.select([self._orders.fileno(), self._ended], [], [])
            if self._ended in ready:
                os.read(self._ended, _MOST_BYTES)
                self._bury()
            if self._orders.fileno() in ready:
                message, given, _, _ = socket.recv_fds(self._orders, _MOST_BYTES, 3)
                if not message:
                    return
                self._bear(json.loads(message), *given)

    def _bear(self, order: Any, ending: int, out: int, err: int) -> None:
        life = socket.socket(fileno=ending)
        child = os.fork()
        if not child:
            life.close()
            self._leave()
            arguments, folder, environment = order
            _be(arguments, folder, environment, (out, err))
        os.close(out)
        os.close(err)
        self._lives[child] = life
        life.send(f"{child}".encode())

    def _bury(self) -> None:
        """Say how those ended that did."""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                child, status = found
                with self._lives.pop(child) as ending, suppress(BrokenPipeError):
                    ending.send(f"{os.waitstatus_to_exitcode(status)}".encode())

    def _leave(self) -> None:
        """Keep nothing of all this."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(signal.set_wakeup_fd(-1))
        os.close(self._ended)
        for one in (self._orders, *self._lives.values()):
            one.close()


def _be(
    arguments: list[str], folder: str, environment: dict[str, str], streams: tuple[int, int]
) -> NoReturn:
    """Be the program, from here to the end."""
    for number, one in enumerate(streams, start=1):
        os.dup2(one, number)
        os.close(one)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["perigee", *arguments]
    sys.exit(importlib.import_module("bot.cli").main())


def _serve() -> None:
    for name in _USED:
        importlib.import_module(f"bot.{name}")
    gc.freeze()  # what is imported stays; else each life would look through it again at its end
    _Mother(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    _serve()
