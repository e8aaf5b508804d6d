"""Check: unsigned-image."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import WITH_REGISTRY, Evidence, Fail, Image, Severity, Signatures, Skip, check
from checks.supply_chain._signed import evident, judgements, part_of, require_all, require_judged


@check(
    "Image is not signed by anyone whom the policy trusts",
    severity=Severity.HIGH,
    opt_in=WITH_REGISTRY,
    references=(
        "https://docs.sigstore.dev/cosign/signing/signing_with_containers/",
        "https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md",
        "https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers",
    ),
    remediation="""
    Find out where the image comes from before you sign it: a signature says that you did. Then sign what you looked at,
    by its digest, index and platforms together:

        cosign sign --recursive --key cosign.key registry.example/team/app@sha256:DIGEST

    Better, have the pipeline sign what it pushes. An image of somebody else's that is to be trusted gets an entry of
    its own under `signatures:` in the policy file, with that signer's key or identity.
    """,
)
def unsigned_image(image: Image, signatures: Signatures, evidence: Evidence) -> Iterator[Fail | Skip]:
    """Whoever can push to a repository decides what runs under its names. A signature ties the content to the one who
    released it, whatever the registry does.

    The policy says which images have to be signed, and by whom; each of its entries about an image has to be met, by
    one of its keys or identities. Looked for in cosign's tag beside the image and among its referrers, for its own
    digest and for indexes that list it; of a tag that is followed, also for what it names now. Images of which the
    policy says nothing get no verdict. A signature of the Notary Project is not verified, so it makes no image signed.
    """
    for found in judgements(image, signatures, evidence):
        if isinstance(found, Skip):
            yield found
            continue
        name, judgement = found
        if judgement.trusted:
            continue
        require_all(image, judgement)
        require_judged(judgement)
        many = len(judgement.signatures)
        carries = f"carries {many} signature{'s' if many > 1 else ''}, none of it by" if many else "has no signature by"
        also = next((f" Beside it: {judged.verdict.detail}." for judged in judgement.of("unknown")), "")
        yield Fail(
            f"{name} {carries} a key or identity that the policy trusts for it.{also}",
            part_of(image, judgement, signatures),
            evidence=evident(image, judgement, judgement.signatures, signatures),
        )
