"""Between a client and a PostgreSQL server: passes everything on, and breaks off when told to.

with Relay(server) as relay:
    engine = open_engine(relay.url("ledger"))
    relay.next_commits("lose")      # the server commits, the client never hears of it
    relay.next_commits("keep back") # the server never hears of the commit
"""

from __future__ import annotations

import socket
import tempfile
from collections import deque
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Literal

from sqlalchemy import URL

from support.postgres import PORT, USER, Server

__all__ = ["Relay"]

Plan = Literal["pass on", "keep back", "lose"]
_COMMIT = b"COMMIT\0"  # so ends the statement in the message, and what the server says of it


class Relay:
    """A socket that leads to a server's, whichever server that is at the moment."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.broken = 0
        self._plans: deque[Plan] = deque()
        self._folder = tempfile.TemporaryDirectory(prefix="relay-")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(Path(self._folder.name) / f".s.PGSQL.{PORT}"))
        self._listener.listen(64)
        Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._folder.cleanup()

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database, through here."""
        query = {"host": self._folder.name, "port": str(PORT)}
        made = URL.create("postgresql+psycopg", username=USER, database=database, query=query)
        return made.render_as_string(hide_password=False)

    def next_commits(self, *plans: Plan) -> None:
        """What becomes of the next commits of what was written; then all are passed on."""
        self._plans.extend(plans)

    def forget_plans(self) -> None:
        """Pass everything on from now."""
        self._plans.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server:
            try:
                server.connect(str(self.server.folder / f".s.PGSQL.{PORT}"))
            except OSError:
                return
            lost = Event()
            back = Thread(target=self._pass_back, args=(server, client, lost), daemon=True)
            back.start()
            self._pass_on(client, server, lost)
            back.join()

    def _pass_on(self, client: socket.socket, server: socket.socket, lost: Event) -> None:
        writes = False
        with suppress(OSError):
            while said := client.recv(1 << 16):
                if b"BEGIN" in said:
                    writes = b"READ ONLY" not in said
                ends = writes and _COMMIT in said and self._plans
                plan = self._plans.popleft() if ends else "pass on"
                if plan == "lose":
                    lost.set()  # nothing of the answer gets through
                if plan == "keep back":
                    break
                server.sendall(said)
                if plan == "lose":
                    self.broken += 1
                    return  # the answer ends the connection, in `_pass_back`
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _pass_back(self, server: socket.socket, client: socket.socket, lost: Event) -> None:
        with suppress(OSError):
            # The client learns that it is lost once the server has answered, and so has committed.
            while (said := server.recv(1 << 16)) and not lost.is_set():
                client.sendall(said)
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
