"""The proofs of a probe, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from auditor.proof import Proof, wrong
from auditor.published import finding_to_dict
from auditor.report import Finding, Severity, Subject, identity
from auditor.reporters.cells import wrap_text
from auditor.reporters.grid import Cell, table
from auditor.reporters.json_text import document

CHECK = "enforcement-probe-differs"
SCHEMA = "auditor.probe/v1"
_REMEDIATION = (
    "Find out what decides there: the answer's message names it. Where the API server admits what should be denied, "
    "mend the policy or what it rests on; where it denies what was thought to be admitted, tell the maintainers of "
    "Auditor, or list what it may not read."
)
_LONGEST = 400


def render_table(proofs: Sequence[Proof], width: int = 80) -> str:
    """One row a question; below it the servers' messages, each once, and what differs from what was predicted."""
    messages: dict[str, int] = {}
    rows = [
        [
            proof.probe.namespace,
            f"{_kind(proof)}, {proof.probe.place}",
            proof.predicted or "not told",
            _answer(proof, messages),
        ]
        for proof in proofs
    ]
    lines = table(["namespace", "image", "predicted", "answer"], rows, width)
    if messages:
        lines.append("")
    for message, number in messages.items():
        short = message[:_LONGEST]
        lines += wrap_text(f"[{number}] {short}{'…' if short != message else ''}", width, "    ")
    differences = [proof for proof in proofs if proof.differs]
    lines += ["", f"{len(proofs)} questions, {len(differences)} answered otherwise than predicted. Nothing was kept."]
    for proof in differences:
        lines += wrap_text(f"{Severity.HIGH} {CHECK} {proof.probe.namespace}: {wrong(proof)}", width, "  ")
    return "\n".join(lines) + "\n"


def _kind(proof: Proof) -> str:
    return "forbidden" if proof.probe.forbidden else "allowed"


def _answer(proof: Proof, messages: dict[str, int]) -> Cell:
    """`messages` are those told so far with their numbers; this one's is added."""
    verdict = proof.verdict
    told = f"{verdict.outcome}{f' by {verdict.by}' if verdict.by else ''}"
    if verdict.outcome == "undecided":
        told = f"undecided: {verdict.by}"
    if verdict.message:
        told += f" [{messages.setdefault(verdict.message, len(messages) + 1)}]"
    if proof.differs:
        told += " (differs)"
    return [told, f"no difference: {proof.excuse}"] if proof.excuse else [told]


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
                "differs": proof.differs,
                "excuse": proof.excuse,
            }
            for proof in proofs
        ],
        "findings": [_finding(proof) for proof in proofs if proof.differs],
    }
    return document(plain)


def _finding(proof: Proof) -> dict[str, Any]:
    namespace, subject = proof.probe.namespace, Subject("Namespace", proof.probe.namespace)
    return finding_to_dict(
        Finding(
            id=identity(CHECK, namespace, subject, f"{_kind(proof)} {proof.probe.place}"),
            check=CHECK,
            status="fail",
            severity=Severity.HIGH,
            subject=subject,
            message=wrong(proof),
            namespace=namespace,
            evidence={
                "image": proof.probe.image,
                "place": proof.probe.place,
                "predicted": proof.predicted,
                "answer": proof.verdict.message or proof.verdict.outcome,
            },
            remediation=_REMEDIATION,
        )
    )


FORMATS: Mapping[str, Callable[[Sequence[Proof], int], str]] = {"table": render_table, "json": render_json}
