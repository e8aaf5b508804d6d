"""Admission webhooks whose backend is not there."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import AdmissionWebhooks, Backends, Fail, Severity, Skip, check, docs


@check(
    "Admission webhook calls a backend that is not there",
    severity=Severity.HIGH,
    references=(
        docs("reference/access-authn-authz/extensible-admission-controllers/#service-reference"),
        docs("reference/access-authn-authz/extensible-admission-controllers/#failure-policy"),
        docs("concepts/cluster-administration/admission-webhooks-good-practices/"),
    ),
    remediation="""
        See why the backend has no ready pod, or delete the configuration if the engine behind it is gone:

            kubectl -n NAMESPACE get service,endpointslices,pods
            kubectl delete validatingwebhookconfiguration NAME

        Run two replicas or more behind a webhook that fails closed.
        """,
)
def dead_admission_backend(configuration: AdmissionWebhooks, backends: Backends) -> Iterator[Fail | Skip]:
    """A webhook whose Service does not exist or has no ready endpoint cannot be asked. If it fails closed, every
    request that it matches is refused: nothing that it covers can be created, its own backend perhaps included. If it
    fails open, everything is admitted unchecked, and the policy behind it is switched off without anybody having
    decided that.
    """
    judged = False
    for hook in configuration.hooks:
        if not hook.called or not hook.service:
            continue
        judged = True
        state, reason = backends.of(hook)
        if state == "broken":
            effect = (
                "everything that it matches is let in unchecked"
                if hook.fails_open
                else "everything that it matches is refused"
            )
            yield Fail(
                f"Webhook {hook.name} cannot be asked: {reason}; {effect}.",
                part=hook.name,
                evidence={
                    "service": hook.service,
                    "failurePolicy": "Ignore" if hook.fails_open else "Fail",
                    "matchesPods": hook.matches_pods,
                },
            )
    if not judged:
        yield Skip()
