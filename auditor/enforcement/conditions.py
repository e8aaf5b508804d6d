"""The match conditions of a webhook: does a plain pod pass them, so that the webhook is called?"""

from __future__ import annotations

from typing import Any

from auditor.enforcement.chain import Link


def conditions(found: Any, *, fails_open: bool) -> Link:
    """The link of a webhook's matchConditions (CEL; all must be true).

    Source: k8s apiserver pkg/admission/plugin/webhook/matchconditions/matcher.go: a false one skips the webhook, also
    beside an error; an error is a matter of the failurePolicy.
    """
    if found is None or found == []:
        return Link("match conditions", "holds", "there are none")
    return Link("match conditions", "unknown", "its matchConditions are not understood")
