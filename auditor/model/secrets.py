"""Registry secrets without what is secret in them, and the service accounts that name them."""

from __future__ import annotations

from auditor.credentials import SecretContent
from auditor.model.value import Value


class PullSecret(Value, frozen=True):
    """A registry secret, without its secrets. `made_by` names the controller that keeps it, if one does."""

    namespace: str
    name: str
    type: str
    content: SecretContent
    written_at: str | None = None
    made_by: str = ""
    origin: str = ""


class OtherSecret(Value, frozen=True):
    """A Secret that something names as a pull secret: `missing`, or of a type that the kubelet ignores."""

    namespace: str
    name: str
    type: str = ""
    missing: bool = False


class ServiceAccount(Value, frozen=True):
    """`secrets` are those that its pods may mount, and that builders push with."""

    namespace: str
    name: str
    pull_secrets: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    origin: str = ""
