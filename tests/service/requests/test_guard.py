"""The guard: ClamAV's protocol spoken over real sockets, and a door that stays shut without it."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from runtime.errors import Refused, Unavailable
from service.requests.guard import CHUNK, Clamd, guard

EVIL = b"an evil file"


class Daemon:
    """Takes one stream after the other as clamd does, and finds `EVIL` in it."""

    def __init__(self, listening: socket.socket, answer: bytes | None = None) -> None:
        self.listening, self.answer = listening, answer
        self.heard: list[bytes] = []
        self.on_hearing: Callable[[], object] = lambda: None

    def serve(self) -> None:
        while True:
            try:
                line, _from = self.listening.accept()
            except OSError:
                return
            with line:
                self._hear(line)

    def _hear(self, line: socket.socket) -> None:
        said = line.makefile("rb")
        assert said.read(10) == b"zINSTREAM\0"
        content = b""
        while size := int.from_bytes(said.read(4)):
            content += said.read(size)
        self.heard.append(content)
        self.on_hearing()
        found = b"stream: Evil-Test-1 FOUND\0" if EVIL in content else b"stream: OK\0"
        line.sendall(found if self.answer is None else self.answer)


@contextmanager
def standing(listening: socket.socket, answer: bytes | None = None) -> Iterator[Daemon]:
    daemon = Daemon(listening, answer)
    thread = Thread(target=daemon.serve)
    thread.start()
    try:
        yield daemon
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def on_a_port() -> tuple[socket.socket, str]:
    listening = socket.create_server(("127.0.0.1", 0))
    return listening, f"tcp://127.0.0.1:{listening.getsockname()[1]}"


def test_what_is_clean_passes_whole() -> None:
    listening, address = on_a_port()
    content = bytes(range(256)) * 1024
    with standing(listening) as daemon:
        Clamd(address).look(content)
        Clamd(address).look(b"")
    assert daemon.heard == [content, b""]
    assert len(content) > 3 * CHUNK


def test_what_is_found_is_refused() -> None:
    listening, address = on_a_port()
    with standing(listening), pytest.raises(Refused) as refused:
        Clamd(address).look(b"x" * CHUNK + EVIL)
    assert refused.value.code == "file.infected"


def test_it_stands_at_a_file_too(tmp_path: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "clamd"))
    listening.listen()
    with standing(listening) as daemon:
        Clamd(f"unix:{tmp_path}/clamd").look(b"a file")
    assert daemon.heard == [b"a file"]


@pytest.mark.parametrize(
    "answer",
    [b"", b"INSTREAM size limit exceeded. ERROR\0", b"UNKNOWN COMMAND\0", b"stream: OK, or so\0"],
)
def test_an_answer_that_is_not_clear_keeps_the_door_shut(answer: bytes) -> None:
    listening, address = on_a_port()
    with standing(listening, answer), pytest.raises(Unavailable) as refused:
        Clamd(address).look(b"a file")
    assert refused.value.code == "file.unchecked"


def test_nobody_there_keeps_the_door_shut(tmp_path: Path) -> None:
    listening, nobody = on_a_port()
    listening.close()
    for address in (nobody, f"unix:{tmp_path}/nothing"):
        with pytest.raises(Unavailable) as refused:
            Clamd(address).look(b"a file")
        assert refused.value.code == "file.unchecked"


def test_a_guard_that_says_nothing_is_not_waited_for_long() -> None:
    listening, address = on_a_port()
    with listening, pytest.raises(Unavailable) as refused:
        Clamd(address, seconds=0.1).look(b"a file")
    assert refused.value.code == "file.unchecked"


def test_without_an_address_there_is_none() -> None:
    assert guard("") is None
    assert guard("unix:/run/clamd") == Clamd("unix:/run/clamd")
