"""Reports built from values: the shop has something of everything, the others are the extremes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from auditor.report import (
    AppliedWaiver,
    Cause,
    CheckRow,
    ClusterRow,
    Counts,
    CoverageRow,
    EnforcementRow,
    Finding,
    GoalRow,
    NamespaceRow,
    PolicyRow,
    Report,
    Severity,
    Status,
    Subject,
    Summary,
    Tool,
    UnreadableRow,
    identity,
)

DIGEST = "sha256:0d17b565c37bcbd895e9d92315a05c1c3c9a29f762b011a10c54a66cd53c9b31"

CHECKS = {
    "floating-tag": ("Image is named by a tag that moves", Severity.HIGH, "Name a version that is never pushed again."),
    "unpinned-image": (
        "Image is not pinned to a digest",
        Severity.MEDIUM,
        """Reference the image as repository@sha256:…, and let a bot
raise the digest. Read the digest of a tag:

    crane digest docker.io/library/nginx:1.25

Tag plus digest is fine, too.""",
    ),
    "malformed-pull-secret": (
        "The kubelet rejects a pull secret",
        Severity.HIGH,
        """Make the secret anew:
    kubectl create secret docker-registry NAME --docker-server=HOST --docker-username=USER --docker-password=…""",
    ),
    "default-service-account-credentials": (
        "The default service account carries registry credentials",
        Severity.MEDIUM,
        "Give the credentials to a service account of their own, and name it in the pods that need them.",
    ),
    "image-policy-webhook-unconfigured": (
        "ImagePolicyWebhook is on and has no configuration",
        Severity.CRITICAL,
        "Mount the folder of the file that --admission-control-config-file names into the container.",
    ),
    "runs-as-root": ("Container runs as root", Severity.MEDIUM, "Set `runAsNonRoot: true`."),
    "unapproved-registry": ("Registry is not approved", Severity.HIGH, "Mirror the image."),
    "node-unapproved-image": ("A node holds an unapproved image", Severity.MEDIUM, "Remove it."),
    "legacy-dockercfg-secret": ("Secret of the old type", Severity.LOW, "Make a dockerconfigjson secret."),
    "unused-pull-secret": ("No one uses a pull secret", Severity.LOW, "Delete it."),
}


def finding(
    check: str,
    namespace: str | None,
    subject: Subject,
    message: str,
    *,
    status: Status = "fail",
    cause: Cause | None = None,
    image: str | None = None,
    severity: Severity | None = None,
    evidence: dict[str, Any] | None = None,
    waiver: AppliedWaiver | None = None,
    part: str = "",
) -> Finding:
    return Finding(
        id=identity(check, namespace, subject, part),
        check=check,
        status=status,
        severity=severity or CHECKS[check][1],
        subject=subject,
        message=message,
        cause=cause,
        namespace=namespace,
        image=image,
        evidence=evidence or {},
        remediation=CHECKS[check][2],
        references=("https://kubernetes.io/docs/concepts/containers/images/",),
        waiver=waiver,
    )


def report(
    findings: Sequence[Finding] = (),
    *,
    passed: dict[str, int] | None = None,
    coverage: Iterable[CoverageRow] = (),
    warnings: Sequence[str] = (),
    cluster: ClusterRow | None = None,
    checks: Iterable[str] = CHECKS,
    enforcement: EnforcementRow | None = None,
) -> Report:
    """A report whose summary fits its findings, one subject per finding."""
    spaces: dict[str, Counts] = {name: Counts(passed=count) for name, count in (passed or {}).items()}
    by_check = {check: Counts() for check in checks}
    for found in findings:
        one = Counts(**{found.status: 1})
        spaces[found.namespace or ""] = spaces.get(found.namespace or "", Counts()) + one
        by_check[found.check] = by_check.get(found.check, Counts()) + one
    total = sum(spaces.values(), Counts())
    return Report(
        auditor=Tool("0.1.0"),
        cluster=cluster or ClusterRow("shop", "uid-1", "v1.36.2", "2026-11-21T12:00:00Z", "live"),
        policy=PolicyRow("policy.yaml", "0" * 64),
        coverage=tuple(coverage),
        summary=Summary(
            total.passed,
            total.fail,
            total.manual,
            total.waived,
            by_severity={str(s): sum(f.status == "fail" and f.severity == s for f in findings) for s in Severity},
            by_namespace=dict(sorted(spaces.items())),
        ),
        checks=tuple(
            CheckRow(id, *CHECKS[id][:2], 0, counts.fail, counts.manual, counts.waived)
            for id, counts in sorted(by_check.items())  # noqa: A001
        ),
        findings=tuple(sorted(findings, key=lambda f: (f.namespace or "", f.check, str(f.subject), f.id))),
        warnings=tuple(warnings),
        enforcement=enforcement,
    )


def enforced() -> EnforcementRow:
    """Namespaces of each kind: enforced, almost, not at all, and not to be told for want of a right."""
    closed = GoalRow("enforced", "ValidatingAdmissionPolicy/registries", "ValidatingAdmissionPolicy")
    leaky = GoalRow(
        "enforced",
        "ClusterPolicy/registries",
        "Kyverno",
        beside=("failure policy: failurePolicy is Ignore: an error lets the pod in", "image volumes"),
    )
    almost = GoalRow(
        "not-enforced", "ClusterPolicy/pinned", "Kyverno", "action", "failures are only reported", ("UPDATE: left out",)
    )
    open_question = GoalRow(
        "unknown", "Policy/legacy/signed", "Kyverno", "images", "whether an attestor's key is read is not known"
    )
    nothing = GoalRow("not-enforced")
    unread = GoalRow("unknown", unread=True)
    doubt = msgspec.structs.replace(almost, verdict="unknown", unread=True)
    cells = {
        "kube-system": (nothing, nothing, nothing),
        "legacy": (leaky, almost, open_question),
        "monitoring": (nothing, nothing, nothing),
        "payments": (closed, closed, unread),
        "web": (closed, doubt, unread),
    }
    return EnforcementRow(
        tuple(NamespaceRow(name, *row) for name, row in cells.items()),
        (
            UnreadableRow(
                "policy_controller",
                "clusterimagepolicies.policy.sigstore.dev",
                "forbidden",
                'User "auditor" cannot list',
            ),
            UnreadableRow("connaisseur", "connaisseur", "error", "KeyError"),
        ),
    )


def use(kind: str, name: str, container: str) -> Subject:
    return Subject(kind, name, container)


def shop() -> Report:
    """Something of everything that a report can hold."""
    hub = "docker.io/library"
    waiver = AppliedWaiver("TICKET-12: the vendor pins it next quarter", "2027-01-31", "payments")
    lapsed = AppliedWaiver("TICKET-7: the billing move", "2026-10-31", None, expired=True)
    unread = {"resources": {"secrets": 'may not be read (User "system:serviceaccount:audit:auditor" cannot list)'}}
    findings = [
        finding(
            "image-policy-webhook-unconfigured",
            None,
            Subject("APIServer", "kube-apiserver"),
            "ImagePolicyWebhook is enabled but --admission-control-config-file names /etc/kubernetes/admission.yaml, "
            "which lies in no volume that is mounted into the container.",
        ),
        finding(
            "node-unapproved-image",
            None,
            Subject("Repository", "registry.evil.example:5000/miner"),
            "3 nodes hold images of registry.evil.example:5000/miner, which no entry of registries.allowed covers.",
            evidence={"nodes": ["a", "b", "c"], "count": 3},
        ),
        finding(
            "unapproved-registry",
            None,
            Subject("Cluster", ""),
            "The policy names no allowed registries; in use are docker.io (31 images), quay.io (4).",
            status="manual",
            cause="judgment",
            evidence={"registries": {"docker.io": 31, "quay.io": 4}},
        ),
        finding(
            "floating-tag",
            "payments",
            use("Deployment", "web", "nginx"),
            f"{hub}/nginx:latest names latest, a tag that moves.",
            image=f"{hub}/nginx:latest",
        ),
        finding(
            "unpinned-image",
            "payments",
            use("Deployment", "web", "nginx"),
            f"{hub}/nginx:latest names a tag, not content.",
            image=f"{hub}/nginx:latest",
        ),
        finding(
            "unpinned-image",
            "payments",
            use("StatefulSet", "ledger-with-a-rather-long-name-primary", "postgres-exporter-sidecar"),
            "myprivateregistry.com:5000/team/platform/ledger:1.25.3-alpine3.19 names a tag, not content. "
            "The waiver for it expired on 2026-10-31.",
            image="myprivateregistry.com:5000/team/platform/ledger:1.25.3-alpine3.19",
            waiver=lapsed,
        ),
        finding(
            "unapproved-registry",
            "payments",
            use("Deployment", "api", "api"),
            f"quay.io/corp/api@{DIGEST} comes from quay.io/corp, which the policy does not allow.",
            image=f"quay.io/corp/api@{DIGEST}",
        ),
        finding(
            "malformed-pull-secret",
            "payments",
            Subject("Secret", "regcred"),
            "The kubelet rejects this secret: auth of myprivateregistry.com:5000 is not standard base64. "
            "It breaks every pull with credentials of Deployment/web and Deployment/api.",
        ),
        finding(
            "default-service-account-credentials",
            "web",
            Subject("ServiceAccount", "default"),
            "Every pod of the namespace that names no account inherits the secrets regcred and quay.",
        ),
        finding(
            "legacy-dockercfg-secret", "web", Subject("Secret", "old"), "The secret is of type kubernetes.io/dockercfg."
        ),
        finding(
            "unpinned-image",
            "legacy",
            use("CronJob", "billing", "job"),
            f"{hub}/busybox:1.36 names a tag, not content.",
            image=f"{hub}/busybox:1.36",
            status="waived",
            waiver=waiver,
        ),
        finding(
            "unpinned-image",
            "legacy",
            use("CronJob", "billing", "fetch"),
            f"{hub}/busybox:1.36 names a tag, not content.",
            image=f"{hub}/busybox:1.36",
            status="waived",
            waiver=waiver,
        ),
        *(
            finding(
                "runs-as-root",
                "web",
                Subject("Deployment", name),
                "Neither the pod nor the container says which user it runs as: the image decides.",
                status="manual",
                cause="judgment",
                image=f"{hub}/{name}:2",
            )
            for name in ("cart", "search", "static")
        ),
        *(
            finding(
                check,
                None,
                Subject("Cluster", ""),
                "Not judged: secrets may not be read.",
                status="manual",
                cause="unreadable",
                evidence={**unread, "count": 12},
            )
            for check in ("unused-pull-secret", "legacy-dockercfg-secret", "malformed-pull-secret")
        ),
        finding(
            "unused-pull-secret",
            "kube-system",
            Subject("Namespace", "kube-system"),
            "Not judged: cronjobs in namespace kube-system could not be read.",
            status="manual",
            cause="unreadable",
            evidence={"resources": {"cronjobs": "could not be read (it answered 503)"}},
        ),
        finding(
            "runs-as-root",
            "web",
            use("Deployment", "odd", "app"),
            "The check broke on this subject: KeyError.",
            status="manual",
            cause="error",
            image=f"{hub}/odd:2",
        ),
    ]
    mixed = "the list expired on the way: it mixes two moments"
    coverage = [
        CoverageRow("namespaces", "read", (), 6),
        CoverageRow("nodes", "read", (), 3),
        CoverageRow("pods", "read", (), 41, mixed),
        CoverageRow("serviceaccounts", "read", (), 12),
        CoverageRow("secrets", "forbidden", (), 0, 'User "system:serviceaccount:audit:auditor" cannot list "secrets"'),
        CoverageRow("deployments", "read", (), 17),
        CoverageRow("statefulsets", "read"),
        CoverageRow("cronjobs", "failed", ("kube-system",), 0, "it answered 503: apiserver is shutting down"),
        CoverageRow("rollouts", "absent", (), 0, "the cluster does not serve it"),
        CoverageRow("*", "excluded", ("kube-node-lease", "kube-public"), 0, "excluded from the audit"),
    ]
    warnings = ["policy: waivers[3] (namespace old-*): matches nothing in this audit"]
    passed = {"": 20, "payments": 14, "web": 55, "legacy": 9, "kube-system": 31, "monitoring": 12}
    return report(findings, passed=passed, coverage=coverage, warnings=warnings, enforcement=enforced())
