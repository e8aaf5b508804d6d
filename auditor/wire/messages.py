"""Protobuf into the declared Structs. Made from them by `python -m auditor.documentation`: not to be edited."""

# fmt: off
# ruff: noqa
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from auditor.wire.containers import Container, ContainerState, ContainerStatus, Env, EnvFrom, EphemeralState, EphemeralStatus, LocalReference, Running, RunningSince, SecurityContext, ValueFrom, VolumeMount, Waiting
from auditor.wire.decoding import decode_object
from auditor.wire.fields import NOTHING
from auditor.wire.lists import ListMeta, Status
from auditor.wire.metadata import ManagedFields, Manager, Metadata, OwnerReference, PodMetadata, SecretMetadata, TouchedFields
from auditor.wire.namespaces import Namespace, ObjectReference, Secret, ServiceAccount
from auditor.wire.nodes import Node, NodeImage, NodeInfo, NodeSpec, NodeStatus
from auditor.wire.pods import HostAlias, Pod, PodOS, PodSecurityContext, PodSpec, PodStatus, Template
from auditor.wire.services import Endpoint, EndpointConditions, EndpointPort, EndpointSlice, Service, ServicePort, ServiceSpec
from auditor.wire.values import Seen, base64, of_pod, sparse, time, token_volume
from auditor.wire.volumes import CSIVolume, HostPath, ImageVolume, Projected, ProjectedSource, SecretVolume, Volume
from auditor.wire.workloads import JobSpec, JobTemplate, Workload, WorkloadSpec, WorkloadStatus

_POOL = DescriptorPool()
_POOL.AddSerializedFile(
    b'\n\rauditor.proto\x12\x07auditor"\x17\n\x04Time\x12\x0f\n\x07seconds\x18\x01 \x01(\x03"#\n\x05Entry\x12\x0b\n\x03ke'
    b'y\x18\x01 \x01(\t\x12\r\n\x05value\x18\x02 \x01(\t"*\n\x0cEncodedEntry\x12\x0b\n\x03key\x18\x01 \x01(\t\x12\r\n\x05value\x18\x02 \x01'
    b'(\x0c"\x1d\n\tNamespace\x12\x10\n\x08metadata\x18\x01 \x01(\x0c"\xa2\x01\n\x08Metadata\x12\x0c\n\x04name\x18\x01 \x01(\t\x12\x15\n\r'
    b'generate_name\x18\x02 \x01(\t\x12\x11\n\tnamespace\x18\x03 \x01(\t\x12\x0b\n\x03uid\x18\x05 \x01(\t\x12\x12\n\ngeneratio'
    b'n\x18\x07 \x01(\x03\x12\x0e\n\x06labels\x18\x0b \x03(\x0c\x12\x13\n\x0bannotations\x18\x0c \x03(\x0c\x12\x18\n\x10owner_references'
    b'\x18\r \x03(\x0c"b\n\x0eOwnerReference\x12\x0c\n\x04kind\x18\x01 \x01(\t\x12\x0c\n\x04name\x18\x03 \x01(\t\x12\x0b\n\x03uid\x18\x04 \x01('
    b'\t\x12\x13\n\x0bapi_version\x18\x05 \x01(\t\x12\x12\n\ncontroller\x18\x06 \x01(\x08"6\n\x04Node\x12\x10\n\x08metadata\x18\x01'
    b' \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c\x12\x0e\n\x06status\x18\x03 \x01(\x0c"6\n\x08NodeSpec\x12\x15\n\runschedulable\x18'
    b'\x04 \x01(\x08\x12\x13\n\x0bprovider_id\x18\x03 \x01(\t"/\n\nNodeStatus\x12\x0e\n\x06images\x18\x08 \x03(\x0c\x12\x11\n\tnode'
    b'_info\x18\x07 \x01(\x0c".\n\tNodeImage\x12\r\n\x05names\x18\x01 \x03(\t\x12\x12\n\nsize_bytes\x18\x02 \x01(\x03"v\n\x08N'
    b'odeInfo\x12\x17\n\x0fkubelet_version\x18\x07 \x01(\t\x12!\n\x19container_runtime_version\x18\x06 '
    b'\x01(\t\x12\x18\n\x10operating_system\x18\t \x01(\t\x12\x14\n\x0carchitecture\x18\n \x01(\t"5\n\x03Pod\x12\x10\n\x08me'
    b'tadata\x18\x01 \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c\x12\x0e\n\x06status\x18\x03 \x01(\x0c"\xa5\x01\n\x0bPodMetadata\x12\x0c\n\x04na'
    b'me\x18\x01 \x01(\t\x12\x15\n\rgenerate_name\x18\x02 \x01(\t\x12\x11\n\tnamespace\x18\x03 \x01(\t\x12\x0b\n\x03uid\x18\x05 \x01(\t\x12'
    b'\x12\n\ngeneration\x18\x07 \x01(\x03\x12\x0e\n\x06labels\x18\x0b \x03(\x0c\x12\x13\n\x0bannotations\x18\x0c \x03(\x0c\x12\x18\n\x10owne'
    b'r_references\x18\r \x03(\x0c"=\n\x07Manager\x12\x0f\n\x07manager\x18\x01 \x01(\t\x12\x13\n\x0bsubresource\x18\x08 '
    b'\x01(\t\x12\x0c\n\x04time\x18\x04 \x01(\x0c"\xdc\x02\n\x07PodSpec\x12\x12\n\ncontainers\x18\x02 \x03(\x0c\x12\x17\n\x0finit_contai'
    b'ners\x18\x14 \x03(\x0c\x12\x1c\n\x14ephemeral_containers\x18" \x03(\x0c\x12\x0f\n\x07volumes\x18\x01 \x03(\x0c\x12\x1a\n\x12ima'
    b'ge_pull_secrets\x18\x0f \x03(\x0c\x12\x1c\n\x14service_account_name\x18\x08 \x01(\t\x12\x17\n\x0fservice_a'
    b'ccount\x18\t \x01(\t\x12\x11\n\tnode_name\x18\n \x01(\t\x12\x15\n\rnode_selector\x18\x07 \x03(\x0c\x12\x18\n\x10securi'
    b'ty_context\x18\x0e \x01(\x0c\x12\x12\n\nhost_users\x18% \x01(\x08\x12\x14\n\x0chost_network\x18\x0b \x01(\x08\x12\x12\n\ndn'
    b's_policy\x18\x06 \x01(\t\x12\x14\n\x0chost_aliases\x18\x17 \x03(\x0c\x12\n\n\x02os\x18$ \x01(\x0c"\xd2\x01\n\tContainer\x12\x0c'
    b'\n\x04name\x18\x01 \x01(\t\x12\r\n\x05image\x18\x02 \x01(\t\x12\x19\n\x11image_pull_policy\x18\x0e \x01(\t\x12\x16\n\x0erestar'
    b't_policy\x18\x18 \x01(\t\x12\x18\n\x10security_context\x18\x0f \x01(\x0c\x12\x10\n\x08env_from\x18\x13 \x03(\x0c\x12\x15\n\rvo'
    b'lume_mounts\x18\t \x03(\x0c\x12\x13\n\x0bworking_dir\x18\x05 \x01(\t\x12\x0f\n\x07command\x18\x03 \x03(\x0c\x12\x0c\n\x04args\x18'
    b'\x04 \x03(\x0c"?\n\x0fSecurityContext\x12\x13\n\x0brun_as_user\x18\x04 \x01(\x03\x12\x17\n\x0frun_as_non_root'
    b'\x18\x05 \x01(\x08"\x19\n\x03Env\x12\x12\n\nvalue_from\x18\x03 \x01(\x0c"\x19\n\tValueFrom\x12\x0c\n\x04in_4\x18\x04 \x01(\x0c"&\n\x0c'
    b'ValueFromIn4\x12\x16\n\x0esecret_key_ref\x18\x01 \x01(\x0c"\x1e\n\x0eLocalReference\x12\x0c\n\x04name\x18\x01'
    b' \x01(\t"\x17\n\x07EnvFrom\x12\x0c\n\x04in_3\x18\x03 \x01(\x0c" \n\nEnvFromIn3\x12\x12\n\nsecret_ref\x18\x01 \x01(\x0c"'
    b'X\n\x0bVolumeMount\x12\x0c\n\x04name\x18\x01 \x01(\t\x12\x12\n\nmount_path\x18\x03 \x01(\t\x12\x10\n\x08sub_path\x18\x04 \x01'
    b'(\t\x12\x15\n\rsub_path_expr\x18\x06 \x01(\t"\x1c\n\x0bPodSpecIn34\x12\r\n\x05inner\x18\x01 \x01(\x0c"$\n\x06Volum'
    b'e\x12\x0c\n\x04name\x18\x01 \x01(\t\x12\x0c\n\x04in_2\x18\x02 \x01(\x0c"l\n\tVolumeIn2\x12\r\n\x05image\x18\x1e \x01(\x0c\x12\x0e\n\x06sec'
    b'ret\x18\x06 \x01(\x0c\x12\x11\n\tprojected\x18\x1a \x01(\x0c\x12\r\n\x05in_19\x18\x13 \x01(\x0c\x12\x0b\n\x03csi\x18\x1c \x01(\x0c\x12\x11\n\thost'
    b'_path\x18\x01 \x01(\x0c"5\n\x0bImageVolume\x12\x11\n\treference\x18\x01 \x01(\t\x12\x13\n\x0bpull_policy\x18\x02 \x01'
    b'(\t"#\n\x0cSecretVolume\x12\x13\n\x0bsecret_name\x18\x01 \x01(\t"\x1c\n\tProjected\x12\x0f\n\x07sources\x18'
    b'\x01 \x03(\x0c"-\n\x0fProjectedSource\x12\x0c\n\x04in_1\x18\x01 \x01(\x0c\x12\x0c\n\x04in_3\x18\x03 \x01(\x0c"$\n\x12Projecte'
    b'dSourceIn1\x12\x0e\n\x06secret\x18\x01 \x01(\x0c"(\n\x12ProjectedSourceIn3\x12\x12\n\nconfig_map\x18\x01'
    b' \x01(\x0c"#\n\rVolumeIn2In19\x12\x12\n\nconfig_map\x18\x01 \x01(\x0c",\n\tCSIVolume\x12\x1f\n\x17node_p'
    b'ublish_secret_ref\x18\x05 \x01(\x0c"\x18\n\x08HostPath\x12\x0c\n\x04path\x18\x01 \x01(\t"B\n\x12PodSecurity'
    b'Context\x12\x13\n\x0brun_as_user\x18\x02 \x01(\x03\x12\x17\n\x0frun_as_non_root\x18\x03 \x01(\x08"\x1e\n\tHostAli'
    b'as\x12\x11\n\thostnames\x18\x02 \x03(\t"\x15\n\x05PodOS\x12\x0c\n\x04name\x18\x01 \x01(\t"n\n\tPodStatus\x12\x1a\n\x12con'
    b'tainer_statuses\x18\x08 \x03(\x0c\x12\x1f\n\x17init_container_statuses\x18\n \x03(\x0c\x12$\n\x1cepheme'
    b'ral_container_statuses\x18\r \x03(\x0c"O\n\x0fContainerStatus\x12\x0c\n\x04name\x18\x01 \x01(\t\x12\x10\n'
    b'\x08image_id\x18\x07 \x01(\t\x12\r\n\x05ready\x18\x04 \x01(\x08\x12\r\n\x05state\x18\x02 \x01(\x0c"2\n\x0eContainerState\x12'
    b'\x0f\n\x07waiting\x18\x01 \x01(\x0c\x12\x0f\n\x07running\x18\x02 \x01(\x0c"*\n\x07Waiting\x12\x0e\n\x06reason\x18\x01 \x01(\t\x12\x0f\n\x07'
    b'message\x18\x02 \x01(\t"O\n\x0fEphemeralStatus\x12\x0c\n\x04name\x18\x01 \x01(\t\x12\x10\n\x08image_id\x18\x07 \x01(\t'
    b'\x12\r\n\x05ready\x18\x04 \x01(\x08\x12\r\n\x05state\x18\x02 \x01(\x0c"2\n\x0eEphemeralState\x12\x0f\n\x07waiting\x18\x01 \x01('
    b'\x0c\x12\x0f\n\x07running\x18\x02 \x01(\x0c""\n\x0cRunningSince\x12\x12\n\nstarted_at\x18\x01 \x01(\x0c"O\n\x0eServic'
    b'eAccount\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x0f\n\x07secrets\x18\x02 \x03(\x0c\x12\x1a\n\x12image_pull_secret'
    b's\x18\x03 \x03(\x0c"\x1f\n\x0fObjectReference\x12\x0c\n\x04name\x18\x03 \x01(\t"K\n\x06Secret\x12\x10\n\x08metadata\x18\x01'
    b' \x01(\x0c\x12\x0c\n\x04type\x18\x03 \x01(\t\x12\x0c\n\x04data\x18\x02 \x03(\x0c\x12\x13\n\x0bstring_data\x18\x04 \x03(\x0c"\xdc\x01\n\x0eSecret'
    b'Metadata\x12\x0c\n\x04name\x18\x01 \x01(\t\x12\x15\n\rgenerate_name\x18\x02 \x01(\t\x12\x11\n\tnamespace\x18\x03 \x01(\t'
    b'\x12\x0b\n\x03uid\x18\x05 \x01(\t\x12\x12\n\ngeneration\x18\x07 \x01(\x03\x12\x0e\n\x06labels\x18\x0b \x03(\x0c\x12\x13\n\x0bannotations'
    b'\x18\x0c \x03(\x0c\x12\x18\n\x10owner_references\x18\r \x03(\x0c\x12\x1a\n\x12creation_timestamp\x18\x08 \x01(\x0c\x12\x16\n\x0e'
    b'managed_fields\x18\x11 \x03(\x0c"+\n\rManagedFields\x12\x0c\n\x04time\x18\x04 \x01(\x0c\x12\x0c\n\x04in_7\x18\x07 \x01('
    b'\x0c"%\n\x10ManagedFieldsIn7\x12\x11\n\tfields_v1\x18\x01 \x01(\x0c"O\n\x1dWorkloadReplicationC'
    b'ontroller\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c\x12\x0e\n\x06status\x18\x03 \x01(\x0c"G\n!Wor'
    b'kloadSpecReplicationController\x12\x10\n\x08replicas\x18\x01 \x01(\x03\x12\x10\n\x08template\x18\x03 \x01'
    b'(\x0c"*\n\x08Template\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c"B\n#WorkloadStatus'
    b'ReplicationController\x12\x1b\n\x13observed_generation\x18\x03 \x01(\x03"D\n\x12WorkloadDe'
    b'ployment\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c\x12\x0e\n\x06status\x18\x03 \x01(\x0c"<\n\x16Work'
    b'loadSpecDeployment\x12\x10\n\x08replicas\x18\x01 \x01(\x03\x12\x10\n\x08template\x18\x03 \x01(\x0c"7\n\x18Worklo'
    b'adStatusDeployment\x12\x1b\n\x13observed_generation\x18\x01 \x01(\x03"D\n\x12WorkloadRepli'
    b'caSet\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c\x12\x0e\n\x06status\x18\x03 \x01(\x0c"<\n\x16Workloa'
    b'dSpecReplicaSet\x12\x10\n\x08replicas\x18\x01 \x01(\x03\x12\x10\n\x08template\x18\x03 \x01(\x0c"7\n\x18WorkloadS'
    b'tatusReplicaSet\x12\x1b\n\x13observed_generation\x18\x03 \x01(\x03"E\n\x13WorkloadStateful'
    b'Set\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c\x12\x0e\n\x06status\x18\x03 \x01(\x0c"=\n\x17WorkloadS'
    b'pecStatefulSet\x12\x10\n\x08replicas\x18\x01 \x01(\x03\x12\x10\n\x08template\x18\x03 \x01(\x0c"Q\n\x19WorkloadSt'
    b'atusStatefulSet\x12\x1b\n\x13observed_generation\x18\x01 \x01(\x03\x12\x17\n\x0fupdate_revision\x18'
    b'\x07 \x01(\t"C\n\x11WorkloadDaemonSet\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c\x12\x0e\n\x06st'
    b'atus\x18\x03 \x01(\x0c")\n\x15WorkloadSpecDaemonSet\x12\x10\n\x08template\x18\x02 \x01(\x0c"z\n\x17Workloa'
    b'dStatusDaemonSet\x12\x1b\n\x13observed_generation\x18\x05 \x01(\x03\x12 \n\x18desired_number_'
    b'scheduled\x18\x03 \x01(\x03\x12 \n\x18updated_number_scheduled\x18\x06 \x01(\x03"=\n\x0bWorkloadJob'
    b'\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c\x12\x0e\n\x06status\x18\x03 \x01(\x0c"4\n\x0fWorkloadSpec'
    b'Job\x12\x0f\n\x07suspend\x18\n \x01(\x08\x12\x10\n\x08template\x18\x06 \x01(\x0c"\x13\n\x11WorkloadStatusJob"A\n\x0fW'
    b'orkloadCronJob\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c\x12\x0e\n\x06status\x18\x03 \x01(\x0c"<'
    b'\n\x13WorkloadSpecCronJob\x12\x0f\n\x07suspend\x18\x04 \x01(\x08\x12\x14\n\x0cjob_template\x18\x05 \x01(\x0c"\x1b\n\x0b'
    b'JobTemplate\x12\x0c\n\x04spec\x18\x02 \x01(\x0c"\x1b\n\x07JobSpec\x12\x10\n\x08template\x18\x06 \x01(\x0c"\x17\n\x15Worklo'
    b'adStatusCronJob")\n\x07Service\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x0c\n\x04spec\x18\x02 \x01(\x0c"P\n\x0bSe'
    b'rviceSpec\x12\x0c\n\x04type\x18\x04 \x01(\t\x12\x12\n\ncluster_ip\x18\x03 \x01(\t\x12\r\n\x05ports\x18\x01 \x03(\x0c\x12\x10\n\x08se'
    b'lector\x18\x02 \x03(\x0c"<\n\x0bServicePort\x12\x0c\n\x04name\x18\x01 \x01(\t\x12\x0c\n\x04port\x18\x03 \x01(\x03\x12\x11\n\tnode_'
    b'port\x18\x05 \x01(\x03"Y\n\rEndpointSlice\x12\x10\n\x08metadata\x18\x01 \x01(\x0c\x12\x14\n\x0caddress_type\x18\x04 '
    b'\x01(\t\x12\x11\n\tendpoints\x18\x02 \x03(\x0c\x12\r\n\x05ports\x18\x03 \x03(\x0c"\x1e\n\x08Endpoint\x12\x12\n\nconditions\x18'
    b'\x02 \x01(\x0c"#\n\x12EndpointConditions\x12\r\n\x05ready\x18\x01 \x01(\x08"\x1c\n\x0cEndpointPort\x12\x0c\n\x04na'
    b'me\x18\x01 \x01(\t"U\n\x08ListMeta\x12\x11\n\tcontinue_\x18\x03 \x01(\t\x12\x18\n\x10resource_version\x18\x02 \x01('
    b'\t\x12\x1c\n\x14remaining_item_count\x18\x04 \x01(\x03"I\n\x06Status\x12\x0f\n\x07message\x18\x03 \x01(\t\x12\x0e\n\x06re'
    b'ason\x18\x04 \x01(\t\x12\x0c\n\x04code\x18\x06 \x01(\x03\x12\x10\n\x08metadata\x18\x01 \x01(\x0cb\x08editionsp\xe8\x07'
)


def _parser(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"auditor.{name}")).FromString


_parse_CSIVolume = _parser("CSIVolume")
_parse_Container = _parser("Container")
_parse_ContainerState = _parser("ContainerState")
_parse_ContainerStatus = _parser("ContainerStatus")
_parse_EncodedEntry = _parser("EncodedEntry")
_parse_Endpoint = _parser("Endpoint")
_parse_EndpointConditions = _parser("EndpointConditions")
_parse_EndpointPort = _parser("EndpointPort")
_parse_EndpointSlice = _parser("EndpointSlice")
_parse_Entry = _parser("Entry")
_parse_Env = _parser("Env")
_parse_EnvFrom = _parser("EnvFrom")
_parse_EnvFromIn3 = _parser("EnvFromIn3")
_parse_EphemeralState = _parser("EphemeralState")
_parse_EphemeralStatus = _parser("EphemeralStatus")
_parse_HostAlias = _parser("HostAlias")
_parse_HostPath = _parser("HostPath")
_parse_ImageVolume = _parser("ImageVolume")
_parse_JobSpec = _parser("JobSpec")
_parse_JobTemplate = _parser("JobTemplate")
_parse_ListMeta = _parser("ListMeta")
_parse_LocalReference = _parser("LocalReference")
_parse_ManagedFields = _parser("ManagedFields")
_parse_ManagedFieldsIn7 = _parser("ManagedFieldsIn7")
_parse_Manager = _parser("Manager")
_parse_Metadata = _parser("Metadata")
_parse_Namespace = _parser("Namespace")
_parse_Node = _parser("Node")
_parse_NodeImage = _parser("NodeImage")
_parse_NodeInfo = _parser("NodeInfo")
_parse_NodeSpec = _parser("NodeSpec")
_parse_NodeStatus = _parser("NodeStatus")
_parse_ObjectReference = _parser("ObjectReference")
_parse_OwnerReference = _parser("OwnerReference")
_parse_Pod = _parser("Pod")
_parse_PodMetadata = _parser("PodMetadata")
_parse_PodOS = _parser("PodOS")
_parse_PodSecurityContext = _parser("PodSecurityContext")
_parse_PodSpec = _parser("PodSpec")
_parse_PodSpecIn34 = _parser("PodSpecIn34")
_parse_PodStatus = _parser("PodStatus")
_parse_Projected = _parser("Projected")
_parse_ProjectedSource = _parser("ProjectedSource")
_parse_ProjectedSourceIn1 = _parser("ProjectedSourceIn1")
_parse_ProjectedSourceIn3 = _parser("ProjectedSourceIn3")
_parse_RunningSince = _parser("RunningSince")
_parse_Secret = _parser("Secret")
_parse_SecretMetadata = _parser("SecretMetadata")
_parse_SecretVolume = _parser("SecretVolume")
_parse_SecurityContext = _parser("SecurityContext")
_parse_Service = _parser("Service")
_parse_ServiceAccount = _parser("ServiceAccount")
_parse_ServicePort = _parser("ServicePort")
_parse_ServiceSpec = _parser("ServiceSpec")
_parse_Status = _parser("Status")
_parse_Template = _parser("Template")
_parse_Time = _parser("Time")
_parse_ValueFrom = _parser("ValueFrom")
_parse_ValueFromIn4 = _parser("ValueFromIn4")
_parse_Volume = _parser("Volume")
_parse_VolumeIn2 = _parser("VolumeIn2")
_parse_VolumeIn2In19 = _parser("VolumeIn2In19")
_parse_VolumeMount = _parser("VolumeMount")
_parse_Waiting = _parser("Waiting")
_parse_WorkloadCronJob = _parser("WorkloadCronJob")
_parse_WorkloadDaemonSet = _parser("WorkloadDaemonSet")
_parse_WorkloadDeployment = _parser("WorkloadDeployment")
_parse_WorkloadJob = _parser("WorkloadJob")
_parse_WorkloadReplicaSet = _parser("WorkloadReplicaSet")
_parse_WorkloadReplicationController = _parser("WorkloadReplicationController")
_parse_WorkloadSpecCronJob = _parser("WorkloadSpecCronJob")
_parse_WorkloadSpecDaemonSet = _parser("WorkloadSpecDaemonSet")
_parse_WorkloadSpecDeployment = _parser("WorkloadSpecDeployment")
_parse_WorkloadSpecJob = _parser("WorkloadSpecJob")
_parse_WorkloadSpecReplicaSet = _parser("WorkloadSpecReplicaSet")
_parse_WorkloadSpecReplicationController = _parser("WorkloadSpecReplicationController")
_parse_WorkloadSpecStatefulSet = _parser("WorkloadSpecStatefulSet")
_parse_WorkloadStatefulSet = _parser("WorkloadStatefulSet")
_parse_WorkloadStatusCronJob = _parser("WorkloadStatusCronJob")
_parse_WorkloadStatusDaemonSet = _parser("WorkloadStatusDaemonSet")
_parse_WorkloadStatusDeployment = _parser("WorkloadStatusDeployment")
_parse_WorkloadStatusJob = _parser("WorkloadStatusJob")
_parse_WorkloadStatusReplicaSet = _parser("WorkloadStatusReplicaSet")
_parse_WorkloadStatusReplicationController = _parser("WorkloadStatusReplicationController")
_parse_WorkloadStatusStatefulSet = _parser("WorkloadStatusStatefulSet")
_MARK_Env = re.compile(b'(?s)\\x1a..?\\x22..?\\x0a')
_MARK_Manager = re.compile(b'ephemeralcontainers')


def readers() -> dict[str, Callable[[bytes | memoryview], Any]]:
    """By kind, what decodes an object of it: for one page, since it keeps what repeats."""

    def fill_CSIVolume(part: bytes | memoryview) -> CSIVolume:
        m = _parse_CSIVolume(part)
        return CSIVolume(
            fill_LocalReference(m.node_publish_secret_ref) if m.HasField("node_publish_secret_ref") else None,
        )

    def fill_Container(part: bytes | memoryview) -> Container:
        m = _parse_Container(part)
        return Container(
            m.name or None,
            m.image or None,
            m.image_pull_policy or None,
            m.restart_policy or None,
            fill_SecurityContext(m.security_context) if m.HasField("security_context") else None,
            sparse(part, 7, _MARK_Env, seen_Env),
            [seen_EnvFrom[part] for part in m.env_from],
            [seen_VolumeMount[part] for part in m.volume_mounts],
            m.working_dir or None,
            list(m.command),
            list(m.args),
        )

    def fill_ContainerState(part: bytes | memoryview) -> ContainerState:
        m = _parse_ContainerState(part)
        return ContainerState(
            fill_Waiting(m.waiting) if m.HasField("waiting") else None,
            Running() if m.HasField("running") else None,
        )

    def fill_ContainerStatus(part: bytes | memoryview) -> ContainerStatus:
        m = _parse_ContainerStatus(part)
        return ContainerStatus(
            m.name or None,
            m.image_id or None,
            m.ready if m.HasField("ready") else None,
            fill_ContainerState(m.state) if m.HasField("state") else None,
        )

    def fill_EncodedEntry(part: bytes | memoryview) -> tuple[str, str]:
        m = _parse_EncodedEntry(part)
        return (m.key, base64(m.value))

    def fill_Endpoint(part: bytes | memoryview) -> Endpoint:
        m = _parse_Endpoint(part)
        return Endpoint(
            fill_EndpointConditions(m.conditions) if m.HasField("conditions") else None,
        )

    def fill_EndpointConditions(part: bytes | memoryview) -> EndpointConditions:
        m = _parse_EndpointConditions(part)
        return EndpointConditions(
            m.ready if m.HasField("ready") else None,
        )

    def fill_EndpointPort(part: bytes | memoryview) -> EndpointPort:
        m = _parse_EndpointPort(part)
        return EndpointPort(
            m.name or None,
        )

    def fill_EndpointSlice(part: bytes | memoryview) -> EndpointSlice:
        m = _parse_EndpointSlice(part)
        return EndpointSlice(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            m.address_type or None,
            [seen_Endpoint[part] for part in m.endpoints],
            [seen_EndpointPort[part] for part in m.ports],
        )

    def fill_Entry(part: bytes | memoryview) -> tuple[str, str]:
        m = _parse_Entry(part)
        return (m.key, m.value)

    def fill_Env(part: bytes | memoryview) -> Env:
        m = _parse_Env(part)
        return Env(
            fill_ValueFrom(m.value_from) if m.HasField("value_from") else None,
        )

    def fill_EnvFrom(part: bytes | memoryview) -> EnvFrom:
        m = _parse_EnvFrom(part)
        m_3 = _parse_EnvFromIn3(m.in_3)
        return EnvFrom(
            fill_LocalReference(m_3.secret_ref) if m_3.HasField("secret_ref") else None,
        )

    def fill_EphemeralState(part: bytes | memoryview) -> EphemeralState:
        m = _parse_EphemeralState(part)
        return EphemeralState(
            fill_Waiting(m.waiting) if m.HasField("waiting") else None,
            fill_RunningSince(m.running) if m.HasField("running") else None,
        )

    def fill_EphemeralStatus(part: bytes | memoryview) -> EphemeralStatus:
        m = _parse_EphemeralStatus(part)
        return EphemeralStatus(
            m.name or None,
            m.image_id or None,
            m.ready if m.HasField("ready") else None,
            fill_EphemeralState(m.state) if m.HasField("state") else None,
        )

    def fill_HostAlias(part: bytes | memoryview) -> HostAlias:
        m = _parse_HostAlias(part)
        return HostAlias(
            list(m.hostnames),
        )

    def fill_HostPath(part: bytes | memoryview) -> HostPath:
        m = _parse_HostPath(part)
        return HostPath(
            m.path or None,
        )

    def fill_ImageVolume(part: bytes | memoryview) -> ImageVolume:
        m = _parse_ImageVolume(part)
        return ImageVolume(
            m.reference or None,
            m.pull_policy or None,
        )

    def fill_JobSpec(part: bytes | memoryview) -> JobSpec:
        m = _parse_JobSpec(part)
        return JobSpec(
            fill_Template(m.template) if m.HasField("template") else None,
        )

    def fill_JobTemplate(part: bytes | memoryview) -> JobTemplate:
        m = _parse_JobTemplate(part)
        return JobTemplate(
            fill_JobSpec(m.spec) if m.HasField("spec") else None,
        )

    def fill_ListMeta(part: bytes | memoryview) -> ListMeta:
        m = _parse_ListMeta(part)
        return ListMeta(
            m.continue_ or None,
            m.resource_version or None,
            m.remaining_item_count if m.HasField("remaining_item_count") else None,
        )

    def fill_LocalReference(part: bytes | memoryview) -> LocalReference:
        m = _parse_LocalReference(part)
        return LocalReference(
            m.name or None,
        )

    def fill_ManagedFields(part: bytes | memoryview) -> ManagedFields:
        m = _parse_ManagedFields(part)
        m_7 = _parse_ManagedFieldsIn7(m.in_7)
        return ManagedFields(
            time(_parse_Time(m.time).seconds),
            decode_object(TouchedFields, m_7.fields_v1) if m_7.HasField("fields_v1") else None,
        )

    def fill_Manager(part: bytes | memoryview) -> Manager:
        m = _parse_Manager(part)
        return Manager(
            m.manager or None,
            m.subresource or None,
            time(_parse_Time(m.time).seconds),
        )

    def fill_Metadata(part: bytes | memoryview) -> Metadata:
        m = _parse_Metadata(part)
        return Metadata(
            m.name or None,
            m.generate_name or None,
            m.namespace or None,
            m.uid or None,
            m.generation if m.HasField("generation") else None,
            dict([seen_Entry[part] for part in m.labels]) or None,
            list(m.annotations),
            [seen_OwnerReference[part] for part in m.owner_references],
        )

    def fill_Namespace(part: bytes | memoryview) -> Namespace:
        m = _parse_Namespace(part)
        return Namespace(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
        )

    def fill_Node(part: bytes | memoryview) -> Node:
        m = _parse_Node(part)
        return Node(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            fill_NodeSpec(m.spec) if m.HasField("spec") else None,
            fill_NodeStatus(m.status) if m.HasField("status") else None,
        )

    def fill_NodeImage(part: bytes | memoryview) -> NodeImage:
        m = _parse_NodeImage(part)
        return NodeImage(
            list(m.names),
            m.size_bytes if m.HasField("size_bytes") else None,
        )

    def fill_NodeInfo(part: bytes | memoryview) -> NodeInfo:
        m = _parse_NodeInfo(part)
        return NodeInfo(
            m.kubelet_version or None,
            m.container_runtime_version or None,
            m.operating_system or None,
            m.architecture or None,
        )

    def fill_NodeSpec(part: bytes | memoryview) -> NodeSpec:
        m = _parse_NodeSpec(part)
        return NodeSpec(
            m.unschedulable if m.HasField("unschedulable") else None,
            m.provider_id or None,
        )

    def fill_NodeStatus(part: bytes | memoryview) -> NodeStatus:
        m = _parse_NodeStatus(part)
        return NodeStatus(
            [seen_NodeImage[part] for part in m.images],
            fill_NodeInfo(m.node_info) if m.HasField("node_info") else None,
        )

    def fill_ObjectReference(part: bytes | memoryview) -> ObjectReference:
        m = _parse_ObjectReference(part)
        return ObjectReference(
            m.name or None,
        )

    def fill_OwnerReference(part: bytes | memoryview) -> OwnerReference:
        m = _parse_OwnerReference(part)
        return OwnerReference(
            m.kind or None,
            m.name or None,
            m.uid or None,
            m.api_version or None,
            m.controller if m.HasField("controller") else None,
        )

    def fill_Pod(part: bytes | memoryview) -> Pod:
        m = _parse_Pod(part)
        return Pod(
            fill_PodMetadata(m.metadata) if m.HasField("metadata") else None,
            fill_PodSpec(m.spec) if m.HasField("spec") else None,
            fill_PodStatus(m.status) if m.HasField("status") else None,
        )

    def fill_PodMetadata(part: bytes | memoryview) -> PodMetadata:
        m = _parse_PodMetadata(part)
        return PodMetadata(
            m.name or None,
            m.generate_name or None,
            m.namespace or None,
            m.uid or None,
            m.generation if m.HasField("generation") else None,
            dict([seen_Entry[part] for part in m.labels]) or None,
            list(m.annotations),
            [seen_OwnerReference[part] for part in m.owner_references],
            sparse(part, 17, _MARK_Manager, seen_Manager),
        )

    def fill_PodOS(part: bytes | memoryview) -> PodOS:
        m = _parse_PodOS(part)
        return PodOS(
            m.name or None,
        )

    def fill_PodSecurityContext(part: bytes | memoryview) -> PodSecurityContext:
        m = _parse_PodSecurityContext(part)
        return PodSecurityContext(
            m.run_as_user if m.HasField("run_as_user") else None,
            m.run_as_non_root if m.HasField("run_as_non_root") else None,
        )

    def fill_PodSpec(part: bytes | memoryview) -> PodSpec:
        m = _parse_PodSpec(part)
        token = token_volume(m.volumes)
        return PodSpec(
            of_pod(m.containers, token, seen_Container),
            of_pod(m.init_containers, token, seen_Container),
            [seen_Container[_parse_PodSpecIn34(part).inner] for part in m.ephemeral_containers],
            of_pod(m.volumes, token, seen_Volume),
            [seen_LocalReference[part] for part in m.image_pull_secrets],
            m.service_account_name or None,
            m.service_account or None,
            m.node_name or None,
            dict([seen_Entry[part] for part in m.node_selector]) or None,
            fill_PodSecurityContext(m.security_context) if m.HasField("security_context") else None,
            m.host_users if m.HasField("host_users") else None,
            m.host_network if m.HasField("host_network") else None,
            m.dns_policy or None,
            [seen_HostAlias[part] for part in m.host_aliases],
            fill_PodOS(m.os) if m.HasField("os") else None,
        )

    def fill_PodStatus(part: bytes | memoryview) -> PodStatus:
        m = _parse_PodStatus(part)
        return PodStatus(
            [seen_ContainerStatus[part] for part in m.container_statuses],
            [seen_ContainerStatus[part] for part in m.init_container_statuses],
            [seen_EphemeralStatus[part] for part in m.ephemeral_container_statuses],
        )

    def fill_Projected(part: bytes | memoryview) -> Projected:
        m = _parse_Projected(part)
        return Projected(
            [seen_ProjectedSource[part] for part in m.sources],
        )

    def fill_ProjectedSource(part: bytes | memoryview) -> ProjectedSource:
        m = _parse_ProjectedSource(part)
        m_1 = _parse_ProjectedSourceIn1(m.in_1)
        m_3 = _parse_ProjectedSourceIn3(m.in_3)
        return ProjectedSource(
            fill_LocalReference(m_1.secret) if m_1.HasField("secret") else None,
            fill_LocalReference(m_3.config_map) if m_3.HasField("config_map") else None,
        )

    def fill_RunningSince(part: bytes | memoryview) -> RunningSince:
        m = _parse_RunningSince(part)
        return RunningSince(
            time(_parse_Time(m.started_at).seconds),
        )

    def fill_Secret(part: bytes | memoryview) -> Secret:
        m = _parse_Secret(part)
        return Secret(
            fill_SecretMetadata(m.metadata) if m.HasField("metadata") else None,
            m.type or None,
            dict([seen_EncodedEntry[part] for part in m.data]) or None,
            dict([seen_Entry[part] for part in m.string_data]) or None,
        )

    def fill_SecretMetadata(part: bytes | memoryview) -> SecretMetadata:
        m = _parse_SecretMetadata(part)
        return SecretMetadata(
            m.name or None,
            m.generate_name or None,
            m.namespace or None,
            m.uid or None,
            m.generation if m.HasField("generation") else None,
            dict([seen_Entry[part] for part in m.labels]) or None,
            list(m.annotations),
            [seen_OwnerReference[part] for part in m.owner_references],
            time(_parse_Time(m.creation_timestamp).seconds),
            [seen_ManagedFields[part] for part in m.managed_fields],
        )

    def fill_SecretVolume(part: bytes | memoryview) -> SecretVolume:
        m = _parse_SecretVolume(part)
        return SecretVolume(
            m.secret_name or None,
        )

    def fill_SecurityContext(part: bytes | memoryview) -> SecurityContext:
        m = _parse_SecurityContext(part)
        return SecurityContext(
            m.run_as_user if m.HasField("run_as_user") else None,
            m.run_as_non_root if m.HasField("run_as_non_root") else None,
        )

    def fill_Service(part: bytes | memoryview) -> Service:
        m = _parse_Service(part)
        return Service(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            fill_ServiceSpec(m.spec) if m.HasField("spec") else None,
        )

    def fill_ServiceAccount(part: bytes | memoryview) -> ServiceAccount:
        m = _parse_ServiceAccount(part)
        return ServiceAccount(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            [seen_ObjectReference[part] for part in m.secrets],
            [seen_LocalReference[part] for part in m.image_pull_secrets],
        )

    def fill_ServicePort(part: bytes | memoryview) -> ServicePort:
        m = _parse_ServicePort(part)
        return ServicePort(
            m.name or None,
            m.port if m.HasField("port") else None,
            m.node_port if m.HasField("node_port") else None,
        )

    def fill_ServiceSpec(part: bytes | memoryview) -> ServiceSpec:
        m = _parse_ServiceSpec(part)
        return ServiceSpec(
            m.type or None,
            m.cluster_ip or None,
            [seen_ServicePort[part] for part in m.ports],
            dict([seen_Entry[part] for part in m.selector]) or None,
        )

    def fill_Status(part: bytes | memoryview) -> Status:
        m = _parse_Status(part)
        return Status(
            None,
            m.message or None,
            m.reason or None,
            m.code if m.HasField("code") else None,
            fill_ListMeta(m.metadata) if m.HasField("metadata") else None,
        )

    def fill_Template(part: bytes | memoryview) -> Template:
        m = _parse_Template(part)
        return Template(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            fill_PodSpec(m.spec) if m.HasField("spec") else None,
        )

    def fill_ValueFrom(part: bytes | memoryview) -> ValueFrom:
        m = _parse_ValueFrom(part)
        m_4 = _parse_ValueFromIn4(m.in_4)
        return ValueFrom(
            fill_LocalReference(m_4.secret_key_ref) if m_4.HasField("secret_key_ref") else None,
        )

    def fill_Volume(part: bytes | memoryview) -> Volume:
        m = _parse_Volume(part)
        m_2 = _parse_VolumeIn2(m.in_2)
        m_2_19 = _parse_VolumeIn2In19(m_2.in_19)
        return Volume(
            m.name or None,
            fill_ImageVolume(m_2.image) if m_2.HasField("image") else None,
            fill_SecretVolume(m_2.secret) if m_2.HasField("secret") else None,
            fill_Projected(m_2.projected) if m_2.HasField("projected") else None,
            fill_LocalReference(m_2_19.config_map) if m_2_19.HasField("config_map") else None,
            fill_CSIVolume(m_2.csi) if m_2.HasField("csi") else None,
            fill_HostPath(m_2.host_path) if m_2.HasField("host_path") else None,
        )

    def fill_VolumeMount(part: bytes | memoryview) -> VolumeMount:
        m = _parse_VolumeMount(part)
        return VolumeMount(
            m.name or None,
            m.mount_path or None,
            m.sub_path or None,
            m.sub_path_expr or None,
        )

    def fill_Waiting(part: bytes | memoryview) -> Waiting:
        m = _parse_Waiting(part)
        return Waiting(
            m.reason or None,
            m.message or None,
        )

    def fill_WorkloadCronJob(part: bytes | memoryview) -> Workload:
        m = _parse_WorkloadCronJob(part)
        return Workload(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            fill_WorkloadSpecCronJob(m.spec) if m.HasField("spec") else None,
            fill_WorkloadStatusCronJob(m.status) if m.HasField("status") else None,
        )

    def fill_WorkloadDaemonSet(part: bytes | memoryview) -> Workload:
        m = _parse_WorkloadDaemonSet(part)
        return Workload(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            fill_WorkloadSpecDaemonSet(m.spec) if m.HasField("spec") else None,
            fill_WorkloadStatusDaemonSet(m.status) if m.HasField("status") else None,
        )

    def fill_WorkloadDeployment(part: bytes | memoryview) -> Workload:
        m = _parse_WorkloadDeployment(part)
        return Workload(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            fill_WorkloadSpecDeployment(m.spec) if m.HasField("spec") else None,
            fill_WorkloadStatusDeployment(m.status) if m.HasField("status") else None,
        )

    def fill_WorkloadJob(part: bytes | memoryview) -> Workload:
        m = _parse_WorkloadJob(part)
        return Workload(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            fill_WorkloadSpecJob(m.spec) if m.HasField("spec") else None,
            fill_WorkloadStatusJob(m.status) if m.HasField("status") else None,
        )

    def fill_WorkloadReplicaSet(part: bytes | memoryview) -> Workload:
        m = _parse_WorkloadReplicaSet(part)
        return Workload(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            fill_WorkloadSpecReplicaSet(m.spec) if m.HasField("spec") else None,
            fill_WorkloadStatusReplicaSet(m.status) if m.HasField("status") else None,
        )

    def fill_WorkloadReplicationController(part: bytes | memoryview) -> Workload:
        m = _parse_WorkloadReplicationController(part)
        return Workload(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            fill_WorkloadSpecReplicationController(m.spec) if m.HasField("spec") else None,
            fill_WorkloadStatusReplicationController(m.status) if m.HasField("status") else None,
        )

    def fill_WorkloadSpecCronJob(part: bytes | memoryview) -> WorkloadSpec:
        m = _parse_WorkloadSpecCronJob(part)
        return WorkloadSpec(
            None,
            m.suspend if m.HasField("suspend") else None,
            None,
            fill_JobTemplate(m.job_template) if m.HasField("job_template") else None,
        )

    def fill_WorkloadSpecDaemonSet(part: bytes | memoryview) -> WorkloadSpec:
        m = _parse_WorkloadSpecDaemonSet(part)
        return WorkloadSpec(
            None,
            None,
            fill_Template(m.template) if m.HasField("template") else None,
            None,
        )

    def fill_WorkloadSpecDeployment(part: bytes | memoryview) -> WorkloadSpec:
        m = _parse_WorkloadSpecDeployment(part)
        return WorkloadSpec(
            m.replicas if m.HasField("replicas") else None,
            None,
            fill_Template(m.template) if m.HasField("template") else None,
            None,
        )

    def fill_WorkloadSpecJob(part: bytes | memoryview) -> WorkloadSpec:
        m = _parse_WorkloadSpecJob(part)
        return WorkloadSpec(
            None,
            m.suspend if m.HasField("suspend") else None,
            fill_Template(m.template) if m.HasField("template") else None,
            None,
        )

    def fill_WorkloadSpecReplicaSet(part: bytes | memoryview) -> WorkloadSpec:
        m = _parse_WorkloadSpecReplicaSet(part)
        return WorkloadSpec(
            m.replicas if m.HasField("replicas") else None,
            None,
            fill_Template(m.template) if m.HasField("template") else None,
            None,
        )

    def fill_WorkloadSpecReplicationController(part: bytes | memoryview) -> WorkloadSpec:
        m = _parse_WorkloadSpecReplicationController(part)
        return WorkloadSpec(
            m.replicas if m.HasField("replicas") else None,
            None,
            fill_Template(m.template) if m.HasField("template") else None,
            None,
        )

    def fill_WorkloadSpecStatefulSet(part: bytes | memoryview) -> WorkloadSpec:
        m = _parse_WorkloadSpecStatefulSet(part)
        return WorkloadSpec(
            m.replicas if m.HasField("replicas") else None,
            None,
            fill_Template(m.template) if m.HasField("template") else None,
            None,
        )

    def fill_WorkloadStatefulSet(part: bytes | memoryview) -> Workload:
        m = _parse_WorkloadStatefulSet(part)
        return Workload(
            fill_Metadata(m.metadata) if m.HasField("metadata") else None,
            fill_WorkloadSpecStatefulSet(m.spec) if m.HasField("spec") else None,
            fill_WorkloadStatusStatefulSet(m.status) if m.HasField("status") else None,
        )

    def fill_WorkloadStatusCronJob(part: bytes | memoryview) -> WorkloadStatus:
        m = _parse_WorkloadStatusCronJob(part)
        return WorkloadStatus(
            None,
            None,
            None,
            None,
        )

    def fill_WorkloadStatusDaemonSet(part: bytes | memoryview) -> WorkloadStatus:
        m = _parse_WorkloadStatusDaemonSet(part)
        return WorkloadStatus(
            m.observed_generation if m.HasField("observed_generation") else None,
            None,
            m.desired_number_scheduled if m.HasField("desired_number_scheduled") else None,
            m.updated_number_scheduled if m.HasField("updated_number_scheduled") else None,
        )

    def fill_WorkloadStatusDeployment(part: bytes | memoryview) -> WorkloadStatus:
        m = _parse_WorkloadStatusDeployment(part)
        return WorkloadStatus(
            m.observed_generation if m.HasField("observed_generation") else None,
            None,
            None,
            None,
        )

    def fill_WorkloadStatusJob(part: bytes | memoryview) -> WorkloadStatus:
        m = _parse_WorkloadStatusJob(part)
        return WorkloadStatus(
            None,
            None,
            None,
            None,
        )

    def fill_WorkloadStatusReplicaSet(part: bytes | memoryview) -> WorkloadStatus:
        m = _parse_WorkloadStatusReplicaSet(part)
        return WorkloadStatus(
            m.observed_generation if m.HasField("observed_generation") else None,
            None,
            None,
            None,
        )

    def fill_WorkloadStatusReplicationController(part: bytes | memoryview) -> WorkloadStatus:
        m = _parse_WorkloadStatusReplicationController(part)
        return WorkloadStatus(
            m.observed_generation if m.HasField("observed_generation") else None,
            None,
            None,
            None,
        )

    def fill_WorkloadStatusStatefulSet(part: bytes | memoryview) -> WorkloadStatus:
        m = _parse_WorkloadStatusStatefulSet(part)
        return WorkloadStatus(
            m.observed_generation if m.HasField("observed_generation") else None,
            m.update_revision or None,
            None,
            None,
        )

    seen_Container = Seen(fill_Container)
    seen_ContainerStatus = Seen(fill_ContainerStatus)
    seen_EncodedEntry = Seen(fill_EncodedEntry)
    seen_Endpoint = Seen(fill_Endpoint)
    seen_EndpointPort = Seen(fill_EndpointPort)
    seen_Entry = Seen(fill_Entry)
    seen_Env = Seen(fill_Env)
    seen_EnvFrom = Seen(fill_EnvFrom)
    seen_EphemeralStatus = Seen(fill_EphemeralStatus)
    seen_HostAlias = Seen(fill_HostAlias)
    seen_LocalReference = Seen(fill_LocalReference)
    seen_ManagedFields = Seen(fill_ManagedFields)
    seen_Manager = Seen(fill_Manager)
    seen_NodeImage = Seen(fill_NodeImage)
    seen_ObjectReference = Seen(fill_ObjectReference)
    seen_OwnerReference = Seen(fill_OwnerReference)
    seen_ProjectedSource = Seen(fill_ProjectedSource)
    seen_ServicePort = Seen(fill_ServicePort)
    seen_Volume = Seen(fill_Volume)
    seen_VolumeMount = Seen(fill_VolumeMount)
    return {
        "Namespace": fill_Namespace,
        "Node": fill_Node,
        "Pod": fill_Pod,
        "ServiceAccount": fill_ServiceAccount,
        "Secret": fill_Secret,
        "ReplicationController": fill_WorkloadReplicationController,
        "Deployment": fill_WorkloadDeployment,
        "ReplicaSet": fill_WorkloadReplicaSet,
        "StatefulSet": fill_WorkloadStatefulSet,
        "DaemonSet": fill_WorkloadDaemonSet,
        "Job": fill_WorkloadJob,
        "CronJob": fill_WorkloadCronJob,
        "Service": fill_Service,
        "EndpointSlice": fill_EndpointSlice,
        "ListMeta": fill_ListMeta,
        "Status": fill_Status,
    }
