"""Check: ambiguous-image-name."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImageUse, Nodes, Severity, Skip, check, docs


@check(
    "Image name leaves the registry to the node",
    severity=Severity.LOW,
    references=(
        docs("concepts/containers/images/#image-names"),
        "https://github.com/cri-o/cri-o/blob/main/docs/crio.conf.5.md",
        "https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md",
    ),
    remediation="""
    Write the registry out. For Docker Hub, that is:

        image: docker.io/library/nginx:1.27    # instead of nginx:1.27
        image: docker.io/grafana/grafana:11.2  # instead of grafana/grafana:11.2
    """,
)
def ambiguous_image_name(image: ImageUse, nodes: Nodes | None) -> Iterator[Fail | Skip]:
    """A name without a registry is completed on the node: containerd takes Docker Hub, CRI-O walks through its own
    list of registries (unqualified-search-registries), and may refuse when more than one could serve the name.

    So the same manifest can pull from different owners on different nodes, and whoever registers the name in a
    registry that is searched earlier decides what runs. Policies that compare text miss such names too.
    """
    reference = image.reference
    if reference is None:
        yield Skip()
        return
    if reference.explicit_registry:
        return
    runtimes = sorted({node.runtime_version.partition("://")[0] for node in nodes.all()} - {""}) if nodes else []
    if "cri-o" in runtimes:
        meaning = f"CRI-O, which runs here, looks it up in its own list of registries; {image.normalised} is assumed"
    elif runtimes == ["containerd"]:
        meaning = f"containerd takes it for {image.normalised}, other runtimes may not"
    else:
        meaning = f"{image.normalised} is assumed, but the runtime of each node decides"
    yield Fail(
        f"{image.image} names no registry: {meaning}.",
        evidence={"assumed": reference.name} | ({"runtimes": runtimes} if runtimes else {}),
    )
