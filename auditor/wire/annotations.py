"""What annotations' keys say; their values are not decoded."""

from __future__ import annotations

import msgspec
from msgspec import Raw, field

from auditor.wire.decoding import decode_object
from auditor.wire.envelope import fields, text
from auditor.wire.fields import NOTHING, Wire, holds, present
from auditor.wire.metadata import Metadata

_THERE = Raw(b'""')
_KEY = 1


class Annotations(Wire, rename=None):
    """Annotations whose presence says something. Metadata holds all of them undecoded: see `known_annotations`."""

    mirror: Raw = field(default=NOTHING, name="kubernetes.io/config.mirror")
    service_account: Raw = field(default=NOTHING, name="kubernetes.io/service-account.name")
    openshift_service_account: Raw = field(
        default=NOTHING, name="openshift.io/internal-registry-auth-token.service-account"
    )
    openshift_token_secret: Raw = field(default=NOTHING, name="openshift.io/token-secret.name")


_NAMES = {known.encode_name: known.name for known in msgspec.structs.fields(Annotations)}


def known_annotations(metadata: Metadata) -> Annotations:
    """The annotations that say something by being there; none where they are malformed."""
    found = metadata.annotations
    if not isinstance(found, Raw):
        return Annotations(**{_NAMES[key]: _THERE for key in map(_key, found) if key in _NAMES})
    if not present(found):
        return Annotations()
    try:
        return decode_object(Annotations, found)
    except msgspec.MsgspecError:
        return Annotations()


def annotation_keys(metadata: Metadata, part: str) -> tuple[str, ...]:
    """The keys that hold a text, in order. It is looked for in the bytes first, since hardly any object has such."""
    found = metadata.annotations
    if not holds(found, part.encode()):
        return ()
    try:
        keys = msgspec.json.decode(found, type=dict[str, Raw]) if isinstance(found, Raw) else set(map(_key, found))
    except msgspec.MsgspecError:
        return ()
    return tuple(sorted(key for key in keys if part in key))


def _key(entry: bytes) -> str:
    """Of a map's entry in protobuf."""
    return next((text(value) for number, value in fields(memoryview(entry)) if number == _KEY), "")
