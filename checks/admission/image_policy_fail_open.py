"""Image policy webhooks that let everything in while they do not work."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ApiServer, Fail, ImagePolicyFiles, Manual, Severity, check, cis, docs
from checks.admission._image_policy import CONFIG_PAGE, unseen, with_settings


@check(
    "ImagePolicyWebhook lets every image in when its backend fails",
    severity=Severity.HIGH,
    references=(docs(CONFIG_PAGE), cis("5.5.1")),
    remediation="""
        In the configuration of the plugin, on every control-plane node, and restart the kube-apiserver:

            imagePolicy:
              defaultAllow: false

        First make sure that the backend can be started without being asked itself: outside of the cluster, or as a
        static pod.
        """,
)
def image_policy_fail_open(server: ApiServer, files: ImagePolicyFiles) -> Iterator[Fail | Manual]:
    """With defaultAllow true, every failure admits the pod: a backend that is down, slow, misaddressed, or whose
    certificate has expired. Who can make the backend fail switches the policy off, and nobody notices, since the
    annotation that tells of it is not stored.
    """
    unknown = [found for found in files.in_use(server) if not found.settings or found.settings.default_allow is None]
    allowing = [found.pod.name for found, settings in with_settings(server, files) if settings.default_allow]
    if allowing:
        yield Fail(
            f"ImagePolicyWebhook has defaultAllow true on {', '.join(allowing)}: whenever its backend fails, every "
            "image is let in.",
            evidence={"apiservers": allowing},
        )
    yield from unseen(unknown, "whether ImagePolicyWebhook fails open")
