"""The files that a policy names: read once, beside the policy, so that all that judges by them is pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG

import msgspec

from auditor.errors import PolicyError
from auditor.escape import escape
from auditor.policy import Policy
from auditor.scans.exploits import read_epss, read_kev
from auditor.signatures.keyless import check_root

_LARGEST = 64 << 20  # bytes: the whole of EPSS is 10 MB


def with_files(policy: Policy, folder: Path) -> Policy:
    """The policy with the content of the files that it names, relative to `folder`, the policy file's own.

    PolicyError with a line for each that cannot be read, or does not hold what it is named for: a public key, a
    trust root, a catalogue, scores.
    """
    found: dict[str, bytes] = {}
    faults: list[str] = []
    for key, name in _named(policy):
        try:
            found[name] = data = found[name] if name in found else _read(folder / name)
            if key.endswith("trustRoot"):
                check_root(data)
            elif key.startswith("signatures"):
                _check_key(data)
            elif key.endswith("kev"):
                read_kev(data)
            else:
                read_epss(data)
        except OSError as error:
            faults.append(f"{policy.path}: {key}: {name}: {error.strerror or 'cannot be read'}")
        except ValueError as error:
            faults.append(f"{policy.path}: {key}: {name} {error}")
    if faults:
        raise PolicyError(
            "\n".join(map(escape, faults)), "Paths in a policy are relative to the folder of the policy file."
        )
    return msgspec.structs.replace(policy, files=found) if found else policy


def _check_key(data: bytes) -> None:
    from auditor.signatures.keys import load_key  # cryptography: where there is a key

    load_key(data)


def _named(policy: Policy) -> Iterator[tuple[str, str]]:
    """Where a file is named in the policy, and its name."""
    for number, entry in enumerate(policy.signatures):
        for index, name in enumerate(entry.keys):
            yield f"signatures[{number}].keys[{index}]", name
        if entry.trust_root is not None:
            yield f"signatures[{number}].trustRoot", entry.trust_root
    for key in ("kev", "epss"):
        name = getattr(policy.vulnerabilities, key)
        if name is not None:
            yield f"vulnerabilities.{key}", name


def _read(path: Path) -> bytes:
    """A regular file's content, within bounds; OSError, ValueError."""
    if not S_ISREG(path.stat().st_mode):
        raise ValueError("is no file")
    with path.open("rb") as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"holds more than {_LARGEST >> 20} MiB")
    return data
