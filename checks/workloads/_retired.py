"""Registries and repositories that are retired or frozen: a dated table, each row with its source.

A row belongs here when its owner has said that nothing more is published there, or that the content is gone or moves.
"""

from __future__ import annotations

from typing import NamedTuple

from auditor import DOCKER_HUB, Reference


class Retired(NamedTuple):
    """`name` is a registry or `registry/path`, in whole segments; `since` the day or month from which it holds."""

    name: str
    since: str
    what: str
    instead: str
    source: str


_BITNAMI = "https://github.com/bitnami/containers/issues/83267"
_MINIO = "https://github.com/minio/minio/issues/21647"
_K8S = "https://kubernetes.io/blog/2023/02/06/k8s-gcr-io-freeze-announcement/"

# As of November 2026.
RETIRED = (
    Retired("k8s.gcr.io", "2023-04-03", "is frozen, and redirects for as long as that lasts", "registry.k8s.io", _K8S),
    Retired(
        "gcr.io/google-containers",
        "2023-04-03",
        "is the frozen predecessor of k8s.gcr.io",
        "registry.k8s.io",
        "https://github.com/kubernetes/minikube/issues/20303",
    ),
    Retired(
        "gcr.io/google_containers",
        "2023-04-03",
        "is the frozen predecessor of k8s.gcr.io",
        "registry.k8s.io",
        "https://github.com/kubernetes-retired/bootkube/pull/962",
    ),
    Retired(
        "registry.k8s.io/ingress-nginx",
        "2026-03",
        "holds a retired project: no more releases, no security fixes",
        "a maintained Gateway API or ingress controller",
        "https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/",
    ),
    Retired(
        "docker.io/kubernetesui",
        "2026-01-21",
        "holds an archived project: no more releases, no security fixes",
        "ghcr.io/headlamp-k8s/headlamp",
        "https://github.com/kubernetes/website/issues/54042",
    ),
    Retired(
        "docker.io/bitnami",
        "2025-08-28",
        "was emptied of all versioned tags: they moved to bitnamilegacy, where nothing is updated",
        "another publisher, or Bitnami Secure Images",
        _BITNAMI,
    ),
    Retired(
        "docker.io/bitnamilegacy",
        "2025-08-28",
        "is an archive that gets no updates",
        "another publisher, or Bitnami Secure Images",
        _BITNAMI,
    ),
    Retired(
        "docker.io/minio/minio",
        "2025-10-15",
        "gets no more images, and was removed in September 2026",
        "a build of your own, or another object store",
        _MINIO,
    ),
    Retired(
        "docker.io/minio/mc",
        "2025-10-15",
        "gets no more images, and was removed in September 2026",
        "a build of your own, or another client",
        _MINIO,
    ),
    Retired(
        "quay.io/minio/minio",
        "2025-10-15",
        "is frozen at the last published image",
        "a build of your own, or another object store",
        _MINIO,
    ),
    Retired(
        "quay.io/minio/mc",
        "2025-10-15",
        "is frozen at the last published image",
        "a build of your own, or another client",
        _MINIO,
    ),
    Retired(
        "gcr.io/tekton-releases",
        "2025-07-10",
        "is closed: anonymous pulls are refused",
        "ghcr.io/tektoncd",
        "https://github.com/tektoncd/pipeline/issues/8870",
    ),
    Retired(
        "gcr.io/kaniko-project",
        "2025-06",
        "holds an archived project: no more releases, no security fixes",
        "a maintained fork, BuildKit or Buildah",
        "https://github.com/chainguard-dev/kaniko",
    ),
    Retired(
        "gcr.io/kubernetes-helm",
        "2020-11-13",
        "holds Tiller, which Helm 2 took with it",
        "Helm 3 or later, which needs nothing in the cluster",
        "https://helm.sh/blog/helm-v2-deprecation-timeline/",
    ),
    Retired(
        "projects.registry.vmware.com",
        "2024-06",
        "was decommissioned",
        "projects.packages.broadcom.com",
        "https://github.com/vmware/vks-image-builder/issues/75",
    ),
    Retired(
        "registry.opensource.zalan.do",
        "2026-05",
        "is being decommissioned",
        "ghcr.io/zalando and ghcr.io/zalando-incubator",
        "https://github.com/zalando/postgres-operator/pull/3092",
    ),
    Retired(
        "docker.pkg.github.com",
        "2021-06",
        "was replaced by GitHub's container registry",
        "ghcr.io",
        "https://docs.github.com/packages/working-with-a-github-packages-registry/working-with-the-docker-registry",
    ),
    Retired(
        "docker.io/library/openjdk",
        "2022-07",
        "gets no more updates but early-access builds",
        "docker.io/library/eclipse-temurin or another vendor's build",
        "https://github.com/docker-library/openjdk/issues/505",
    ),
    Retired(
        "docker.io/library/java",
        "2016-12-31",
        "gets no more updates",
        "docker.io/library/eclipse-temurin or another vendor's build",
        "https://hub.docker.com/_/java",
    ),
    Retired(
        "docker.io/library/adoptopenjdk",
        "2021-08-01",
        "gets no more updates",
        "docker.io/library/eclipse-temurin",
        "https://github.com/docker-library/docs/pull/2008",
    ),
    Retired(
        "docker.io/library/centos",
        "2024-06-30",
        "holds an operating system past its end of life",
        "docker.io/library/almalinux, docker.io/library/rockylinux or quay.io/centos",
        "https://hub.docker.com/_/centos",
    ),
)

_DOCKER_HUB_HOSTS = frozenset({"registry-1.docker.io", "registry.hub.docker.com"})


def retired(reference: Reference) -> Retired | None:
    """The row that the image falls under, if any. Other hosts of Docker Hub serve what docker.io serves."""
    registry = DOCKER_HUB if reference.registry in _DOCKER_HUB_HOSTS else reference.registry
    name = f"{registry}/{reference.repository}/"
    return next((row for row in RETIRED if name.startswith(f"{row.name}/")), None)
