"""The names of the rules and lists of Falco's stock rules, which changes in other files are made to."""

from __future__ import annotations

RULES = frozenset(
    """
Adding ssh keys to authorized_keys
All K8s Audit Events
Anonymous Request Allowed
Attach to cluster-admin Role
Attach/Exec Pod
BPF Program Not Profiled
Backdoored library loaded into SSHD (CVE-2024-3094)
Basic Interactive Reconnaissance
Change namespace privileges via unshare
Change thread namespace
Clear Log Activities
ClusterRole With Pod Exec Created
ClusterRole With Wildcard Created
ClusterRole With Write Privileges Created
Contact EC2 Instance Metadata Service From Container
Contact K8S API Server From Container
Contact cloud metadata service from container
Container Access to Host Sensitive Paths
Container Drift Detected (chmod)
Container Drift Detected (open+create)
Container Run as Root User
Create Disallowed Namespace
Create Disallowed Pod
Create Hardlink Over Sensitive Files
Create Hidden Files or Directories
Create HostIPC Pod
Create HostNetwork Pod
Create HostPid Pod
Create NodePort Service
Create Privileged Pod
Create Sensitive Mount Pod
Create Symlink Over Sensitive Files
Create files below dev
Create/Modify Configmap With Private Credentials
DB program spawned process
Debugfs Launched in Privileged Container
Decoding Payload in Container
Delete or rename shell history
Detect crypto miners using the Stratum protocol
Detect outbound connections to common miner pool ports
Detect release_agent File Container Escapes
Directory traversal monitored file read
Disallowed K8s User
Disallowed SSH Connection
Disallowed SSH Connection Non Standard Port
Drop and execute new binary in container
EphemeralContainers Created
Execution from /dev/shm
Exfiltrating Artifacts via Kubernetes Control Plane
Fileless execution via memfd_create
Find AWS Credentials
Full K8s Administrative Access
Ingress Object without TLS Certificate Created
Interpreted procs inbound network activity
Interpreted procs outbound network activity
Java Process Class File Download
K8s ClusterRole Created
K8s ClusterRole Deleted
K8s ClusterRoleBinding Created
K8s ClusterRoleBinding Deleted
K8s ConfigMap Created
K8s ConfigMap Deleted
K8s Deployment Created
K8s Deployment Deleted
K8s Namespace Created
K8s Namespace Deleted
K8s Role Created
K8s Role Deleted
K8s RoleBinding Created
K8s RoleBinding Deleted
K8s Secret Created
K8s Secret Deleted
K8s Secret Get Successfully
K8s Secret Get Unsuccessfully Tried
K8s Service Created
K8s Service Deleted
K8s Serviceaccount Created
K8s Serviceaccount Deleted
Known Cryptominer Process Executed
Kubernetes Client Tool Launched in Container
Launch Disallowed Container
Launch Excessively Capable Container
Launch Ingress Remote File Copy Tools in Container
Launch Package Management Process in Container
Launch Privileged Container
Launch Remote File Copy Tools in Container
Launch Sensitive Mount Container
Launch Suspicious Network Tool in Container
Launch Suspicious Network Tool on Host
Linux Kernel Module Injection Detected
Mkdir binary dirs
Modify Container Entrypoint
Modify Shell Configuration File
Modify binary dirs
Mount Launched in Privileged Container
Netcat Remote Code Execution in Container
Netcat/Socat Remote Code Execution on Host
Network Connection outside Local Subnet
Network Tool Executed During NPM Package Install
Non sudo setuid
Outbound Connection to C2 Servers
Outbound or Inbound Traffic not to Authorized Server Process and Port
PTRACE anti-debug attempt
PTRACE attached to process
Packet socket created in container
Pod Created in Kube Namespace
Polkit Local Privilege Escalation Vulnerability (CVE-2021-4034)
Potential Local Privilege Escalation via Environment Variables Misuse
Privileged Container Device Access
Program run with disallowed http proxy env
Read Shell Configuration File
Read environment variable from /proc files
Read sensitive file trusted after startup
Read sensitive file untrusted
Read ssh information
Redirect STDOUT/STDIN to Network Connection in Container
Remove Bulk Data from Disk
Reverse Shell from Web Server
Run shell untrusted
Schedule Cron Jobs
Search Private Keys or Passwords
Service Account Created in Kube Namespace
Set Setuid or Setgid bit
Sudo Potential Privilege Escalation
System ClusterRole Modified/Deleted
System procs network activity
System user interactive
Terminal shell in container
Unexpected K8s NodePort Connection
Unexpected UDP Traffic
Unexpected inbound connection source
Unexpected outbound connection destination
Unprivileged Delegation of Page Faults Handling to a Userspace Process
Untrusted Node Successfully Joined the Cluster
Untrusted Node Unsuccessfully Tried to Join the Cluster
Update Package Repository
User mgmt binaries
Web Server Spawned Shell
Web Server Spawned Suspicious Child Process
Write below binary dir
Write below etc
Write below monitored dir
Write below root
Write below rpm database
port-forward
""".strip().split("\n")
)
"""As of falco-rules 5 and k8saudit-rules 0.18."""

LISTS = frozenset(
    """
allowed_container_images_loading_kernel_module allowed_dev_files allowed_image allowed_inbound_source_domains
allowed_inbound_source_ipaddrs allowed_inbound_source_networks allowed_k8s_nodes allowed_k8s_users
allowed_kube_namespace_image_list allowed_namespaces allowed_outbound_destination_domains
allowed_outbound_destination_ipaddrs allowed_outbound_destination_networks authorized_server_binary
authorized_server_port bash_config_filenames bash_config_files bpf_profiled_binaries c2_server_fqdn_list
c2_server_ip_list coreutils_binaries cron_binaries csh_config_filenames csh_config_files data_remove_commands
db_server_binaries deb_binaries dev_creation_binaries dhcp_binaries docker_binaries eks_allowed_k8s_users
exclude_hidden_directories expected_udp_ports falco_containers falco_no_driver_containers falco_privileged_images
falco_sensitive_mount_images full_admin_k8s_users gitlab_binaries grep_binaries hids_binaries http_miner_domains
http_proxy_binaries http_server_binaries https_miner_domains ibm_cloud_containers ingress_remote_file_copy_binaries
interpreted_binaries k8s_audit_hostipc_images k8s_audit_hostnetwork_images k8s_audit_hostpid_images
k8s_audit_privileged_images k8s_audit_sensitive_mount_images k8s_audit_stages k8s_binaries k8s_client_binaries
k8s_image_list known_binaries_to_read_environment_variables_from_proc_files known_decode_payload_containers
known_drop_and_execute_containers known_istio_files known_memfd_execution_binaries known_ptrace_binaries
known_root_directories known_root_files known_sa_list known_setuid_binaries known_shell_spawn_cmdlines
known_system_procs_network_activity_binaries l2tp_udp_ports log_directories log_files login_binaries lxd_binaries
mail_binaries mail_config_binaries mesos_shell_binaries miner_binaries miner_domains miner_ports monitored_directories
ms_oms_binaries namespace_scope_network_only_subnet needrestart_binaries network_plugin_binaries network_tool_binaries
node_package_managers nomachine_binaries nosql_server_binaries ntp_ports openscap_rpm_binaries openvpn_udp_ports
package_mgmt_binaries passwd_binaries plesk_binaries postgres_mgmt_binaries protected_shell_spawning_binaries
python_package_managers read_sensitive_file_binaries read_sensitive_file_images recon_binaries
redhat_io_images_privileged remote_file_copy_binaries repository_directories repository_files rfc_1918_addresses
rpm_binaries run_as_root_image_list safe_etc_dirs sematext_images sensitive_directory_names sensitive_file_names
shadowutils_binaries shell_binaries shell_config_directories shell_config_filenames shell_config_files
shell_mgmt_binaries ssh_binaries ssh_non_standard_ports sshkit_script_binaries ssl_mgmt_binaries statsd_ports
suspicious_web_children sysdigcloud_binaries test_connect_ports trusted_images user_allowed_kube_namespace_image_list
user_known_change_thread_namespace_binaries user_known_chmod_applications user_known_k8s_images
user_known_k8s_ns_kube_system_images user_known_packet_socket_binaries user_known_sa_list
user_known_shell_spawn_binaries user_known_userfaultfd_processes user_mgmt_binaries user_trusted_image_list
userexec_binaries veritas_binaries vertical_pod_autoscaler_users vpn_binaries web_server_binaries zsh_config_filenames
""".split()
)
"""Of the same files."""
