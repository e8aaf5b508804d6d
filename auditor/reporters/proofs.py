"""The proofs of a probe, for a person and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from auditor.escape import escape, escape_json
from auditor.probe import Proof, wrong
from auditor.report import Severity, Subject, identity
from auditor.reporters.grid import table

CHECK = "enforcement-probe-differs"
SCHEMA = "auditor.probe/v1"


def render_table(proofs: Sequence[Proof], width: int = 80) -> str:
    """One row a question, then what differs from what was predicted."""
    rows = [
        [
            proof.probe.namespace or "-",
            f"{'forbidden' if proof.probe.forbidden else 'allowed'} image, {proof.probe.place}",
            proof.predicted or "not told",
            _answer(proof),
        ]
        for proof in proofs
    ]
    lines = list(
        table(["namespace", "asked", "predicted", "answer"], [[escape(cell) for cell in row] for row in rows], width)
    )
    differences = [proof for proof in proofs if proof.differs]
    lines += ["", f"{len(proofs)} dry runs, {len(differences)} answered otherwise than predicted. Nothing was kept."]
    lines += [escape(f"- {proof.probe.namespace}: {wrong(proof)}") for proof in differences]
    return "\n".join(lines) + "\n"


def _answer(proof: Proof) -> str:
    verdict = proof.verdict
    return f"{verdict.outcome}{f' by {verdict.by}' if verdict.by else ''}{' (differs)' if proof.differs else ''}"


def render_json(proofs: Sequence[Proof], width: int = 80) -> str:
    """The proofs, and the differences as findings. `width` is of no use to it."""
    plain = {
        "schema": SCHEMA,
        "probes": [
            {
                "namespace": proof.probe.namespace,
                "place": proof.probe.place,
                "image": proof.probe.image,
                "forbidden": proof.probe.forbidden,
                "predicted": proof.predicted,
                "outcome": proof.verdict.outcome,
                "by": proof.verdict.by,
                "message": proof.verdict.message,
            }
            for proof in proofs
        ],
        "findings": [_finding(proof) for proof in proofs if proof.differs],
    }
    return escape_json(json.dumps(plain, indent=2, ensure_ascii=False)) + "\n"


def _finding(proof: Proof) -> dict[str, object]:
    namespace = proof.probe.namespace
    part = f"{'forbidden' if proof.probe.forbidden else 'allowed'} {proof.probe.place}"
    return {
        "id": identity(CHECK, namespace, Subject("Namespace", namespace), part),
        "check": CHECK,
        "status": "fail",
        "severity": str(Severity.HIGH),
        "namespace": namespace,
        "subject": {"kind": "Namespace", "name": namespace},
        "message": wrong(proof),
        "evidence": {"image": proof.probe.image, "place": proof.probe.place, "answer": proof.verdict.message},
    }


FORMATS: Mapping[str, Callable[[Sequence[Proof], int], str]] = {"table": render_table, "json": render_json}
