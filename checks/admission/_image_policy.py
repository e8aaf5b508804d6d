"""How the checks of ImagePolicyWebhook's files speak: of one server or several, and of what nobody could read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor import ApiServer, ImagePolicyFiles, Manual, PluginFiles, PluginSettings, PolicyBackend

CONFIG_PAGE = "reference/access-authn-authz/admission-controllers/#imagepolicywebhook"


def unseen(files: Iterable[PluginFiles], question: str) -> Iterator[Manual]:
    """One question for a person, naming the very file on the node that has the answer, if there is any such file."""
    missing = {found.pod.name: found.to_look_at for found in files}
    if missing:
        told = "; ".join(f"on {server} {path} {why}" for server, (path, why) in list(missing.items())[:3])
        paths = {server: path for server, (path, _) in missing.items()}
        yield Manual(f"Cannot tell {question}: {told}.", evidence={"files": paths})


def with_settings(server: ApiServer, files: ImagePolicyFiles) -> Iterator[tuple[PluginFiles, PluginSettings]]:
    return ((found, found.settings) for found in files.in_use(server) if found.settings)


def with_backend(server: ApiServer, files: ImagePolicyFiles) -> Iterator[tuple[PluginFiles, PolicyBackend]]:
    return ((found, found.backend) for found in files.in_use(server) if found.backend)


def without_backend(server: ApiServer, files: ImagePolicyFiles) -> Iterator[PluginFiles]:
    return (found for found in files.in_use(server) if not found.backend)
