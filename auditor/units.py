"""What checks run on: the subjects of a snapshot, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from auditor.admission_views import webhook_configurations
from auditor.check import CLUSTER, About
from auditor.images import identities
from auditor.report import Subject
from auditor.subjects import Cluster, credentials, node_tags
from auditor.watchers import POLICIES, EgressPolicy, StoredRules, alert_rules, falco_rules

if TYPE_CHECKING:
    from auditor.views import Views


class Unit(Struct, frozen=True):
    """One value that a check is called with, and the subject that it stands for. `known_as` is the name that its
    findings keep while the subject's own may change, empty where that is the same."""

    about: About
    value: Any
    image: str | None = None
    repository: str = ""
    origin: str = ""
    known_as: str = ""


def image_units(views: Views) -> Iterator[Unit]:
    for use in views.image_uses:
        subject = Subject(use.owner.kind, use.owner.name, use.container)
        yield Unit(About(use.namespace, subject), use, use.normalised, use.repository, use.owner.origin)


def owner_units(views: Views) -> Iterator[Unit]:
    for owner in views.snapshot.owners:
        yield Unit(About(owner.namespace, Subject(owner.kind, owner.name)), owner, origin=owner.origin)


def secret_units(views: Views) -> Iterator[Unit]:
    for secret in views.snapshot.secrets:
        yield Unit(About(secret.namespace, Subject("Secret", secret.name)), secret, origin=secret.origin)


def account_units(views: Views) -> Iterator[Unit]:
    for account in views.snapshot.service_accounts:
        about = About(account.namespace, Subject("ServiceAccount", account.name))
        yield Unit(about, account, origin=account.origin)


def credential_units(views: Views) -> Iterator[Unit]:
    views.gaps.require("secrets")
    judged = tuple(secret for secret in views.snapshot.secrets if views.holds(secret.namespace))
    for credential in credentials(judged):
        first = credential.secrets[0]
        yield Unit(About(first.namespace, Subject("Secret", first.name)), credential, origin=first.origin)


def repository_units(views: Views) -> Iterator[Unit]:
    for repository in views.repositories:
        yield Unit(About(None, Subject("Repository", repository.name)), repository, repository.name)


def tag_units(views: Views) -> Iterator[Unit]:
    for tag in node_tags(views.repositories):
        yield Unit(About(None, Subject("Tag", tag.name)), tag, tag.name)


def content_units(views: Views) -> Iterator[Unit]:
    for image, known_as in identities(views.images):
        about = About(None, Subject("Image", image.name))
        yield Unit(about, image, image.name, origin=image.uses[0].owner.origin, known_as=known_as)


def cluster_units(views: Views) -> Iterator[Unit]:
    yield Unit(CLUSTER, cluster(views))


def apiserver_units(views: Views) -> Iterator[Unit]:
    apiserver = views.apiserver()
    about = About(None, Subject("APIServer", "kube-apiserver"))
    yield Unit(about, apiserver, origin=apiserver.pods[0].origin)


def namespace_units(views: Views) -> Iterator[Unit]:
    for namespace in views.world.namespaces:
        yield Unit(About.of_namespace(namespace.name), namespace, origin=namespace.origin)


def policy_units(views: Views) -> Iterator[Unit]:
    for policy in views.enforcement.policies:
        yield Unit(policy.about, policy, origin=policy.origin)


def webhook_units(views: Views) -> Iterator[Unit]:
    for configuration, webhooks in webhook_configurations(views.world):
        about = About(None, Subject(configuration.kind, configuration.name))
        yield Unit(about, webhooks, origin=configuration.origin)


def node_units(views: Views) -> Iterator[Unit]:
    for node in views.snapshot.nodes:
        yield Unit(About(None, Subject("Node", node.name)), node, origin=node.origin)


def falco_units(views: Views) -> Iterator[Unit]:
    for found in falco_rules(views.snapshot):
        about = About(found.namespace or None, Subject(found.configmap.kind, found.name))
        yield Unit(about, found, origin=found.configmap.origin)


def alert_units(views: Views) -> Iterator[Unit]:
    for found, origin in alert_rules(views.snapshot):
        yield Unit(About(found.namespace or None, Subject(found.kind, found.name)), found, origin=origin)


def stored_units(views: Views) -> Iterator[Unit]:
    for found in views.snapshot.configmaps:
        about = About(found.namespace or None, Subject(found.kind, found.name))
        yield Unit(about, StoredRules(found), origin=found.origin)


def egress_units(views: Views) -> Iterator[Unit]:
    for found in views.snapshot.watched:
        if found.resource == POLICIES:
            about = About(found.namespace, Subject(found.kind, found.name))
            yield Unit(about, EgressPolicy(found), origin=found.origin)


def cluster(views: Views) -> Cluster:
    return Cluster(views.snapshot.cluster.version, views.snapshot.cluster.collected_at)
