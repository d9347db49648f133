"""The log's side of a witness over HTTP: send a checkpoint, hear of its cosignature."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from ledger.errors import ConflictError, IntegrityFailure, LedgerError, MalformedError
from ledger.witness import TREE_SIZE

__all__ = ["WitnessClient"]

_MAX_ANSWER_BYTES = 1 << 16
_ATTEMPTS = 4


class WitnessClient:
    """One connection to a witness at a submission prefix; closed by the caller."""

    def __init__(self, url: str, *, timeout_seconds: int) -> None:
        parts = urlsplit(url)
        kinds = {"http": HTTPConnection, "https": HTTPSConnection}
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in kinds or not parts.hostname or parts.query or port == -1:
            raise MalformedError(
                "{url} is no address of a witness: write http://HOST:PORT or https://HOST/PATH",
                url=url,
            )
        self.url = url
        self._prefix = parts.path.rstrip("/")
        self._connection = kinds[parts.scheme](parts.hostname, port, timeout=timeout_seconds)

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    def cosigned(self, request_from: Callable[[int], bytes], *, start: int) -> bytes:
        """Return the witness's answer to the request that begins where the witness is.

        `request_from` makes the request from an old size; `start` is the first to try. Raises
        IntegrityFailure where the witness contradicts the log.
        """
        for _ in range(_ATTEMPTS):
            answer = self._post("/add-checkpoint", request_from(start))
            known = self._size(answer)
            if known is None:
                break
            start = known  # the guess was wrong, or somebody else was there meanwhile
        return self._accepted(answer)

    def mirrored(self, upload_from: Callable[[int], bytes | None], *, start: int) -> None:
        """Upload leaf hashes from the number the witness has, until `upload_from` has none."""
        for _ in range(_ATTEMPTS):
            body = upload_from(start)
            if body is None:
                return
            answer = self._post("/add-hashes", body)
            known = self._size(answer)
            if known is None:
                break
            start = known
        self._accepted(answer)

    def _post(self, path: str, body: bytes) -> tuple[int, str, bytes]:
        try:
            self._connection.request("POST", self._prefix + path, body)
            response: HTTPResponse = self._connection.getresponse()
            content = response.read(_MAX_ANSWER_BYTES + 1)
        except (OSError, HTTPException) as error:
            self._connection.close()
            raise LedgerError(
                "the witness at {url} does not answer ({reason})",
                url=self.url,
                reason=str(error) or type(error).__name__,
            ) from None
        if len(content) > _MAX_ANSWER_BYTES:
            self._connection.close()
            raise LedgerError("the witness at {url} says too much", url=self.url)
        return response.status, response.headers.get_content_type(), content

    def _size(self, answer: tuple[int, str, bytes]) -> int | None:
        """The size of a conflict of sizes."""
        status, kind, content = answer
        if status != 409 or kind != TREE_SIZE:
            return None
        number = content.removesuffix(b"\n")
        if not number.isdigit() or len(number) > 18:
            raise LedgerError("the witness at {url} answers no size", url=self.url)
        return int(number)

    def _accepted(self, answer: tuple[int, str, bytes]) -> bytes:
        status, _, content = answer
        if status == 200:
            return content
        if self._size(answer) is not None:
            raise ConflictError(
                "the witness at {url} is asked by others at the same time: try again", url=self.url
            )
        if status == 428:
            raise ConflictError("this witness mirrors: send it the hashes too, with --hashes")
        said = content[:300].decode("utf-8", "replace").strip()
        # It must not be able to write to the terminal.
        reason = "".join(sign if sign.isprintable() else "?" for sign in said)
        # Both mean that the witness saw another history than the one that was sent.
        if status in (409, 422):
            raise IntegrityFailure(
                "the witness at {url} refuses ({status}): {reason}",
                url=self.url,
                status=status,
                reason=reason,
            )
        raise LedgerError(
            "the witness at {url} refuses ({status}): {reason}",
            url=self.url,
            status=status,
            reason=reason,
        )
