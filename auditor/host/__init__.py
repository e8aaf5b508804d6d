"""Files of a control-plane node become facts: what ImagePolicyWebhook is really configured to do."""

from auditor.host.reading import read_host

__all__ = ["read_host"]
