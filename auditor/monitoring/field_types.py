"""What the fields of Falco take: operators, values and arguments that do not fit stop Falco when it compiles a rule.

From libs: filter_compare.cpp (operators by type), value_parser.cpp (values by type), plugin_filtercheck.cpp
(arguments); the types of the fields from sinsp_filtercheck_*.cpp and the container, k8saudit and json plugins.
"""

from __future__ import annotations

import re

from auditor.monitoring.event_types import EVENT_TYPES
from auditor.monitoring.trees import Comparison, Field

BOOLEANS = frozenset(
    """
evt.failed evt.is_async evt.is_io evt.is_io_read evt.is_io_write evt.is_open_create evt.is_open_exec evt.is_open_read
evt.is_open_write evt.is_syslog evt.is_wait fd.connected fd.is_lower_layer fd.is_server fd.is_upper_layer
fd.name_changed proc.is_exe_from_memfd proc.is_exe_lower_layer proc.is_exe_upper_layer proc.is_exe_writable
proc.is_pgid_leader proc.is_sid_leader proc.is_vpgid_leader thread.ismain container.privileged
""".split()
)
NUMBERS = frozenset(
    """
evt.num evt.cpu evt.count evt.buflen evt.latency evt.deltatime evt.reltime evt.rawtime fd.num fd.ino fd.dev
fd.dev.major fd.dev.minor proc.pid proc.ppid proc.vpid proc.pvpid proc.sid proc.vpgid proc.pgid proc.loginshellid
proc.tty proc.duration proc.ppid.duration proc.pid.ts proc.cmdnargs proc.cmdlenargs proc.exe_ino proc.fdopencount
proc.fdlimit proc.nchilds proc.nthreads proc.vmsize proc.vmrss proc.vmswap thread.tid thread.vtid user.uid
user.loginuid group.gid util.cnt container.start_ts container.duration
""".split()
)
ADDRESSES = frozenset({"fd.cip", "fd.sip", "fd.lip", "fd.rip"})
NETWORKS = frozenset({"fd.net", "fd.cnet", "fd.snet", "fd.lnet", "fd.rnet"})
_TYPED = BOOLEANS | NUMBERS | ADDRESSES | NETWORKS | {"evt.type"}
FILTER_ONLY = NETWORKS | {"fd.ip", "fd.port", "fd.proto"}
"""Fields that an output cannot show."""

_CONTAINERS = frozenset(
    f"ka.req.pod.{which}.{name}"
    for which in ("containers", "initContainers", "ephemeralContainers")
    for name in (
        "args command name image image.repository host_port privileged allow_privilege_escalation read_only_fs "
        "run_as_user eff_run_as_user run_as_group eff_run_as_group proc_mount add_capabilities"
    ).split()
)
_INDEXED = _CONTAINERS | frozenset(
    "ka.req.role.rules.apiGroups ka.req.role.rules.nonResourceURLs ka.req.role.rules.verbs "
    "ka.req.role.rules.resources ka.req.service.ports ka.req.pod.volumes.hostpath "
    "ka.req.pod.volumes.flexvolume_driver ka.req.pod.volumes.volume_type ka.sourceips".split()
)
LISTS = _INDEXED | frozenset(
    "ka.user.groups ka.req.binding.subjects ka.req.binding.subjects.user_names "
    "ka.req.binding.subjects.serviceaccount_names ka.req.binding.subjects.serviceaccount_ns_names "
    "ka.req.binding.subjects.group_names ka.req.role.rules ka.req.pod.supplemental_groups fd.types".split()
)
"""Fields that are lists, with an index too: for `in` all of their values must be among those that are named, for
`intersects` one."""

_NEEDS_ARGUMENT = frozenset(
    "ka.uri.param ka.req.binding.subject.has_name ka.req.volume.hostpath jevt.value json.value container.mount "
    "container.mount.source container.mount.dest container.mount.mode container.mount.rdwr "
    "container.mount.propagation".split()
)
_OF_LISTS = frozenset({"exists", "in", "intersects"})
_OF_BOOLEANS = _OF_LISTS | {"=", "==", "!="}
_OF_NUMBERS = _OF_BOOLEANS | {"<", "<=", ">", ">="}
_FOR_BYTES = frozenset({"bcontains", "bstartswith"})
_WITHOUT_ARGUMENT = ("ka.", "container.image", "container.id", "container.name", "container.type")
_NUMBER = re.compile(r"[+-]?\d|0[xX]")
_ADDRESS = re.compile(r"[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")


class Misfit(Exception):
    """Falco does not compile a comparison; `unknown_type`: for an event type that there is not, which
    skip-if-unknown-filter skips."""

    def __init__(self, reason: str, *, unknown_type: bool = False) -> None:
        super().__init__(reason)
        self.unknown_type = unknown_type


def compile_comparison(test: Comparison, values: tuple[str, ...]) -> None:
    """Raises Misfit where Falco cannot compile it; `values` are those of it with lists written out.

    Fields whose type is not known here, and those that a transformer makes something else of, are taken as they are.
    """
    compile_field(test.field)
    for other in test.others:
        compile_field(other)
    name, operator = test.field.name, test.operator
    if test.field.changed:
        return
    allowed = _operators(name)
    if allowed is not None and operator not in allowed:
        instead = ""
        if name in LISTS:
            instead = ", a list, of which whole values are compared: with in, intersects and exists"
        raise Misfit(f"{operator} is no operator for {name}{instead}")
    if test.others or operator == "exists" or name not in _TYPED:
        return
    for value in values:
        _fits(name, value)


def compile_field(field: Field) -> None:
    """Raises Misfit where it lacks an argument, or has one too many."""
    if field.changed:
        return
    if field.name in _NEEDS_ARGUMENT and not field.argument:
        raise Misfit(f"{field.name} needs an argument in brackets")
    takes = field.name in _INDEXED or field.name in _NEEDS_ARGUMENT
    if field.argument and not takes and field.name.startswith(_WITHOUT_ARGUMENT):
        raise Misfit(f"{field.name} takes no argument in brackets")
    if field.name in _INDEXED and field.argument and not re.fullmatch(r"0|[1-9][0-9]*", field.argument, re.ASCII):
        raise Misfit(f"the argument of {field.name} is an index, a number from 0 on")


def _operators(name: str) -> frozenset[str] | None:
    if name in LISTS:
        return _OF_LISTS
    if name in BOOLEANS or name in ADDRESSES or name in NETWORKS:
        return _OF_BOOLEANS
    return _OF_NUMBERS if name in NUMBERS else None


def _fits(name: str, value: str) -> None:
    """Raises Misfit where a value cannot be the field's."""
    if name == "evt.type" and value not in EVENT_TYPES:
        raise Misfit(f"there is no event type {value}", unknown_type=True)
    if name in BOOLEANS and value not in ("true", "false"):
        raise Misfit(f"{name} is true or false, in lower case, and not {value}")
    if name in NUMBERS and not _NUMBER.match(value):
        raise Misfit(f"{name} is a number, and {value} is none")
    if name in ADDRESSES and not _ADDRESS.fullmatch(value):
        network = "; networks are compared with fd.snet and its like" if "/" in value else ""
        raise Misfit(f"{name} is an IP address, and {value} is none{network}")
    if name in NETWORKS and "/" not in value:
        raise Misfit(f"{name} is compared with networks, such as 10.0.0.0/8, and {value} is none")
