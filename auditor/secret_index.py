"""Who names a pull secret, and which secrets hold a key for an image: indexed once a run, asked by many checks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from auditor.coverage import Gaps
from auditor.image import DOCKER_HUB, Reference
from auditor.model import PullSecret, Shape, Snapshot
from auditor.registrykey import is_glob, matches, parse_key, serving
from auditor.subjects import ImageUse
from auditor.wire import WORKLOADS

NAMING = ("pods", *WORKLOADS, "serviceaccounts")
"""What can name a pull secret."""

_Name = tuple[str, str]
_Host = tuple[tuple[str, ...], str]
_ANY: _Host = ((), "")
_HUB_KEY = "index.docker.io"


class SecretUsers:
    """Pods, templates and service accounts by the secrets that they name."""

    def __init__(self, snapshot: Snapshot, gaps: Gaps, uses: Iterable[ImageUse]) -> None:
        self._gaps = gaps
        self._accounts = {(a.namespace, a.name): a.pull_secrets for a in snapshot.service_accounts}
        self._mountable = {(a.namespace, name) for a in snapshot.service_accounts for name in a.secrets}
        self._uses = tuple(uses)

    def pulling(self, namespace: str, name: str) -> tuple[ImageUse, ...]:
        """The image uses whose pods pull with the secret, as far as they and their service accounts were read."""
        return tuple(self._pulling.get((namespace, name), ()))

    def named(self, namespace: str, name: str) -> bool:
        """Whether anything names the secret, to pull with or to hand to a container; Unread where that is not known."""
        if (namespace, name) in self._named:
            return True
        self.require(namespace)
        return False

    def require(self, namespace: str) -> None:
        """Raises Unread unless everything in the namespace that can name a secret was read."""
        for resource in NAMING:
            self._gaps.require(resource, namespace)

    def complete(self, namespace: str) -> bool:
        return not any(self._gaps.gap(resource, namespace) for resource in NAMING)

    @cached_property
    def _pulling(self) -> dict[_Name, list[ImageUse]]:
        found: dict[_Name, list[ImageUse]] = {}
        for use in self._uses:
            names = {name for shape, _ in use.places for name in self._effective(use.namespace, shape)}
            for name in names:
                found.setdefault((use.namespace, name), []).append(use)
        return found

    def _effective(self, namespace: str, shape: Shape) -> tuple[str, ...]:
        if shape.pull_secrets or shape.source == "pods" or shape.static:
            return shape.pull_secrets
        return self._accounts.get((namespace, shape.service_account or "default"), ())

    @cached_property
    def _named(self) -> set[_Name]:
        found = {(namespace, name) for (namespace, _), names in self._accounts.items() for name in names}
        found |= self._mountable  # what builders push with is named there
        for use in self._uses:
            for shape, container in use.places:
                names = (*shape.pull_secrets, *shape.volume_secrets, *container.secrets)
                found.update((use.namespace, name) for name in names)
        return found


class RegistryKeys:
    """Auths keys and the images that they serve, wherever in the cluster: presence is proven, absence never."""

    def __init__(self, snapshot: Snapshot, uses: Iterable[ImageUse]) -> None:
        self._secrets = snapshot.secrets
        self._uses = tuple(uses)
        self._holders: dict[str, tuple[PullSecret, ...]] = {}
        self._served: dict[str, tuple[Reference, ...]] = {}

    def holders(self, image: Reference) -> tuple[PullSecret, ...]:
        """The secrets of any namespace with a credential for the image's registry that the kubelet could use."""
        if image.name not in self._holders:
            hosts = [_ANY, _host(_host_of(image))]
            if image.registry == DOCKER_HUB:  # its other key is offered to further hosts, but is not meant for them
                hosts.append(_host(_HUB_KEY))
            keys = (key for host in hosts for key in self._keys.get(host, ()) if serving([key], image))
            found = {(secret.namespace, secret.name): secret for key in keys for secret in self._keys_in[key]}
            self._holders[image.name] = tuple(found[name] for name in sorted(found))
        return self._holders[image.name]

    def served(self, key: str) -> tuple[Reference, ...]:
        """The repositories in use that the key matches by itself, each once, with some tag or digest of theirs."""
        if key not in self._served:
            parsed = parse_key(key)
            host = _host(key)
            images = (i for h, found in self._images.items() if host in (_ANY, h) for i in found)
            self._served[key] = tuple(i for i in images if parsed is not None and matches(parsed, i))
        return self._served[key]

    @cached_property
    def _keys_in(self) -> dict[str, list[PullSecret]]:
        found: dict[str, list[PullSecret]] = {}
        for secret in self._secrets:
            if not (secret.content.rejected or secret.content.unusable):
                for entry in secret.content.entries:
                    if entry.problem is None:
                        found.setdefault(entry.key, []).append(secret)
        return found

    @cached_property
    def _keys(self) -> dict[_Host, list[str]]:
        found: dict[_Host, list[str]] = {}
        for key in self._keys_in:
            found.setdefault(_host(key), []).append(key)
        return found

    @cached_property
    def _images(self) -> dict[_Host, list[Reference]]:
        references = {use.reference.name: use.reference for use in self._uses if use.reference}
        found: dict[_Host, list[Reference]] = {}
        for name in sorted(references):
            found.setdefault(_host(_host_of(references[name])), []).append(references[name])
        return found


def _host_of(image: Reference) -> str:
    return image.name.partition("/")[0]


def _host(key: str) -> _Host:
    """Labels and port, which have to be equal for a match; `_ANY` where a star stands for more, or nothing is said."""
    parsed = parse_key(key)
    return _ANY if parsed is None or is_glob(key) else (parsed.labels, parsed.port)
