"""Check: malformed-image-reference."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImageUse, Severity, check, docs

_SHOWN = 200


@check(
    "Image reference is malformed",
    severity=Severity.HIGH,
    references=(
        "https://github.com/distribution/reference/blob/main/reference.go",
        docs("concepts/containers/images/#image-names"),
    ),
    remediation="""
    Write the reference as `[registry[:port]/]path[:tag][@sha256:<64 lower-case hexadecimal digits>]`: the path in
    lower case, no scheme, no white space, nothing after the digest, and no placeholder that a template engine should
    have filled in. `kubectl get pod POD -o yaml` shows what was stored.
    """,
)
def malformed_image_reference(image: ImageUse) -> Iterator[Fail]:
    """The API server stores any text as an image; only the kubelet parses it, and then refuses with InvalidImageName.

    Such a workload does not start, or keeps its old pods until the day when they are rescheduled. Worse, what does not
    parse cannot be judged: policies that compare prefixes may wave through what no check of this audit can place.
    """
    if image.reference is None:
        shown = image.image if len(image.image) <= _SHOWN else f"{image.image[:_SHOWN]}…"
        yield Fail(
            f'The image "{shown}" is not an image reference: it {image.malformed}.',
            evidence={"reason": image.malformed},
        )
