"""The pull secrets that a workload's pods name, what is stored before what has to be emulated."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Credentials, Owner

_STORED = {"template": "Its pod template", "pods": "A pod of it"}


def named_secrets(owner: Owner, credentials: Credentials) -> Iterator[tuple[str, str]]:
    """(where, name) of each name once. `where` begins a sentence: who names it.

    What pods and templates store needs no service account to be read, so it comes first: what it proves is said even
    where the rest cannot be known.
    """
    told: set[str] = set()
    for shape in sorted(owner.shapes, key=lambda shape: credentials.inherited(owner, shape)):
        if credentials.inherited(owner, shape):
            where = f"Service account {shape.service_account or 'default'}, whose list its pods get,"
        else:
            where = "The pod" if owner.kind == "Pod" else _STORED[shape.source]
        for name in credentials.effective(owner, shape):
            if name not in told:
                told.add(name)
                yield where, name
