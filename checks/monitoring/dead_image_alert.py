"""Check: dead-image-alert."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    AlertLoading,
    AlertRules,
    Fail,
    Manual,
    Mounts,
    Severity,
    Skip,
    asks_for_pulls,
    check,
    dead_series,
    loads_alerts,
    may_be_recorded,
    may_fire_without,
    unknown_series,
)


@check(
    "An alert on image pulls can never fire",
    severity=Severity.MEDIUM,
    references=(
        "https://kubernetes.io/docs/reference/instrumentation/metrics/",
        "https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/pod-metrics.md",
        "https://prometheus-operator.dev/docs/developer/alerting/",
    ),
    remediation="""
        Alert on what is exported, in a rule that is loaded. Which images run is told by kube-state-metrics; that pulls
        fail, by the kubelet:

            apiVersion: monitoring.coreos.com/v1
            kind: PrometheusRule
            metadata: {name: images, namespace: monitoring, labels: {release: prometheus}}
            spec:
              groups:
                - name: images
                  rules:
                    - alert: ForeignImage
                      expr: kube_pod_container_info{image_spec!~"registry[.]example[.]com/.*"} > 0
                      for: 5m
                    - alert: ImagePullsFail
                      expr: sum by (instance)
                        (rate(kubelet_runtime_operations_errors_total{operation_type="pull_image"}[15m])) > 0

        The labels must be those that the Prometheus object's ruleSelector asks for. Without the operator, the file must
        be mounted into Prometheus and be named in its rule_files.
        """,
)
def dead_image_alert(alerts: AlertRules, loading: AlertLoading, mounts: Mounts) -> Iterator[Fail | Manual | Skip]:
    """An alert that never fires looks like a cluster in which nothing is wrong. Prometheus takes an expression over a
    metric that nobody exports without a word, and nobody tells it that a rule lies in a ConfigMap that it does not
    mount. No kubelet or runtime exports which images are pulled: only how many, how long it took, and what failed.
    """
    if not alerts.complete:
        yield Manual(f"It has more rules than are read: after {len(alerts.rules)} of them none was looked at.", "rest")
    pulls = [rule for rule in alerts.rules if rule.about_pulls or asks_for_pulls(rule.expr)]
    if not pulls:
        if alerts.complete:
            yield Skip()
        return
    recorded = loading.recorded
    for rule in pulls:
        part = f"{rule.group}/{rule.name}"
        reasons = list(dict.fromkeys(dead_series(rule.expr, recorded, loading.empty)))
        facts = {"group": rule.group, "expr": rule.expr[:500]}
        if reasons and may_be_recorded(rule.expr) and not loading.all_recorded():
            told = f"{rule.name}: {'; '.join(reasons)}, as far as rules were read; not all of them were."
            yield Manual(told, part, facts)
        elif reasons and may_fire_without(rule.expr):
            told = (
                f"{'; '.join(reasons)}. Whether {rule.name} fires by the rest of its expression is for a person to say."
            )
            yield Manual(told[0].upper() + told[1:], part, facts)
        elif reasons and rule.kind == "alert":
            yield Fail(f"The alert {rule.name} cannot fire: {'; '.join(reasons)}.", part, evidence=facts)
        elif reasons:
            yield Fail(f"The recording rule {rule.name} records nothing: {'; '.join(reasons)}.", part, evidence=facts)
        elif names := list(dict.fromkeys(unknown_series(rule.expr, recorded))):
            told = f"Whether anything exports {', '.join(names[:5])} is not known here: {rule.name} needs it."
            yield Manual(told, part, facts)
    for key, fault in alerts.faults.items():
        yield Fail(f"{key} is not loaded: {fault}.", f"file:{key}", evidence={"key": key})
    if alerts.kind != "File":  # what loads a file by itself is not among what was given
        yield from _unloaded(alerts, loading, mounts, [rule.name for rule in pulls])


def _unloaded(alerts: AlertRules, loading: AlertLoading, mounts: Mounts, names: list[str]) -> Iterator[Fail | Manual]:
    shown, facts = ", ".join(names[:5]), {"rules": names[:50]}
    if alerts.kind == "PrometheusRule":
        rulers = loading.rulers(alerts)
        if rulers is None:
            yield Manual(f"No Prometheus object is there to load {shown}; another program may.", "loaded", facts)
        elif not rulers:
            told = f"No Prometheus or ThanosRuler object selects it by labels and namespace: {shown} is not loaded."
            yield Fail(told, "loaded", evidence=facts)
        return
    owners = mounts.of(alerts.namespace, alerts.name)
    if any(loads_alerts(owner) for owner in owners):
        return
    takers = mounts.alert_takers
    if owners or takers:
        who = [f"{owner.kind}/{owner.name}" for owner in owners] or list(takers)
        yield Manual(
            f"Whether {who[0]} hands {shown} to a Prometheus is not to be seen.", "loaded", {**facts, "by": who[:20]}
        )
        return
    yield Fail(f"No Prometheus mounts this ConfigMap: {shown} is not loaded.", "loaded", evidence=facts)
