"""What can be said of one signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from auditor.signatures.keys import PublicKey


class Trust(Struct, frozen=True):
    """What one entry of the policy trusts: keys by the names of their files, and identities of certificates."""

    keys: Mapping[str, PublicKey] = {}
    identities: tuple[tuple[str, str], ...] = ()
    """Issuer and subject."""


class Verdict(Struct, frozen=True):
    """What a signature is worth.

    - `trusted`: `by` made it over this image.
    - `misplaced`: `by` made it, but over another image: it was copied here.
    - `foreign`: nobody who is trusted made it over these bytes. Another signer did, or the bytes were changed.
    - `broken`: it is no signature at all.
    - `unverified`: it cannot be judged here; `detail` says why.
    - `other`: it is an attestation, and claims nothing about who released the image.
    """

    state: Literal["trusted", "misplaced", "foreign", "broken", "unverified", "other"]
    detail: str = ""
    by: str = ""
