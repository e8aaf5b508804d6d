"""Whether the pods of an image use have a credential for it, and if not, why."""

from __future__ import annotations

from msgspec import Struct

from auditor import Credentials, ImageUse, Reference, Served, Shape


class Uncovered(Struct, frozen=True):
    """Pods, or a template that pods are made from, without a credential. `reason` ends a sentence."""

    source: str
    names: tuple[str, ...]
    reason: str


def uncovered(image: ImageUse, reference: Reference, credentials: Credentials) -> tuple[list[Uncovered], int]:
    """The places of the image without a credential, and how many kinds of pods have one.

    An entry that matches and holds nothing is no credential: the runtime then pulls anonymously. What is stored comes
    first, and if that lacks one, what has to be emulated is not asked for: it may not have been read.
    """
    found: dict[Uncovered, None] = {}
    covered_pods = 0
    for shape, _ in sorted(image.places, key=lambda place: credentials.inherited(image.owner, place[0])):
        if found and credentials.inherited(image.owner, shape):
            break
        names = credentials.effective(image.owner, shape)
        served = credentials.serving(image.namespace, names, reference)
        if any(each.entry.problem is None for each in served):
            covered_pods += shape.source == "pods"
            continue
        found[Uncovered(shape.source, names, _reason(image, shape, names, served, credentials))] = None
    return list(found), covered_pods


def _reason(
    image: ImageUse, shape: Shape, names: tuple[str, ...], served: tuple[Served, ...], credentials: Credentials
) -> str:
    listed = ", ".join(dict.fromkeys(name for name in names if name))
    if not listed:
        account = f" and service account {shape.service_account or 'default'} gives none"
        inherits = credentials.inherited(image.owner, shape)
        return f"its pod template lists no pull secret{account}" if inherits else "its pods have no pull secret"
    secrets = credentials.secrets(image.namespace, names)
    if not secrets:
        return f"its pull secrets ({listed}) are missing or no registry secrets"
    rejected = [secret.name for secret in secrets if secret.content.rejected]
    if rejected:
        return f"its pull secret {rejected[0]} is malformed, which disables all of them ({listed})"
    if served:
        return (
            f"the key that matches, in its pull secret {served[0].secret.name}, is of no use: {served[0].entry.problem}"
        )
    return f"none of its pull secrets ({listed}) has a key that matches"
