"""Check: debug-container."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImageUse, Severity, check, docs


@check(
    "An ephemeral container was added to a pod",
    severity=Severity.LOW,
    references=(
        docs("concepts/workloads/pods/ephemeral-containers/"),
        "https://microsoft.github.io/Threat-Matrix-for-Kubernetes/techniques/New%20Container/",
    ),
    remediation="""
    Ephemeral containers cannot be removed from a pod: replace the pod once nobody needs it any more.

        kubectl -n NAMESPACE delete pod POD

    Who added it stands in the audit log (verb patch or update, subresource pods/ephemeralcontainers). Grant that
    subresource to few people, and cover it by admission rules: the AlwaysPullImages plugin, for one, does not.
    """,
)
def debug_container(image: ImageUse) -> Iterator[Fail]:
    """`kubectl debug` puts a container of any image into a running pod, where it shares the network and, on demand, the
    processes of the application.

    That is a fine tool and a fine way in: nothing in the workload's template shows it, many admission policies do not
    look at it, and it stays until the pod goes. The API records which program wrote it, not which person.
    """
    if "ephemeral" not in image.roles:
        return
    found = sorted(image.debug(), key=lambda debug: (debug.started_at, debug.pod))
    who = sorted({debug.manager for debug in found if debug.manager})
    since = next((debug.started_at for debug in found if debug.started_at), "")
    place = f"pod {found[0].pod}" if len(found) == 1 else f"{len(found)} pods" if found else "a pod"
    by = f" by {', '.join(who)}" if who else ""
    running = f", running since {since}" if since else ""
    yield Fail(
        f"{image.normalised} was put into {place} as ephemeral container {image.container}{by}{running}.",
        evidence={
            "containers": [
                {"pod": debug.pod, "runningSince": debug.started_at or None, "manager": debug.manager or None}
                for debug in found[:20]
            ],
            "pods": len(found) or 1,
        },
    )
