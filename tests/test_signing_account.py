"""What `auditor explain` and findings tell of an image's signatures."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from auditor.evidence import Child, ImageEvidence, SignatureMaterial, Unavailable
from auditor.explain import explain
from auditor.model import Container, Owner, RunningImage, Shape, Snapshot
from auditor.policy import Policy
from auditor.reporters.explanation import render_json, render_text
from auditor.views import Views
from tests.auditing import audit
from tests.signing import DIGEST, NAME, OTHER, cosign_material
from tests.test_signatures import policy, snapshot

CHILD = f"sha256:{'c' * 64}"
STRANGE = f"sha256:{'d' * 64}"


def signed_by(found: Snapshot, rules: Policy) -> str:
    """That section, on one line."""
    explanation = explain(NAME, Views(found, rules), audit(found, rules, ["unsigned-image"]))
    sections = [" ".join(section.split()) for section in render_text(explanation, 200).split("\n\n")]
    told = [section for section in sections if section.startswith("SIGNED BY")]
    content = json.loads(render_json(explanation))["contents"][0]
    assert bool(told) == bool(content["signing"])
    return told[0] if told else ""


def test_each_entry_says_who_signed() -> None:
    found = snapshot(cosign_material("ecdsa"), cosign_material("ecdsa", OTHER))
    image = f"{NAME}@{DIGEST}"
    assert signed_by(found, policy("ecdsa", "rsa")) == " ".join(
        (
            f"SIGNED BY {image}, by signatures[0]: ecdsa.pub",
            f"cosign signature misplaced: it is the signature of {OTHER}",
            f"{image}, by signatures[1]: nobody whom the policy trusts",
            "cosign signature foreign: nobody who is trusted made it, or its payload was changed",
            f"cosign signature foreign: nobody who is trusted made it, and it names {OTHER}, which is another image",
        )
    )


def test_what_nobody_asked_is_not_unsigned() -> None:
    rules = policy("ecdsa")
    missing = Unavailable("timeout", "no answer")
    assert signed_by(snapshot(missing=missing), rules).endswith(": not known (timeout)")
    signed = signed_by(snapshot(cosign_material("ecdsa"), missing=missing), rules)
    assert signed.endswith(": ecdsa.pub (not all could be read: timeout)")
    unasked = msgspec.structs.replace(snapshot(), images=())
    assert "the registry was not asked" in signed_by(unasked, rules)
    down = msgspec.structs.replace(snapshot(), images=(ImageEvidence(NAME, digest=DIGEST, unavailable=missing),))
    assert "timeout" in signed_by(down, rules)


def test_an_image_that_the_policy_does_not_name_has_no_such_section() -> None:
    assert signed_by(snapshot(cosign_material("ecdsa")), policy("ecdsa", images="quay.io")) == ""


def running(*signatures: SignatureMaterial) -> Snapshot:
    """A pinned index; one pod runs a manifest of it, another something else."""
    runs = tuple(RunningImage("app", f"{NAME}@{digest}") for digest in (CHILD, STRANGE))
    shape = Shape("pods", (Container("app", "container", f"{NAME}@{DIGEST}"),), running=runs, pods=2)
    base = snapshot()
    index = ImageEvidence(NAME, digest=DIGEST, children=(Child(CHILD),), signatures=signatures)
    return msgspec.structs.replace(base, owners=(Owner("shop", "Deployment", "web", shapes=(shape,)),), images=(index,))


def test_a_signed_index_covers_its_manifests_and_nothing_else() -> None:
    told = signed_by(running(cosign_material("ecdsa")), policy("ecdsa"))
    assert told.endswith(f": ecdsa.pub which does not cover {STRANGE}")


def evidence(found: Snapshot, check: str) -> dict[str, Any]:
    (finding,) = audit(found, policy("ecdsa"), [check]).findings
    return dict(finding.evidence)


def test_findings_tell_which_digests_are_covered() -> None:
    moved = evidence(running(cosign_material("ecdsa"), cosign_material("ecdsa", OTHER)), "invalid-signature")
    assert (moved["covered"], moved["uncovered"]) == ([DIGEST, CHILD], [STRANGE])
    unsigned = evidence(running(), "unsigned-image")
    assert (unsigned["covered"], unsigned["uncovered"]) == ([], [DIGEST, CHILD, STRANGE])
