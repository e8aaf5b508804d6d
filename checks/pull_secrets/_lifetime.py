"""Until when a registry credential is good: as its token states it, or by the kind of credential that it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from auditor import AuthEntry, PullSecret

LIFETIMES = {
    "aws": ("an Amazon ECR token", timedelta(hours=12)),
    "oauth2accesstoken": ("a Google access token", timedelta(hours=1)),
}
"""Kinds of credentials that their providers let live for hours: what they are, and how long."""


def is_short_lived(entry: AuthEntry) -> bool:
    """Whether the credential states its end or is of a kind that has one."""
    return entry.expires_at is not None or entry.kind in LIFETIMES


def expiry(secret: PullSecret, entry: AuthEntry) -> datetime | None:
    """When a short-lived credential ends, at the latest: it is no younger than the secret's data. None: not known."""
    if entry.expires_at is not None:
        return moment(entry.expires_at)
    written = moment(secret.written_at)
    return written + LIFETIMES[entry.kind][1] if written else None


def moment(text: str | None) -> datetime | None:
    """A time of the API (RFC 3339), None where there is none or it is not one."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
