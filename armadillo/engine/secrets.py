"""A deployment's secrets: a labelled volume that holds them, written and read through containers that mount it.

The only copy that counts is there; any process that reaches the engine can read it back. Knows names and bytes.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

from armadillo.engine import containers
from armadillo.engine.docker import Connection, translated
from armadillo.errors import NotFoundError

MOUNT = "/run/secrets"


def volume_name(project: str) -> str:
    """Return the name of the volume that holds a project's secrets."""
    return f"{project}_secrets"


def archive(files: Mapping[str, bytes]) -> bytes:
    """Return a tar archive of the secrets, readable by their owner alone."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o440
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def kept(connection: Connection, project: str) -> bool:
    """Say whether a project has secrets from before."""
    try:
        with translated("looking for secrets from before"):
            connection.api.inspect_volume(volume_name(project))
    except NotFoundError:
        return False
    return True


def put(connection: Connection, container: str, files: Mapping[str, bytes]) -> None:
    """Copy secrets into the volume through a container that mounts it; it need not run."""
    with translated("copying the secrets to the engine"):
        connection.api.put_archive(container, MOUNT, archive(files))


def get(connection: Connection, container: str) -> dict[str, bytes]:
    """Read the secrets back through any container that mounts them; it need not run."""
    with translated("reading the secrets from the engine"):
        chunks, _ = connection.api.get_archive(container, MOUNT)
        raw = b"".join(chunks)
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                found[member.name.rpartition("/")[2]] = content.read()
    return found


def of_deployment(connection: Connection, name: str) -> dict[str, bytes]:
    """Return a deployment's secrets; empty when it has none."""
    for server in containers.servers(connection, name):
        try:
            return get(connection, server.id)
        except NotFoundError:
            continue
    return {}
