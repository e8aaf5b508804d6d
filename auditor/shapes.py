"""Pod specs to Shapes: what of a pod or template is kept, and what makes two pods alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from auditor import wire
from auditor.model import Container, DebugContainer, Role, Shape, WaitingImage

_REVISION_LABELS = ("pod-template-hash", "rollouts-pod-template-hash", "controller-revision-hash")
_OS_LABELS = ("kubernetes.io/os", "beta.kubernetes.io/os")
_MESSAGE_LIMIT = 512
# What annotations' keys must hold to be forwarded (k8s plugin/pkg/admission/imagepolicy/admission.go).
_FORWARDED = ".image-policy.k8s.io/"
# Flags of kube-image-bouncer and its kin.
_ALLOWLISTS = ("registry-whitelist", "registry-allowlist")
_MARKS = tuple(name.encode() for name in _ALLOWLISTS)
_CERTIFICATES = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"']+", re.IGNORECASE)
_URL_SECRETS = re.compile(r"(?<=://)[^/@]*@|[?#].*")  # user information, query, fragment


def shape_of(spec: wire.PodSpec, metadata: wire.Metadata, *, admitted: bool, static: bool = False) -> Shape:
    """The shape of a template, or of a pod that was `admitted` (has a uid: it shows what injection made of it)."""
    labels = metadata.labels or {}
    mounted = [(volume.name or "", names) for volume in spec.volumes or () if (names := _volume_secrets(volume))]
    return Shape(
        source="pods" if admitted else "template",
        containers=tuple(_containers(spec, dict(mounted))),
        service_account=spec.service_account_name or spec.service_account or "",
        pull_secrets=tuple(ref.name or "" for ref in spec.image_pull_secrets or ()),
        volume_secrets=tuple(sorted({name for _, names in mounted for name in names})) if mounted else (),
        configmaps=_configmaps(spec),
        revision=next((labels[key] or "" for key in _REVISION_LABELS if key in labels), "") if admitted else "",
        os=_os(spec),
        host_users=spec.host_users is not False,
        static=static,
        review_annotations=wire.annotation_keys(metadata, _FORWARDED),
    )


def _allowlist(container: wire.Container) -> tuple[str, ...]:
    """What a command line says that an image policy's backend allows. Others are hardly decoded: only if the flag's
    name is somewhere in them."""
    entries: list[str] = []
    for field in (container.command, container.args):
        if wire.holds(field, *_MARKS):
            try:
                words = iter(wire.words(field))
            except msgspec.MsgspecError:
                continue
            for word in words:
                name, equals, value = word.lstrip("-").partition("=")
                if word.startswith("-") and name in _ALLOWLISTS:
                    entries += (value if equals else next(words, "")).split(",")
    return tuple(dict.fromkeys(entry.strip() for entry in entries if entry.strip()))


def _os(spec: wire.PodSpec) -> str:
    if spec.os and spec.os.name:
        return spec.os.name
    selector = spec.node_selector or {}
    return next((selector[key] or "" for key in _OS_LABELS if key in selector), "")


def _containers(spec: wire.PodSpec, mounted: dict[str, tuple[str, ...]]) -> Iterator[Container]:
    pod = spec.security_context
    for container in spec.init_containers or ():
        yield _container(container, "sidecar" if container.restart_policy == "Always" else "init", pod, mounted)
    for container in spec.containers or ():
        yield _container(container, "container", pod, mounted)
    for container in spec.ephemeral_containers or ():
        yield _container(container, "ephemeral", pod, mounted)
    for volume in spec.volumes or ():
        if volume.image and volume.image.reference:
            yield Container(
                f"volume:{volume.name or ''}", "volume", volume.image.reference, volume.image.pull_policy or ""
            )


def _container(
    container: wire.Container,
    role: Role,
    pod: wire.SecurityContext | None,
    mounted: dict[str, tuple[str, ...]],
) -> Container:
    user = non_root = None
    for context in (container.security_context, pod):
        if context is not None:
            user = context.run_as_user if user is None else user
            non_root = context.run_as_non_root if non_root is None else non_root
    return Container(
        container.name or "",
        role,
        container.image or "",
        container.image_pull_policy or "",
        user,
        non_root,
        _secrets_of(container, mounted),
        _allowlist(container),
    )


def _configmaps(spec: wire.PodSpec) -> tuple[str, ...]:
    """The ConfigMaps of volumes that containers mount. Every pod has the cluster's certificates: those say nothing."""
    names: set[str] = set()
    containers = (*(spec.containers or ()), *(spec.init_containers or ()))
    mounted = {mount.name or "" for container in containers for mount in container.volume_mounts or ()}
    for volume in spec.volumes or ():
        if (volume.name or "") not in mounted:
            continue
        if volume.config_map and volume.config_map.name:
            names.add(volume.config_map.name)
        elif volume.projected:
            names.update(
                s.config_map.name for s in volume.projected.sources or () if s.config_map and s.config_map.name
            )
    return tuple(sorted(names - _CERTIFICATES)) if names else ()


def _volume_secrets(volume: wire.Volume) -> tuple[str, ...]:
    if volume.csi and volume.csi.node_publish_secret_ref:
        return (volume.csi.node_publish_secret_ref.name,) if volume.csi.node_publish_secret_ref.name else ()
    if volume.secret:
        return (volume.secret.secret_name,) if volume.secret.secret_name else ()
    if volume.projected:
        return tuple(s.secret.name for s in volume.projected.sources or () if s.secret and s.secret.name)
    return ()


def _secrets_of(container: wire.Container, mounted: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    names = [
        env.value_from.secret_key_ref.name
        for env in container.env or ()
        if env.value_from and env.value_from.secret_key_ref
    ]
    names += [source.secret_ref.name for source in container.env_from or () if source.secret_ref]
    if mounted:
        for mount in container.volume_mounts or ():
            names += mounted.get(mount.name or "", ())
    return tuple(sorted({name for name in names if name})) if names else ()


def _statuses(pod: wire.Pod) -> Iterator[wire.ContainerStatus]:
    if pod.status:
        yield from pod.status.init_container_statuses or ()
        yield from pod.status.container_statuses or ()
        yield from pod.status.ephemeral_container_statuses or ()


def running_of(pod: wire.Pod) -> tuple[tuple[str, str], ...]:
    """(container, imageID) of each container that runs now and says which image it runs."""
    return tuple(
        (status.name or "", status.image_id)
        for status in _statuses(pod)
        if status.image_id and status.state and status.state.running
    )


def waiting_of(pod: wire.Pod) -> Iterator[WaitingImage]:
    for status in _statuses(pod):
        waiting = status.state.waiting if status.state else None
        if waiting and waiting.reason:
            yield WaitingImage(status.name or "", waiting.reason, _told(waiting.message or ""))


def _told(message: str) -> str:
    """A runtime's message, without what a URL in it may hold that is secret."""
    return _URL.sub(lambda url: _URL_SECRETS.sub("", url[0]), message)[:_MESSAGE_LIMIT]


def debug_of(pod: wire.Pod) -> Iterator[DebugContainer]:
    """The ephemeral containers of a pod; the API records only which program wrote them, not which person."""
    if not (pod.spec and pod.spec.ephemeral_containers and pod.metadata):
        return
    statuses = (pod.status.ephemeral_container_statuses if pod.status else None) or ()
    started = {
        status.name or "": status.state.running.started_at or ""
        for status in statuses
        if status.state and status.state.running
    }
    writers = [m for m in pod.metadata.managed_fields or () if m.subresource == "ephemeralcontainers"]
    writer = max(writers, key=lambda m: m.time or "", default=None)
    for container in pod.spec.ephemeral_containers:
        yield DebugContainer(
            container.name or "",
            pod.metadata.name or pod.metadata.generate_name or "",
            started.get(container.name or "", ""),
            (writer.manager or "") if writer else "",
        )
