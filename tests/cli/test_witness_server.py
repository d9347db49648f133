"""A witness behind HTTP: every status over the wire, bounds, and connections that go on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier, Thread

import pytest

from cli.witness_client import WitnessClient
from cli.witness_server import WitnessServer
from ledger.cosignature import verified_cosignatures
from ledger.errors import IntegrityFailure, LedgerError, MalformedError
from ledger.note import COSIGNATURE, Signer, parse_note, with_signatures
from ledger.witness import TREE_SIZE, Answer, Witness
from ledger.witness_messages import MAX_REQUEST_BYTES, parse_answer
from ledger.witness_state import WitnessStates
from support.growing_log import LEDGER, ORIGIN, GrowingLog

SIGNER = Signer.from_seed("witness.example/w1", bytes(range(32, 64)), algorithm=COSIGNATURE)
AT = 1795420800
LOG = GrowingLog(40)


@contextmanager
def serving(witness: Witness) -> Iterator[WitnessServer]:
    """Serve a witness on a free port while the block runs."""
    server = WitnessServer(("127.0.0.1", 0), witness, clock=lambda: AT, report=str)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(params=[False], ids=["plain"])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WitnessServer]:
    """A witness of LEDGER's logs."""
    states = WitnessStates(tmp_path / "state")
    with serving(
        Witness(SIGNER, logs=[LEDGER.key], states=states, is_mirror=request.param)
    ) as server:
        yield server


mirroring = pytest.mark.parametrize("server", [True], indirect=True, ids=["mirror"])


@pytest.fixture
def connection(server: WitnessServer) -> Iterator[HTTPConnection]:
    """A connection to it."""
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    yield connection
    connection.close()


def post(connection: HTTPConnection, body: bytes, path: str = "/add-checkpoint") -> int:
    """Send a body; returns the status."""
    connection.request("POST", path, body)
    response = connection.getresponse()
    response.read()
    return response.status


def test_statuses_go_over_the_wire(connection: HTTPConnection) -> None:
    """Accepted, malformed, unknown, untrusted, conflicting and unproven requests are told apart."""
    other = GrowingLog(9, origin="town.example/taizhang/x")
    stranger = GrowingLog(9, signer=Signer.from_seed("x", bytes(32)))
    fork = LOG.fork(5)
    bodies = [
        LOG.request(0, 7),
        b"nonsense",
        stranger.request(7, 9),
        other.request(0, 9),
        LOG.request(0, 9),
        fork.request(7, 7),
        fork.request(7, 9),
        LOG.request(7, 9),
    ]
    statuses = [post(connection, body) for body in bodies]
    assert statuses == [200, 400, 403, 404, 409, 409, 422, 200]


def test_size_has_its_content_type(connection: HTTPConnection) -> None:
    """A conflict of sizes is text/x.tlog.size with the number and a line feed."""
    connection.request("POST", "/add-checkpoint", LOG.request(3, 9))
    response = connection.getresponse()
    assert (response.status, response.read()) == (409, b"0\n")
    assert response.headers["Content-Type"] == "text/x.tlog.size"


def test_connections_are_kept(connection: HTTPConnection) -> None:
    """Refusals by the witness do not cost the connection."""
    post(connection, LOG.request(0, 7))
    kept = connection.sock
    assert kept is not None
    post(connection, b"nonsense")
    post(connection, LOG.request(7, 9))
    assert connection.sock is kept


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        (b"POST /other HTTP/1.1", b"Content-Length: 0", b"404"),
        (b"POST /add-checkpoint/ HTTP/1.1", b"Content-Length: 0", b"404"),
        (b"POST /add-hashes HTTP/1.1", b"Content-Length: 0", b"404"),
        (b"GET /add-checkpoint HTTP/1.1", b"", b"405"),
        (b"BREW /add-checkpoint HTTP/1.1", b"", b"501"),
        (b"POST /add-checkpoint HTTP/1.1", b"", b"411"),
        (b"POST /add-checkpoint HTTP/1.1", b"Content-Length: x", b"411"),
        (b"POST /add-checkpoint HTTP/1.1", b"Content-Length: -1", b"411"),
        (b"POST /add-checkpoint HTTP/1.1", b"Content-Length: 1\r\nContent-Length: 2", b"411"),
        (b"POST /add-checkpoint HTTP/1.1", b"Transfer-Encoding: chunked", b"411"),
        (
            b"POST /add-checkpoint HTTP/1.1",
            b"Content-Length: %d" % (MAX_REQUEST_BYTES + 1),
            b"413",
        ),
        (b"nonsense", b"", b"400"),
    ],
)
def test_unfit_requests_are_refused(
    server: WitnessServer, request_line: bytes, headers: bytes, status: bytes
) -> None:
    """Other paths, methods, lengths and encodings have the status HTTP has for them."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as raw:
        raw.sendall(request_line + b"\r\n" + headers + b"\r\n\r\n")
        raw.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: raw.recv(4096), b""))
    assert status in answer.split(b"\r\n", 1)[0]


def test_damaged_memory_is_a_server_error(
    server: WitnessServer, connection: HTTPConnection
) -> None:
    """What the witness cannot go on from is its own fault, and the next log is not touched."""
    with server.witness.states.locked(ORIGIN) as state:
        state.keep(b"damaged")
    other = GrowingLog(9, origin="city.example/taizhang/xian")
    assert post(connection, LOG.request(0, 7)) == 500
    assert post(connection, other.request(0, 7)) == 200


def test_one_of_two_senders_wins(server: WitnessServer) -> None:
    """Of two requests at once over two connections exactly one is cosigned."""
    barrier = Barrier(2)

    def send(new: int) -> int:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        barrier.wait()
        status = post(connection, LOG.request(0, new))
        connection.close()
        return status

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(send, (20, 30))) == [200, 409]


# --- the client ----------------------------------------------------------------------------------


@pytest.fixture
def client(server: WitnessServer) -> Iterator[WitnessClient]:
    """A client of the witness."""
    client = WitnessClient(f"http://127.0.0.1:{server.server_port}/", timeout_seconds=10)
    yield client
    client.close()


@pytest.mark.parametrize("start", [0, 3, 7, 20])
def test_client_finds_the_size(client: WitnessClient, start: int) -> None:
    """Wherever it starts, the client asks from where the witness is, and is cosigned."""
    client.cosigned(lambda old: LOG.request(old, 7), start=0)
    answer = client.cosigned(lambda old: LOG.request(old, 20), start=start)
    note = with_signatures(parse_note(LOG.note(20)), parse_answer(answer))
    assert verified_cosignatures(note, [SIGNER.key]) == {SIGNER.key: AT}


@pytest.mark.parametrize("new", [7, 9])
def test_other_history_is_an_integrity_failure(client: WitnessClient, new: int) -> None:
    """A witness that saw another history makes the client say so."""
    client.cosigned(lambda old: LOG.request(old, 7), start=0)
    with pytest.raises(IntegrityFailure):
        client.cosigned(lambda old: LOG.fork(5).request(old, new), start=7)


def test_other_refusals_are_told(client: WitnessClient) -> None:
    """What the witness refuses otherwise is told with its status and words."""
    other = GrowingLog(9, origin="town.example/taizhang/x")
    with pytest.raises(LedgerError, match=r"404.*no log this witness knows"):
        client.cosigned(lambda old: other.request(old, 9), start=0)


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[tuple[WitnessClient, list[Answer]]]:
    """A client of a witness that answers what the list says, last first."""
    answers: list[Answer] = []

    class Odd(Witness):
        def add_checkpoint(self, body: bytes, *, at: int) -> Answer:
            return answers.pop()

    with serving(Odd(SIGNER, logs=[], states=WitnessStates(tmp_path))) as server:
        client = WitnessClient(f"http://127.0.0.1:{server.server_port}", timeout_seconds=10)
        yield client, answers
        client.close()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(409, b"7\n", TREE_SIZE), "conflict"),
        (Answer(409, b"x\n", TREE_SIZE), "error"),
        (Answer(409, b"", TREE_SIZE), "error"),
        (Answer(409, b"7\n"), "integrity"),
        (Answer(422, b""), "integrity"),
        (Answer(428, b""), "conflict"),
        (Answer(500, b"\x1b[2J\xff"), "error"),
        (Answer(503, b""), "error"),
        (Answer(302, b""), "error"),
        (Answer(201, b"x"), "error"),
        (Answer(422, b"x" * 70_000), "error"),
    ],
)
def test_odd_answers_are_errors(
    odd: tuple[WitnessClient, list[Answer]], answer: Answer, code: str
) -> None:
    """Whatever a witness answers, the client has an error for it that is safe to print."""
    client, answers = odd
    answers += [answer] * 4
    with pytest.raises(LedgerError) as caught:
        client.cosigned(lambda old: b"", start=0)
    assert (caught.value.code, str(caught.value).isprintable()) == (code, True)


@mirroring
@pytest.mark.parametrize("start", [0, 3, 7])
def test_client_uploads_what_is_missing(
    server: WitnessServer, client: WitnessClient, start: int
) -> None:
    """Wherever it starts, the client uploads the hashes the witness has not."""
    client.mirrored(lambda at: LOG.upload(at, 7) if at < 7 else None, start=0)
    client.mirrored(lambda at: LOG.upload(at, 20) if at < 20 else None, start=start)
    with server.witness.states.locked(ORIGIN) as state:
        assert state.mirror.size == 20


@mirroring
def test_unfinished_uploads_are_forgotten(
    server: WitnessServer, connection: HTTPConnection
) -> None:
    """An upload that breaks off leaves nothing, and does not keep others from theirs."""
    body = LOG.upload(0, 20)
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as raw:
        head = b"POST /add-hashes HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
        raw.sendall(head + body[:-40])
        raw.shutdown(socket.SHUT_WR)
        assert b" 422 " in raw.recv(4096).split(b"\r\n", 1)[0]
    assert post(connection, body, "/add-hashes") == 200


@mirroring
def test_upload_of_another_length_is_not_read(connection: HTTPConnection) -> None:
    """A length that does not go with the checkpoint is refused after the head."""
    assert post(connection, LOG.upload(0, 7) + bytes(32), "/add-hashes") == 400


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://host",
        "http://",
        "http:///x",
        "http://h:x",
        "http://h:99999",
        "http://h/?a=b",
    ],
)
def test_other_addresses_are_malformed(url: str) -> None:
    """Only http and https with a host are addresses of witnesses."""
    with pytest.raises(MalformedError):
        WitnessClient(url, timeout_seconds=1)


def test_silence_is_told() -> None:
    """Where nobody listens the error names the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = WitnessClient(url, timeout_seconds=1)
        with pytest.raises(LedgerError, match="does not answer"):
            client.cosigned(lambda old: b"", start=0)
        client.close()
