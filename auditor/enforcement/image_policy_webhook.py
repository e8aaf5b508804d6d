"""ImagePolicyWebhook: the admission plugin that asks a backend about the images of every pod.

It handles CREATE and UPDATE of pods and of pods/ephemeralcontainers in every namespace, and looks at containers, init
and ephemeral containers (k8s plugin/pkg/admission/imagepolicy/admission.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from auditor.check import About
from auditor.coverage import Unread
from auditor.enforcement.chain import Fact, Flaw, Goal, ImagePolicy, Link, State
from auditor.enforcement.world import World
from auditor.hostfacts import Backend, ServerFiles
from auditor.model import ControlPlanePod
from auditor.plugins import admission_plugins, last_value
from auditor.report import Subject
from auditor.webhook_backend import Place, out_of_date, places, reached_for_sure

MECHANISM = "ImagePolicyWebhook"
RESOURCES: tuple[str, ...] = ()
"""None that it cannot do without: an API server that is not to be seen says nothing for or against it."""

_CONFIG_FLAG = "admission-control-config-file"
_READ = (
    Link("operations", "holds", "it is asked when pods are created and updated", essential=False),
    Link("ephemeral containers", "holds", "it is asked about pods/ephemeralcontainers", essential=False),
    Link("init containers", "holds", "their images are in its question", essential=False),
    Link("image volumes", "broken", "images of volumes are not in its question", essential=False),
    Link(
        "exemptions",
        "unknown",
        "annotations of a pod with .image-policy.k8s.io/ in their key reach the backend, which may heed them",
        essential=False,
    ),
)
_VOLUMES = Fact(
    Flaw.PARTIAL, "ImagePolicyWebhook does not ask about image volumes: any image can be mounted.", part="image volumes"
)


def image_policies(world: World) -> Iterator[ImagePolicy]:
    """The policy that it is, if a server has it enabled or configured.

    Where it fails closed and asks a backend outside of what is seen, no pod starts unless that backend allows its
    images: this counts as enforcing registries, by whatever rule the backend has, and says nothing of other goals.
    """
    found = next(_policies(world), None)
    if found is None:
        return
    links = [_trusted(world, link) for link in found.links]
    if links == list(found.links):
        yield found
        return
    rule = Link("rule", "unknown", "by what rule its backend allows images cannot be seen", essential=False)
    yield structs.replace(found, goals=frozenset({Goal.REGISTRIES}), links=(*links, rule))
    yield structs.replace(found, goals=found.goals - {Goal.REGISTRIES}, facts=())


def _trusted(world: World, link: Link) -> Link:
    """The link of a backend that cannot be seen: it holds if every server refuses what the backend does not allow."""
    servers = [pod for pod in world.apiservers if admission_plugins(pod.flags).enabled(MECHANISM)]
    if link.name != "backend" or link.state != "unknown" or not all(_opaque(world, pod) for pod in servers):
        return link
    return Link(link.name, "holds", "a pod starts only if the backend allows its images")


def _opaque(world: World, pod: ControlPlanePod) -> bool:
    facts = _facts(world, pod)
    if facts is None or facts.backend is None or facts.settings is None or facts.settings.default_allow is not False:
        return False
    return not places(facts.backend, world.snapshot.services)


def _policies(world: World) -> Iterator[ImagePolicy]:
    servers = [(pod, _facts(world, pod)) for pod in world.apiservers]
    on = [pod for pod, _ in servers if admission_plugins(pod.flags).enabled(MECHANISM)]
    if not on and not any(facts and facts.configured for _, facts in servers):
        return
    links = [_enabled(servers)]
    facts = []
    if on:
        running = [(pod, found) for pod, found in servers if pod in on]
        links += [_worst(_configuration(pod, found) for pod, found in running)]
        links += [_worst(_backend(world, pod, found) for pod, found in running)]
        links += [_worst(_failure(pod, found) for pod, found in running)]
        links += _READ
        facts = [_VOLUMES]
        open_on = [pod.name for pod, found in running if found and found.settings and found.settings.default_allow]
        if open_on:
            message = f"ImagePolicyWebhook lets pods in when its backend fails (defaultAllow on {', '.join(open_on)})."
            facts.append(Fact(Flaw.FAIL_OPEN, message))
    yield ImagePolicy(
        mechanism=MECHANISM,
        about=About(None, Subject("APIServer", "kube-apiserver")),
        goals=frozenset(Goal),
        links=tuple(links),
        facts=tuple(facts),
        origin=world.apiservers[0].origin,
    )


def _facts(world: World, pod: ControlPlanePod) -> ServerFiles | None:
    return world.snapshot.host.of(pod.name) if world.snapshot.host else None


def _enabled(servers: list[tuple[ControlPlanePod, ServerFiles | None]]) -> Link:
    off = [pod.name for pod, _ in servers if not admission_plugins(pod.flags).enabled(MECHANISM)]
    if off:
        return Link("plugin", "broken", f"the plugin is not enabled on {', '.join(off)}")
    return Link("plugin", "holds", "the plugin is enabled on every API server that is seen")


def _configuration(pod: ControlPlanePod, facts: ServerFiles | None) -> Link:
    """Whether the server starts with its files. One that is ready did so with what they were then."""
    name = "configuration"
    path = last_value(pod.flags, _CONFIG_FLAG)
    plugins = admission_plugins(pod.flags)
    both = {*plugins.enable} & {*plugins.disable}
    if both or "" in plugins.named or (plugins.exclusive is not None and (plugins.enable or plugins.disable)):
        return Link(name, "unknown" if pod.ready else "broken", f"{pod.name} does not start with its plugin lists")
    if not path:
        return Link(name, "unknown" if pod.ready else "broken", f"{pod.name} names no configuration and does not start")
    if facts is None:
        return Link(name, "unknown", f"{path} of {pod.name} was not given")
    if facts.faults:
        sure = any(fault.certain for fault in facts.faults)
        fault = next((fault for fault in facts.faults if fault.certain), facts.faults[0])
        state: State = "broken" if sure and not pod.ready else "unknown"
        return Link(name, state, f"{pod.name} does not start with {fault.path}: {fault.reason}")
    unread = next((file for file in facts.files if file.state == "unread"), None)
    if unread:
        return Link(name, "unknown", f"{unread.path} of {pod.name}: {unread.detail}")
    return Link(name, "holds", "the API server starts with it")


def _backend(world: World, pod: ControlPlanePod, facts: ServerFiles | None) -> Link:
    """What the backend answers is not to be seen. Where no answer can come, the setting for failures decides alone."""
    name = "backend"
    backend = facts.backend if facts else None
    if facts is None or backend is None or facts.settings is None or facts.settings.default_allow is None:
        return Link(name, "unknown", "which backend it asks is not known")
    dead = _dead(world, pod, backend)
    if not dead:
        return Link(name, "unknown", f"what its backend {backend.address} answers cannot be seen")
    if facts.settings.default_allow:
        return Link(name, "broken", f"{dead}, and then everything is let in (defaultAllow)")
    return Link(name, "holds", f"{dead}, and then every pod is refused")


def _dead(world: World, pod: ControlPlanePod, backend: Backend) -> str:
    """Why it is certain that no answer can come, or nothing."""
    if backend.scheme not in ("http", "https"):
        return f"its backend's address has the scheme {backend.scheme}, which nothing speaks"
    if backend.authority and (late := out_of_date(backend.authority, world.snapshot.cluster.collected_at)):
        return f"the certificate authority of its backend {late}"
    found = places(backend, world.snapshot.services)
    if len(found) != 1 or not reached_for_sure(found[0], backend, pod):
        return ""
    return _unanswered(world, found[0], backend)


def _unanswered(world: World, place: Place, backend: Backend) -> str:
    if place.service.type == "ExternalName":
        return ""
    if place.port is None:
        return f"Service {place.name} has no port {backend.port}"
    try:
        ready = world.ready_endpoints(place.service)
    except Unread:
        return ""
    return f"Service {place.name} has no ready endpoint" if ready == 0 else ""


def _failure(pod: ControlPlanePod, facts: ServerFiles | None) -> Link:
    name = "failure"
    allowed = facts.settings.default_allow if facts and facts.settings else None
    if allowed is None:
        return Link(name, "unknown", "what happens when its backend fails is not known", essential=False)
    if allowed:
        return Link(name, "broken", f"defaultAllow is true on {pod.name}: a failure lets the pod in", essential=False)
    return Link(name, "holds", "a failure of its backend refuses the pod", essential=False)


def _worst(links: Iterator[Link]) -> Link:
    """Of several servers the laxest decides: a request that one refuses is tried again at another."""
    order = {"broken": 0, "unknown": 1, "holds": 2}
    return min(links, key=lambda link: order[link.state])
