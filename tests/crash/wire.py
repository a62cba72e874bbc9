"""The way to the ERP without a socket: real requests, real client, real simulator; the network in between is ours."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import requests
from builders.clock import FakeClock
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import MaxRetryError, NewConnectionError

from stampli_assets.sandbox.intacct.server import Dropped

_CONTROL_IDS = re.compile(rb'<function controlid="(sa-[0-9a-f-]+)"')
AS_THE_SIMULATOR_CALLS_IT: dict[str, tuple[str, dict[str, Any]]] = {
    "late_inside": ("late_commit", {"seconds": 840}),
    "late_beyond": ("late_commit", {"seconds": 5400}),
    "internal_error_kept": ("internal_error", {"commit": True}),
    "origin_timeout_kept": ("origin_timeout", {"commit": True}),
    "truncate": ("truncate", {"at": 333}),
}
REPLY_SECONDS = 960


class InProcess(BaseAdapter):
    """Carries a request to the simulator, through whatever ``trouble`` says for it.

    Args:
        simulator: who answers.
        clock: each exchange takes a second of it.
        trouble: the fault for a request of this kind (``session``, ``read``, ``create``), or the empty text.
        arriving: called with the control ids of creates when they reach the ERP.
        meanwhile: called while a slow request is on the wire.
    """

    def __init__(
        self,
        simulator: Any,
        clock: FakeClock,
        trouble: Callable[[str], str],
        arriving: Callable[[list[str]], None],
        meanwhile: Callable[[], None],
    ) -> None:
        super().__init__()
        self._simulator = simulator
        self._clock = clock
        self._trouble = trouble
        self._arriving = arriving
        self._meanwhile = meanwhile

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        body = request.body or b""
        assert isinstance(body, bytes)
        kind = self._kind(request)
        trouble = self._trouble(kind)
        self._clock.pass_time(seconds=1)
        if trouble == "refused_connection":
            refused = NewConnectionError(None, "refused")  # type: ignore[arg-type]
            raise requests.ConnectionError(MaxRetryError(None, "/", refused))  # type: ignore[arg-type]
        if trouble == "timeout_before_commit":
            self._clock.pass_time(seconds=REPLY_SECONDS)
            raise requests.ReadTimeout
        if trouble == "slow_wire":
            self._clock.pass_time(seconds=300)
            self._meanwhile()
        if kind == "create" and trouble not in {
            "drop_before_commit",
            "rate_limit",
            "unavailable_html",
            "internal_error",
        }:
            self._arriving(self._arrives(body))
        return self._answered(request, body, trouble)

    def close(self) -> None:
        """Nothing is open."""

    def _kind(self, request: requests.PreparedRequest) -> str:
        """``session``, ``read`` or ``create``."""
        body = request.body
        assert isinstance(body, bytes)
        if b"<create>" in body:
            return "create"
        return "session" if b"<getAPISession" in body else "read"

    def _arrives(self, body: bytes) -> list[str]:
        """What the creates of a request are known by in the ledger."""
        return [found.decode() for found in _CONTROL_IDS.findall(body)]

    def _late_or(self, trouble: str, answer: requests.Response) -> requests.Response:
        if trouble == "timeout_after_commit":
            self._clock.pass_time(seconds=REPLY_SECONDS)
            raise requests.ReadTimeout
        return answer

    def _answered(self, request: requests.PreparedRequest, body: bytes, trouble: str) -> requests.Response:
        named, details = AS_THE_SIMULATOR_CALLS_IT.get(trouble, (trouble, {}))
        ours = {"", "timeout_after_commit", "slow_wire", "truncate_late"}
        if named not in ours and not named.startswith("cut at "):
            self._simulator.faults.queue(named, when="any", **details)
        try:
            status, _, content = self._simulator.answer(body)
        except Dropped:
            raise requests.ConnectionError("reset") from None
        if trouble == "truncate_late":
            content = content[:-9]
        if trouble.startswith("cut at "):
            content = content[: int(trouble.removeprefix("cut at "))]
        return self._late_or(trouble, response(request, status, content, {}))


def response(
    request: requests.PreparedRequest, status: int, content: bytes, headers: Mapping[str, str]
) -> requests.Response:
    """What requests hands to a client."""
    made = requests.Response()
    made.status_code = status
    made.headers.update({**headers, "Content-Length": str(len(content))})
    made.raw = HTTPResponse(io.BytesIO(content), status=status, preload_content=False)
    made.request = request
    made.url = request.url or ""
    made.elapsed = timedelta(seconds=1)
    return made
