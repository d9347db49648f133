"""A witness over HTTP: the protocol's one call, and our own for hashes, behind bounds.

    POST /add-checkpoint     C2SP tlog-witness
    POST /add-hashes         an upload of leaf hashes, where the witness mirrors

It speaks plain HTTP/1.1 with keep-alive. There is nothing to keep secret in it: checkpoints are
public and signed, and so are answers; whoever wants TLS puts a reverse proxy in front.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import BoundedSemaphore, Timer
from typing import Any, BinaryIO, cast

from ledger.errors import LedgerError
from ledger.witness import PLAIN, Answer, Witness
from ledger.witness_messages import MAX_REQUEST_BYTES

__all__ = ["WitnessServer"]

_CONNECTIONS = 32
_IDLE_SECONDS = 15
_LONGEST_SECONDS = 600
_MAX_LENGTH_DIGITS = 15
_PATHS = ("/add-checkpoint", "/add-hashes")

Clock = Callable[[], int]
Report = Callable[[str], None]


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness; `clock` gives seconds since 1970, `report` takes a line a request."""

    daemon_threads = True
    # A restarted witness must not wait for the connections of the one before.
    allow_reuse_address = True

    def __init__(
        self, address: tuple[str, int], witness: Witness, *, clock: Clock, report: Report
    ) -> None:
        self.witness = witness
        self.clock = clock
        self.report = report
        self._free = BoundedSemaphore(_CONNECTIONS)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Take the address; unlike http.server without asking a name server what it is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin a connection once one of the others has ended; until then it waits in line."""
        self._free.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end, or to that of its time."""
        # Who sends a byte now and then is never idle.
        end = Timer(_LONGEST_SECONDS, _cut_off, [request])
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is the other side's affair."""
        self.report(f"{client_address[0]} -")


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer

    protocol_version = "HTTP/1.1"
    server_version = "taizhang"
    sys_version = ""
    timeout = _IDLE_SECONDS

    def do_POST(self) -> None:
        calls = dict(zip(_PATHS, (self._add_checkpoint, self._add_hashes), strict=True))
        call = calls.get(self.path)
        length = self._length()
        if call is None or length is None:
            # What follows was not read, so the connection cannot go on.
            self.close_connection = True
        if call is None:
            self._answer(Answer(404, b"there is only /add-checkpoint and /add-hashes\n"))
        elif length is None:
            self._answer(Answer(411, b"a request has a Content-Length\n"))
        else:
            self._answer(self._called(call, length))

    def do_GET(self) -> None:
        self.close_connection = True
        self._answer(Answer(405, b"send a POST request\n"))

    def log_message(self, format: str, *args: Any) -> None:
        """Reported when the answer is given."""

    def _called(self, call: Callable[[int], Answer], length: int) -> Answer:
        try:
            return call(length)
        except (TimeoutError, ConnectionError):
            raise
        except (LedgerError, OSError) as error:  # its memory is damaged, or the disk is full
            self.close_connection = True
            self.server.report(str(error))
            return Answer(500, b"the witness has a problem of its own\n")

    def _add_checkpoint(self, length: int) -> Answer:
        if length > MAX_REQUEST_BYTES:
            self.close_connection = True
            return Answer(413, b"the request is too long\n")
        body = self.rfile.read(length)
        return self.server.witness.add_checkpoint(body, at=self.server.clock())

    def _add_hashes(self, length: int) -> Answer:
        body = _Body(self.rfile, length)
        answer = self.server.witness.add_hashes(cast(BinaryIO, io.BufferedReader(body)), length)
        if body.left:
            self.close_connection = True
        return answer

    def _length(self) -> int | None:
        values = self.headers.get_all("Content-Length", [])
        if len(values) != 1 or "Transfer-Encoding" in self.headers:
            return None
        value = values[0].strip()
        is_number = value.isascii() and value.isdigit() and len(value) <= _MAX_LENGTH_DIGITS
        return int(value) if is_number else None

    def _answer(self, answer: Answer) -> None:
        path = self.path if self.path in _PATHS else "-"  # it could be anything
        self.server.report(f"{self.client_address[0]} {path} {answer.status}")
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type or PLAIN)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.status == 405:
            self.send_header("Allow", "POST")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)


class _Body(io.RawIOBase):
    """The next bytes of a connection, and no more of it than they are."""

    def __init__(self, stream: BinaryIO | io.BufferedIOBase, length: int) -> None:
        self._stream = stream
        self.left = length

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there is something left."""
        data = self._stream.read(min(len(buffer), self.left))
        buffer[: len(data)] = data
        self.left -= len(data)
        return len(data)


def _cut_off(connection: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself
        connection.shutdown(socket.SHUT_RDWR)
