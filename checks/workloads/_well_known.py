"""The registries that everybody uses: a dated table, each row with its source."""

from __future__ import annotations

from typing import NamedTuple


class WellKnown(NamedTuple):
    """A domain of which every host is a registry's, or its owner's. `imitated`: names one typing error away from it
    are held to be imitations; not so for domains that are short, common words, or not chiefly a registry's."""

    domain: str
    imitated: bool
    source: str


# As of November 2026.
WELL_KNOWN = (
    WellKnown("docker.io", True, "https://github.com/distribution/reference/blob/main/normalize.go"),
    WellKnown("docker.com", True, "https://docs.docker.com/docker-hub/"),
    WellKnown("dhi.io", False, "https://docs.docker.com/dhi/"),
    WellKnown("registry.k8s.io", True, "https://kubernetes.io/blog/2022/11/28/registry-k8s-io-faster-cheaper-ga/"),
    WellKnown("k8s.io", True, "https://kubernetes.io/blog/2022/11/28/registry-k8s-io-faster-cheaper-ga/"),
    WellKnown("gcr.io", True, "https://cloud.google.com/artifact-registry/docs/transition/transition-from-gcr"),
    WellKnown("pkg.dev", True, "https://cloud.google.com/artifact-registry/docs/docker/names"),
    WellKnown("ghcr.io", True, "https://docs.github.com/packages/working-with-a-github-packages-registry"),
    WellKnown("github.com", True, "https://docs.github.com/packages/working-with-a-github-packages-registry"),
    WellKnown("quay.io", True, "https://docs.quay.io/"),
    WellKnown("redhat.io", True, "https://access.redhat.com/RegistryAuthentication"),
    WellKnown("redhat.com", True, "https://access.redhat.com/RegistryAuthentication"),
    WellKnown("amazonaws.com", True, "https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html"),
    WellKnown("amazonaws.com.cn", True, "https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html"),
    WellKnown("amazonaws.eu", False, "https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html"),
    WellKnown("on.aws", False, "https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html"),
    WellKnown(
        "on.amazonwebservices.com.cn", False, "https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html"
    ),
    WellKnown("ecr.aws", True, "https://docs.aws.amazon.com/AmazonECR/latest/public/public-registries.html"),
    WellKnown("azurecr.io", True, "https://learn.microsoft.com/azure/container-registry/container-registry-concepts"),
    WellKnown("azurecr.cn", True, "https://learn.microsoft.com/azure/container-registry/container-registry-concepts"),
    WellKnown("azurecr.us", True, "https://learn.microsoft.com/azure/container-registry/container-registry-concepts"),
    WellKnown("microsoft.com", True, "https://github.com/microsoft/containerregistry"),
    WellKnown("nvcr.io", True, "https://docs.nvidia.com/ngc/"),
    WellKnown("icr.io", True, "https://cloud.ibm.com/docs/Registry"),
    WellKnown("ocir.io", True, "https://docs.oracle.com/en-us/iaas/Content/Registry/home.htm"),
    WellKnown("oracle.com", False, "https://docs.oracle.com/en-us/iaas/Content/Registry/home.htm"),
    WellKnown("gitlab.com", True, "https://docs.gitlab.com/user/packages/container_registry/"),
    WellKnown("cgr.dev", True, "https://edu.chainguard.dev/chainguard/chainguard-images/"),
    WellKnown("lscr.io", True, "https://docs.linuxserver.io/"),
    WellKnown("elastic.co", False, "https://www.docker.elastic.co/"),
    WellKnown("suse.com", False, "https://registry.suse.com/"),
    WellKnown("opensuse.org", False, "https://registry.opensuse.org/"),
    WellKnown("fedoraproject.org", False, "https://registry.fedoraproject.org/"),
    WellKnown("digitalocean.com", False, "https://docs.digitalocean.com/products/container-registry/"),
    WellKnown("aliyuncs.com", False, "https://www.alibabacloud.com/help/en/acr/"),
    WellKnown("tencentcloudcr.com", False, "https://www.tencentcloud.com/document/product/1051"),
    WellKnown("tencentyun.com", False, "https://www.tencentcloud.com/document/product/1051"),
    WellKnown("myhuaweicloud.com", False, "https://support.huaweicloud.com/intl/en-us/swr/index.html"),
    WellKnown("scw.cloud", False, "https://www.scaleway.com/en/docs/container-registry/"),
    WellKnown("cr.yandex", False, "https://yandex.cloud/en/docs/container-registry/"),
    WellKnown("jfrog.io", False, "https://jfrog.com/help/r/jfrog-artifactory-documentation/docker-registry"),
    WellKnown("broadcom.com", False, "https://github.com/vmware/vks-image-builder/issues/75"),
    # Neighbours of the above that are somebody's own name.
    WellKnown("k3s.io", False, "https://docs.k3s.io/"),
    WellKnown("k0s.io", False, "https://docs.k0sproject.io/"),
)

DOMAINS = frozenset(row.domain for row in WELL_KNOWN)
IMITATED = tuple(row.domain for row in WELL_KNOWN if row.imitated)


def well_known(host: str) -> bool:
    """Whether a host, without port, is one of these domains or lies under one; upper case is not the same host."""
    labels = host.split(".")
    return any(".".join(labels[start:]) in DOMAINS for start in range(len(labels)))
