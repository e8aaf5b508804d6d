"""Signatures made with a short-lived certificate: who made them, and whether the policy trusts them.

The package sigstore verifies them, offline: the certificate's chain and its entry in the certificate log, the entry in
the transparency log, the time, and the signature itself.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.signatures.identities import matches
from auditor.signatures.verdicts import Trust, Verdict

if TYPE_CHECKING:
    from auditor.signatures.attested import Root
    from auditor.signatures.certificates import Signer

PACKAGE = "auditor[keyless]"
_ROOT = "application/vnd.dev.sigstore.trustedroot"


class Content(Struct, frozen=True):
    """What a bundle has to be over: the payload of its own envelope, or bytes with this SHA-256."""

    payload: bytes = b""
    sha256: bytes = b""


def judge(bundle: bytes, content: Content, trust: Trust) -> Verdict:
    """Judges a bundle by the identities that are trusted. Which image the content is about is left to the caller."""
    if not trust.identities:
        return Verdict("foreign", "it was made with a certificate, and the policy trusts keys alone for this image")
    try:
        from auditor.signatures.attested import examine
    except ImportError:
        return Verdict("unverified", f"it was made with a certificate, and judging that takes `{PACKAGE}`")
    try:
        root = _root(trust.root)
    except ValueError as error:
        return Verdict("unverified", f"the trust root {error}")
    found = examine(bundle, content, root)
    by = _trusted(found.signer, trust) if found.signer else None
    if found.signer and by is None:
        return Verdict("foreign", f"{_named(found.signer)} made it, whom the policy does not trust for this image")
    match found.outcome:
        case "verified" if by:
            return Verdict("trusted", "", by)
        case "malformed":
            return Verdict("broken", found.reason)
        case "unknown":
            return Verdict("unverified", found.reason)
        case _ if by:
            return Verdict("foreign", f"it bears a certificate of {by}, but does not verify: {found.reason}")
        case _:
            return Verdict("foreign", f"the trust root does not vouch for it: {found.reason}")


def check_root(data: bytes) -> None:
    """ValueError says why a trust root cannot be used; quotes nothing of it."""
    try:
        media = json.loads(data)["mediaType"]
    except (ValueError, KeyError, TypeError, RecursionError):
        media = ""
    if not isinstance(media, str) or not media.startswith(_ROOT):
        raise ValueError("is no trusted root of Sigstore (trusted_root.json)")
    try:
        _root(data)
    except ImportError:
        return  # every signature made with a certificate will say that the package is missing


@cache
def _root(data: bytes | None) -> Root:
    from auditor.signatures.attested import Root

    return Root(data)


def _trusted(signer: Signer, trust: Trust) -> str | None:
    """Which of a signer's names the policy trusts."""
    for issuer, pattern in trust.identities:
        for subject in signer.subjects:
            if issuer == signer.issuer and matches(pattern, subject):
                return f"{subject} ({issuer})"
    return None


def _named(signer: Signer) -> str:
    return f"{', '.join(signer.subjects)[:200] or 'nobody'} ({signer.issuer[:200]})"
