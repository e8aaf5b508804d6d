"""The fields that Falco's filters know, by event source: libs (filterchecks) and the plugins of Falco's registry.

As of libs 0.25, the container plugin 0.7 and k8saudit 0.18. A class is a field's first word.
"""

from __future__ import annotations

import difflib

_EVERYWHERE = """
evt.num evt.time evt.time.s evt.time.iso8601 evt.datetime evt.datetime.s evt.rawtime evt.rawtime.s evt.rawtime.ns
evt.reltime evt.reltime.s evt.reltime.ns evt.pluginname evt.plugininfo evt.source evt.is_async evt.asynctype
evt.hostname util.cnt
"""
_SYSCALL = """
evt.latency evt.latency.s evt.latency.ns evt.latency.quantized evt.latency.human evt.deltatime evt.deltatime.s
evt.deltatime.ns evt.outputtime evt.dir evt.type evt.type.is syscall.type evt.category evt.cpu evt.args evt.arg
evt.rawarg evt.info evt.buffer evt.buflen evt.buflen.in evt.buflen.out evt.buflen.file evt.buflen.file.in
evt.buflen.file.out evt.buflen.net evt.buflen.net.in evt.buflen.net.out evt.res evt.rawres evt.failed evt.is_io
evt.is_io_read evt.is_io_write evt.io_dir evt.is_wait evt.wait_latency evt.is_syslog evt.count evt.count.error
evt.count.error.file evt.count.error.net evt.count.error.memory evt.count.error.other evt.count.exit
evt.count.procinfo evt.count.threadinfo evt.around evt.abspath evt.abspath.src evt.abspath.dst evt.is_open_read
evt.is_open_write evt.is_open_exec evt.is_open_create evt.infra.docker.name evt.infra.docker.container.id
evt.infra.docker.container.name evt.infra.docker.container.image
fd.num fd.type fd.typechar fd.name fd.directory fd.filename fd.ip fd.cip fd.sip fd.lip fd.rip fd.port fd.cport
fd.sport fd.lport fd.rport fd.l4proto fd.sockfamily fd.is_server fd.uid fd.containername fd.containerdirectory
fd.proto fd.cproto fd.sproto fd.lproto fd.rproto fd.net fd.cnet fd.snet fd.lnet fd.rnet fd.connected fd.name_changed
fd.cip.name fd.sip.name fd.lip.name fd.rip.name fd.dev fd.dev.major fd.dev.minor fd.ino fd.nameraw fd.types
fd.is_upper_layer fd.is_lower_layer
fdlist.nums fdlist.names fdlist.cips fdlist.sips fdlist.cports fdlist.sports
fs.path.name fs.path.nameraw fs.path.source fs.path.sourceraw fs.path.target fs.path.targetraw
group.gid group.name user.uid user.name user.homedir user.shell user.loginuid user.loginname
proc.exe proc.pexe proc.aexe proc.exepath proc.pexepath proc.aexepath proc.name proc.pname proc.aname proc.args
proc.aargs proc.cmdline proc.pcmdline proc.acmdline proc.cmdnargs proc.cmdlenargs proc.exeline proc.env proc.aenv
proc.cwd proc.loginshellid proc.tty proc.pid proc.ppid proc.apid proc.vpid proc.pvpid proc.sid proc.sname
proc.sid.exe proc.sid.exepath proc.vpgid proc.vpgid.name proc.vpgid.exe proc.vpgid.exepath proc.pgid proc.pgid.name
proc.pgid.exe proc.pgid.exepath proc.duration proc.ppid.duration proc.pid.ts proc.ppid.ts proc.is_exe_writable
proc.is_exe_upper_layer proc.is_exe_lower_layer proc.is_exe_from_memfd proc.is_sid_leader proc.is_vpgid_leader
proc.is_pgid_leader proc.exe_ino proc.exe_ino.ctime proc.exe_ino.mtime proc.exe_ino.ctime_duration_proc_start
proc.exe_ino.ctime_duration_pidns_start proc.pidns_init_start_ts proc.thread.cap_permitted
proc.thread.cap_inheritable proc.thread.cap_effective proc.is_container_healthcheck
proc.is_container_liveness_probe proc.is_container_readiness_probe proc.fdopencount proc.fdlimit proc.fdusage
proc.vmsize proc.vmrss proc.vmswap proc.nchilds proc.nthreads proc.stdin.type proc.stdin.name proc.stdout.type
proc.stdout.name proc.stderr.type proc.stderr.name
thread.pfmajor thread.pfminor thread.tid thread.ismain thread.vtid thread.nametid thread.exectime
thread.totexectime thread.cgroups thread.cgroup thread.cpu thread.cpu.user thread.cpu.system thread.vmsize
thread.vmrss thread.vmsize.b thread.vmrss.b thread.cap_permitted thread.cap_inheritable thread.cap_effective
container.id container.full_id container.name container.image container.image.id container.type
container.privileged container.mounts container.mount container.mount.source container.mount.dest
container.mount.mode container.mount.rdwr container.mount.propagation container.image.repository
container.image.tag container.image.digest container.healthcheck container.liveness_probe
container.readiness_probe container.start_ts container.duration container.ip container.cni.json
container.host_pid container.host_network container.host_ipc container.label container.labels container.info
k8s.ns.name k8s.pod.name k8s.pod.id k8s.pod.uid k8s.pod.sandbox_id k8s.pod.full_sandbox_id k8s.pod.label
k8s.pod.labels k8s.pod.ip k8s.pod.cni.json k8s.rc.name k8s.rc.id k8s.rc.label k8s.rc.labels k8s.svc.name k8s.svc.id
k8s.svc.label k8s.svc.labels k8s.ns.id k8s.ns.label k8s.ns.labels k8s.rs.name k8s.rs.id k8s.rs.label k8s.rs.labels
k8s.deployment.name k8s.deployment.id k8s.deployment.label k8s.deployment.labels
"""
_AUDIT = """
ka.auditid ka.auth.decision ka.auth.openshift.decision ka.auth.openshift.username ka.auth.reason ka.cluster.name
ka.impuser.name ka.req.binding.role ka.req.binding.subject.has_name ka.req.binding.subjects
ka.req.binding.subjects.group_names ka.req.binding.subjects.serviceaccount_names
ka.req.binding.subjects.serviceaccount_ns_names ka.req.binding.subjects.user_names ka.req.configmap.name
ka.req.configmap.obj ka.req.container.host_network ka.req.container.image ka.req.container.image.repository
ka.req.container.privileged ka.req.pod.fs_group ka.req.pod.host_ipc ka.req.pod.host_network ka.req.pod.host_pid
ka.req.pod.run_as_group ka.req.pod.run_as_user ka.req.pod.supplemental_groups ka.req.pod.volumes.flexvolume_driver
ka.req.pod.volumes.hostpath ka.req.pod.volumes.volume_type ka.req.role.rules ka.req.role.rules.apiGroups
ka.req.role.rules.nonResourceURLs ka.req.role.rules.resources ka.req.role.rules.verbs ka.req.service.ports
ka.req.service.type ka.req.volume.hostpath ka.resp.name ka.response.code ka.response.reason
ka.security.pod.violations ka.sourceips ka.stage ka.target.name ka.target.namespace ka.target.pod.name
ka.target.resource ka.target.subresource ka.uri ka.uri.param ka.user.groups ka.user.name ka.useragent
ka.validations.admission.policy.failure ka.verb jevt.value jevt.obj jevt.rawtime json.value json.obj json.rawtime
"""
_OF_CONTAINERS = """
name image image.repository command args privileged allow_privilege_escalation read_only_fs run_as_user
eff_run_as_user run_as_group eff_run_as_group proc_mount add_capabilities host_port
"""

_EVERY = frozenset(_EVERYWHERE.split())
_SYSCALLS = frozenset(_SYSCALL.split())
_LISTED = frozenset(
    f"ka.req.pod.{which}.{name}"
    for which in ("containers", "initContainers", "ephemeralContainers")
    for name in _OF_CONTAINERS.split()
    if (which, name) != ("ephemeralContainers", "host_port")
)
_AUDITS = frozenset(_AUDIT.split()) | _LISTED

# What may follow these is up to the event or the object: evt.arg.filename, container.label.app.
_OPEN = (
    "evt.arg.",
    "evt.rawarg.",
    "evt.around.",
    "evt.type.is.",
    "proc.env.",
    *(f"{name}." for name in sorted(_SYSCALLS) if name.endswith((".label", ".labels"))),
)
_AUDIT_SOURCES = ("k8s_audit",)
_BUILT_IN = frozenset(name.partition(".")[0] for name in _SYSCALLS) | {"span", "syslog", "util"}
_OF_AUDIT = frozenset({"ka", "jevt"})

PLUGIN_CLASSES = frozenset(
    "anomaly aws box ct docker dns edera gcp github gitlab json jevt k8smeta ka kafka keycloak krsi nginx nomad okta "
    "salesforce seccomp syslogsrv journal elb auth0 container k8s".split()
)
"""First words of the fields that plugins of Falco's registry bring."""

SOURCES = frozenset(
    "syscall k8s_audit aws_cloudtrail awselb box coding_agent collector dnscollector docker dummy dummy_c dummy_rs "
    "edera_zone gcp_auditlog github gitlab journal kafka keycloak nginx nomad okta salesforce seccompagent syslogsrv "
    "test".split()
)
"""The event sources of the engine and of the plugins in Falco's registry."""

MULTIPLE = frozenset(name for name in _AUDITS if ".containers." in name or "Containers." in name) | frozenset(
    "ka.req.container.image ka.req.container.image.repository ka.user.groups ka.sourceips ka.target.resource.list "
    "ka.req.pod.supplemental_groups ka.req.pod.volumes.hostpath ka.req.pod.volumes.volume_type "
    "ka.req.pod.volumes.flexvolume_driver ka.req.role.rules ka.req.role.rules.apiGroups ka.req.role.rules.resources "
    "ka.req.role.rules.nonResourceURLs ka.req.role.rules.verbs ka.req.binding.subjects "
    "ka.req.binding.subjects.user_names ka.req.binding.subjects.group_names "
    "ka.req.binding.subjects.serviceaccount_names ka.req.binding.subjects.serviceaccount_ns_names "
    "ka.req.service.ports evt.type.is proc.aname proc.aexe proc.aexepath proc.acmdline proc.aargs proc.aenv proc.apid "
    "fd.types fd.ip fd.port fd.net fdlist.nums fdlist.names fdlist.cips fdlist.sips fdlist.cports fdlist.sports "
    "jevt.value json.value".split()
)
"""Fields that hold several values at once, or that compare with either of two."""

SINCE_0_18 = tuple(f"ka.req.pod.{which}." for which in ("initContainers", "ephemeralContainers"))
"""Fields of k8saudit that came with 0.18.0."""

VALUES = {
    "ka.verb": frozenset(
        "get list watch create update patch delete deletecollection connect proxy head post put options".split()
    ),
    "ka.stage": frozenset({"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"}),
    "evt.dir": frozenset("<>"),
}
"""All values of fields that have few."""

SINGULARS = frozenset(
    "pod node namespace secret configmap deployment daemonset statefulset replicaset job cronjob service "
    "serviceaccount".split()
)
"""What people write for ka.target.resource, whose values are plurals in lower case."""


def is_known(name: str, source: str) -> bool | None:
    """Whether rules of an event source may use the field; None where a plugin may bring it."""
    if name in _EVERY:
        return True
    known = _SYSCALLS if source == "syscall" else _AUDITS if source in _AUDIT_SOURCES else None
    word = name.partition(".")[0]
    if known is not None and name in known:
        return True
    if source == "syscall" and name.startswith(_OPEN):
        return True
    if word in _OF_AUDIT and source != "k8s_audit":
        return None if word == "jevt" and known is None else False
    if word in _BUILT_IN:
        return False
    if word in ("ka", "jevt"):
        return False
    return None


def nearest(name: str, source: str) -> str:
    """The field that was probably meant, empty where none is near."""
    known = _AUDITS if source == "k8s_audit" else _SYSCALLS
    if name in known:
        return ""
    for prefix in ("container.", "ka.req.pod.containers."):
        if prefix + name in known:
            return prefix + name
    parent, _, tail = name.rpartition(".")
    if name.startswith("ka.") and tail == "image":
        return "ka.req.pod.containers.image"
    word = name.partition(".")[0] + "."
    alike = [field for field in sorted(known) if field.startswith(word) and abs(len(field) - len(name)) < 7]
    near = difflib.get_close_matches(name[:100], alike, 1, 0.8)
    return near[0] if near else parent if "." in parent and parent in known else ""


INSTEAD = {
    "k8s.ns.name": "ka.target.namespace",
    "k8s.pod.name": "ka.target.name",
    "user.name": "ka.user.name",
    "container.image": "ka.req.pod.containers.image",
    "container.image.repository": "ka.req.pod.containers.image.repository",
    "container.privileged": "ka.req.pod.containers.privileged",
}
"""For fields of system calls, what audit events have in their place."""


def other_source(name: str, source: str) -> str:
    """The source whose events have the field, where that is another one."""
    if source != "k8s_audit" and name in _AUDITS and not name.startswith("json."):
        return "k8s_audit"
    return "syscall" if source != "syscall" and name in _SYSCALLS else ""
