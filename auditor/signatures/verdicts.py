"""What can be said of one signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from auditor.signatures.keys import PublicKey


class Trust(Struct, frozen=True):
    """What one entry of the policy trusts: keys by the names of their files, and identities of certificates.

    An identity is an issuer and a subject, which may hold globs. `root` is the trusted_root.json that vouches for
    certificates, None for that of Sigstore's public good instance.
    """

    keys: Mapping[str, PublicKey] = {}
    identities: tuple[tuple[str, str], ...] = ()
    root: bytes | None = None


class Verdict(Struct, frozen=True):
    """What a signature is worth.

    - `trusted`: `by` made it over this image.
    - `misplaced`: `by` made it, but over another image: it was copied here.
    - `foreign`: nobody who is trusted made it over these bytes. Another signer did, or the bytes were changed.
    - `broken`: it is no signature at all.
    - `unverified`: a trusted signer may have made it, and it cannot be judged here; `detail` says why.
    - `unknown`: it is of a kind that the policy can trust nobody for. Anyone may push such a thing.
    - `other`: it is an attestation, and claims nothing about who released the image.
    """

    state: Literal["trusted", "misplaced", "foreign", "broken", "unverified", "unknown", "other"]
    detail: str = ""
    by: str = ""
