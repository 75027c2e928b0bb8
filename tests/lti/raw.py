"""A platform that answers byte for byte as a test says, and as slowly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType

Pieces = Callable[[str], Iterable[bytes]]


class RawServer:
    """On a free port of the loopback. `pieces` gives what is sent for "POST /path"; `pause` seconds lie between two
    pieces. It `hangs_up` after each answer, or waits for the next request."""

    def __init__(self, pieces: Pieces, *, pause: float = 0.0, hangs_up: bool = False) -> None:
        self._pieces, self._pause, self._hangs_up = pieces, pause, hangs_up
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self.requests: list[str] = []
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> RawServer:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # the listener was closed
            self.connections += 1
            self._start(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        with connection:
            try:
                while line := self._request(connection):
                    self.requests.append(line)
                    self._answer(connection, line)
                    if self._hangs_up or self._over.is_set():
                        return
            except OSError:
                return  # the other side has had enough

    def _request(self, connection: socket.socket) -> str | None:
        """The method and path of a request that is whole; None when there is no further one."""
        came = b""
        while not self._over.is_set():
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                continue
            came += piece
            head, end, body = came.partition(b"\r\n\r\n")
            if end and len(body) >= _length(head):
                method, path, _ = head.decode().split(" ", 2)
                return f"{method} {path.partition('?')[0]}"
            if not piece:
                return None
        return None

    def _answer(self, connection: socket.socket, line: str) -> None:
        for piece in self._pieces(line):
            connection.sendall(piece)
            if self._over.wait(self._pause):
                return


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def whole(body: bytes, *headers: str, status: str = "200 OK") -> list[bytes]:
    """An answer in one piece."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return ["\r\n".join(lines).encode("latin-1") + body]
