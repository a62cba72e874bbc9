"""Our clock beside a server's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from stampli_assets.model.probing import Seen

FAR_APART = timedelta(minutes=2)


def compared(theirs: datetime | None, ours: datetime, who: str) -> Seen:
    """How far the clocks are apart; beyond two minutes with a remedy."""
    if theirs is None:
        return Seen(f"{who} does not tell its time.", untried=True)
    seconds = round((theirs - ours).total_seconds())
    told = f"{who}'s clock is {abs(seconds)} seconds {'behind' if seconds < 0 else 'ahead of'} ours"
    if abs(theirs - ours) <= FAR_APART:
        return Seen(f"{told}.")
    return Seen(
        f"{told} ({theirs:%Y-%m-%d %H:%M:%S} there, {ours:%Y-%m-%d %H:%M:%S} here, UTC).",
        remedy="Set this machine's clock by a time server (NTP); if ours is right, tell whoever runs the other one. Signed "
        "tokens and posting dates depend on it.",
    )


def of_header(text: str) -> datetime | None:
    """The moment of a ``Date`` header."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
