"""Check: broken-falco-rule."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, FalcoLoading, FalcoRules, Fault, Manual, Severity, check

_MEANING = {
    "refused": "Falco refuses its rules with it, and does not start",
    "skipped": "Falco loads the rules without it",
    "never": "it can never fire",
    "unequal": "it compares with what never is",
    "always": "that part limits nothing, and the rule fires for more than it says",
    "every-event": "it costs more than a node can give",
}
_ORDER = (*_MEANING, "doubt")


@check(
    "A rule of Falco cannot work",
    severity=Severity.HIGH,
    references=(
        "https://falco.org/docs/reference/rules/supported-fields/",
        "https://falco.org/docs/concepts/rules/conditions/",
        "https://github.com/falcosecurity/plugins/tree/main/plugins/k8saudit",
    ),
    remediation="""
        Have Falco itself read the file before it is deployed: `falco -V rules.yaml`. Rules about images that load and
        fire:

            - macro: approved_image
              condition: (container.image.repository startswith registry.example.com/ or
                          container.image.repository startswith gcr.io/our-project/)

            - rule: Container of an unapproved image
              desc: A process has started in a container whose image is of no approved registry
              condition: evt.type in (execve, execveat) and container.id != host and
                         container.image.repository exists and not approved_image
              output: Unapproved image (image=%container.image.repository:%container.image.tag pod=%k8s.pod.name)
              priority: WARNING

            - list: approved_repositories
              items: [registry.example.com/shop/web, gcr.io/our-project/api]

            - rule: Pod of an unapproved image
              desc: A pod was asked for whose image is of no approved repository
              condition: ka.verb in (create, update, patch) and ka.target.resource=pods and
                         not ka.target.subresource exists and ka.stage=ResponseComplete and
                         not ka.req.pod.containers.image.repository in (approved_repositories)
              output: Unapproved image asked for (user=%ka.user.name images=%ka.req.pod.containers.image)
              priority: WARNING
              source: k8s_audit

        The second needs the k8saudit plugin, and an audit policy that logs the bodies of requests about pods; its image
        fields are lists, which `in` compares value by value and `startswith` not at all. Neither sees an image being
        pulled: Falco sees processes and API requests.
        """,
)
def broken_falco_rule(rules: FalcoRules, falco: FalcoLoading) -> Iterator[Fail | Manual]:
    """Falco reads all its rules at the start, and one field or macro that does not exist stops it: then no rule watches
    at all, and the one that was to warn about images is the reason. Other mistakes load and stay silent, such as a
    registry that is compared with whole repositories, or raise an alarm for every container until nobody looks.
    """
    for key in rules.files:
        if key.fault:
            yield Fail(f"{key.key} cannot be read as rules: {key.fault}.", key.key)
        elif key.unread:
            yield Manual(f"{key.key} was not read as a whole: {key.unread}.", key.key)
    found: dict[str, list[Fault]] = {}
    for name, fault in falco.rules(rules).faults():
        known = found.setdefault(name, [])
        if fault not in known:
            known.append(fault)
    for name, faults in found.items():
        worst = min(faults, key=lambda fault: _ORDER.index(fault.kind))
        reasons = [fault.reason for fault in faults]
        facts = {"reasons": reasons[:20]}
        if worst.kind == "doubt":
            yield Manual(f"{name}: {_joined(reasons)}.", name, facts)
            continue
        severity = Severity.MEDIUM if worst.kind == "every-event" else None
        told = [fault.reason for fault in faults if fault.kind != "doubt"]
        yield Fail(f"{name}: {_joined(told)}. So {_MEANING[worst.kind]}.", name, severity, facts)


def _joined(reasons: list[str]) -> str:
    more = f"; and {len(reasons) - 4} more" if len(reasons) > 4 else ""
    return "; ".join(reasons[:4]) + more
