"""Check: invalid-signature."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import WITH_REGISTRY, Evidence, Fail, Image, Manual, Severity, Signatures, Skip, check
from checks.supply_chain._signed import evident, judgements, part_of, require_all, require_judged


@check(
    "Image carries a signature that does not verify",
    severity=Severity.CRITICAL,
    opt_in=WITH_REGISTRY,
    references=(
        "https://docs.sigstore.dev/cosign/verifying/verify/",
        "https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md",
        "https://github.com/secure-systems-lab/dsse/blob/master/protocol.md",
    ),
    remediation="""
    Treat it as an attempt until you know better: somebody with the right to push put there what looks like a signature.
    See what it is, and who pushed it:

        cosign verify --key cosign.pub registry.example/team/app@sha256:DIGEST
        cosign tree registry.example/team/app@sha256:DIGEST

    If it is another signer's whom you trust, add the key or identity to the image's entry under `signatures:` in the
    policy file. Else stop the workloads, push the image again from a clean build, and sign it by digest.
    """,
)
def invalid_signature(image: Image, signatures: Signatures, evidence: Evidence) -> Iterator[Fail | Manual | Skip]:
    """An image that has to be signed carries a signature that does not hold: made by none of the trusted keys, over
    other bytes, or copied from another image. That is worse than none, for it is what an attacker leaves, and what a
    tool that only looks for presence lets through.

    A signature by somebody else beside one that verifies is nothing bad. One of a trusted key that was made for another
    image always is: only moving it by hand brings it there.
    """
    for found in judgements(image, signatures, evidence):
        if isinstance(found, Skip):
            yield found
            continue
        name, judgement = found
        part = part_of(image, judgement, signatures)
        moved = judgement.of("misplaced")
        bad = moved if judgement.trusted else (*moved, *judgement.of("broken", "foreign"))
        if bad:
            by = f" of {bad[0].verdict.by}" if bad[0].verdict.by else ""
            reason = f"{name} carries a signature{by} that does not verify: {bad[0].verdict.detail}."
            yield Fail(reason, part, evidence=evident(image, judgement, bad, signatures))
        elif not judgement.trusted:
            require_all(image, judgement)
            require_judged(judgement)
            unclear = judgement.of("unknown")
            if unclear:
                reason = f"{name} has a signature that cannot be judged: {unclear[0].verdict.detail}."
                yield Manual(reason, part, evident(image, judgement, unclear, signatures))
