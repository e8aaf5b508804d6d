"""Controllers with a pod template. Numbers: generated.proto of k8s.io/api/apps/v1, batch/v1 and core/v1."""

from __future__ import annotations

from typing import Annotated

from auditor.wire.fields import Number, Wire
from auditor.wire.metadata import Metadata
from auditor.wire.pods import Template


class JobSpec(Wire):
    template: Annotated[Template | None, Number(6)] = None


class JobTemplate(Wire):
    spec: Annotated[JobSpec | None, Number(2)] = None


class WorkloadSpec(Wire):
    replicas: Annotated[int | None, Number(Deployment=1, ReplicaSet=1, StatefulSet=1, ReplicationController=1)] = None
    suspend: Annotated[bool | None, Number(Job=10, CronJob=4)] = None
    template: Annotated[
        Template | None,
        Number(Deployment=3, ReplicaSet=3, StatefulSet=3, ReplicationController=3, DaemonSet=2, Job=6),
    ] = None
    job_template: Annotated[JobTemplate | None, Number(CronJob=5)] = None


class WorkloadStatus(Wire):
    """As far as it says which revision a workload's pods are of."""

    observed_generation: Annotated[
        int | None, Number(Deployment=1, ReplicaSet=3, StatefulSet=1, ReplicationController=3, DaemonSet=5)
    ] = None
    update_revision: Annotated[str | None, Number(StatefulSet=7)] = None
    desired_number_scheduled: Annotated[int | None, Number(DaemonSet=3)] = None
    updated_number_scheduled: Annotated[int | None, Number(DaemonSet=6)] = None


class Workload(Wire):
    """Any controller with a pod template: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob, Rollout …"""

    metadata: Annotated[Metadata | None, Number(1)] = None
    spec: Annotated[WorkloadSpec | None, Number(2)] = None
    status: Annotated[WorkloadStatus | None, Number(3)] = None
