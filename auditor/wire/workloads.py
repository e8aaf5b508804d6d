"""Controllers with a pod template."""

from __future__ import annotations

from auditor.wire.fields import Wire
from auditor.wire.metadata import Metadata
from auditor.wire.pods import Template


class JobSpec(Wire):
    template: Template | None = None


class JobTemplate(Wire):
    spec: JobSpec | None = None


class WorkloadSpec(Wire):
    replicas: int | None = None
    suspend: bool | None = None
    template: Template | None = None
    job_template: JobTemplate | None = None


class WorkloadStatus(Wire):
    """As far as it says which revision a workload's pods are of."""

    observed_generation: int | None = None
    update_revision: str | None = None
    desired_number_scheduled: int | None = None
    updated_number_scheduled: int | None = None


class Workload(Wire):
    """Any controller with a pod template: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob, Rollout …"""

    metadata: Metadata | None = None
    spec: WorkloadSpec | None = None
    status: WorkloadStatus | None = None
