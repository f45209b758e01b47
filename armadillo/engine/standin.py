"""The stand-in's image: its name from what is in it, found or built, with no registry.

Knows what goes into the image; the server itself is files to it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import docker.errors

from armadillo import assets, labels
from armadillo.engine import interpreter, onbase, rootfs
from armadillo.engine.answers import listening
from armadillo.engine.docker import Connection, translated
from armadillo.engine.rootfs import Entry, Layer
from armadillo.errors import EnvironmentUnusable

Told = Callable[[str], None]

HOME = "usr/share/armadillo-standin"
LAUNCHERS = ("entrypoint.sh", "usr/bin/arangod", "usr/sbin/arangod")
SHARED: tuple[str, ...] = ()
"""Pure modules of ours that the server imports too, by their path in the package."""

_BESIDE = ("Dockerfile", "install.py", "launch.py")
_SILENCE = 300.0
_CACHE_FILE = "standin-layers.json"
_VERSION = re.compile(r'^ARANGO_VERSION = "([^"]+)"', re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True)
class BuiltImage:
    """The stand-in's image: `built` says whether it had to be made."""

    tag: str
    id: str
    seconds: float
    built: bool
    size: int


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """What is to be in the image, beside Python."""

    folder: Path
    entries: tuple[Entry, ...]

    @property
    def version(self) -> str:
        """The version of ArangoDB that it behaves like."""
        known = _VERSION.search((self.folder / "arangod" / "__init__.py").read_text(encoding="utf-8"))
        return known[1] if known else ""


@dataclasses.dataclass(frozen=True, slots=True)
class Below:
    """The layer below the server, as far as it is known without making it."""

    key: str
    diff_id: str = ""


def alias(version: str) -> str:
    """Return the name that a rendered text uses: the same for every build of one release of Armadillo."""
    return f"{assets.STANDIN_ALIAS}:{version}"


def server(folder: Path | None = None, shared: Sequence[str] = SHARED) -> Server:
    """Read the server from its folder, the installed one unless another is given."""
    folder = folder or assets.folder("images") / "standin"
    entries = rootfs.tree(folder / "arangod", f"{HOME}/arangod")
    package = Path(str(assets.package()))
    entries += [Entry(f"{HOME}/{package.name}/{path}", 0o644, package / path) for path in shared]
    launch = (folder / "launch.py").read_bytes()
    return Server(folder, (*entries, *(Entry(path, 0o755, launch) for path in LAUNCHERS)))


def config(version: str) -> dict[str, Any]:
    """Return how containers of the image start: as those of the official one."""
    return {
        "Entrypoint": ["/entrypoint.sh"],
        "Cmd": ["arangod"],
        "Env": [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LD_LIBRARY_PATH=/usr/lib",
            f"ARANGO_VERSION={version}",
        ],
        "ExposedPorts": {"8529/tcp": {}},
        "Labels": {labels.STANDIN: "true"},
        "StopSignal": "SIGTERM",
        "Volumes": {f"/{path}": {} for path in rootfs.DATA_FOLDERS},
        "WorkingDir": "/",
    }


def find_standin(
    connection: Connection, *, version: str, cache: Path | None = None, folder: Path | None = None
) -> BuiltImage | None:
    """Return the image if there is one of the server as it is now, whatever it was built on."""
    since = time.monotonic()
    wanted = server(folder)
    image = inspected(connection, alias(version))
    for tag in image["RepoTags"] if image else ():
        if image and tag.startswith(_on_a_base(wanted)):
            return _found(image, tag, since)
    try:
        tag = tag_of(wanted, below(cache))
    except EnvironmentUnusable:  # this machine's Python will not do, so nothing can have been built from it
        return None
    image = image if image and tag in image["RepoTags"] else inspected(connection, tag)
    return _found(image, tag, since) if image else None


def _found(image: Mapping[str, Any], tag: str, since: float, *, built: bool = False) -> BuiltImage:
    return BuiltImage(tag, image["Id"], time.monotonic() - since, built, image["Size"])


def tag_of(wanted: Server, beneath: Below) -> str:
    """Return the name that says what is in the image."""
    return f"{assets.STANDIN_ALIAS}:{rootfs.key(wanted.entries, beneath.key, config(wanted.version))[:16]}"


def build_standin(
    connection: Connection,
    *,
    version: str,
    base: str | None = None,
    cache: Path | None = None,
    told: Told = lambda line: None,
    folder: Path | None = None,
) -> BuiltImage:
    """Return the image, made now if there is none; on this machine's Python, or on an image that has one."""
    since = time.monotonic()
    wanted = server(folder)
    if base is not None:
        return built_on(connection, base, wanted, version=version, told=told)
    beneath = below(cache)
    tag = tag_of(wanted, beneath)
    image = inspected(connection, tag)
    if image is None:
        told(f"building the stand-in's image {tag} from this machine's Python")
        _load(connection, wanted, beneath, (tag, alias(version)), cache)
    elif alias(version) not in image["RepoTags"]:
        name(connection, tag, version)
    return _found(image or present(connection, tag), tag, since, built=image is None)


def _load(connection: Connection, wanted: Server, beneath: Below, tags: Sequence[str], cache: Path | None) -> None:
    """Load both layers; if the engine has the lower one already, the upper one is enough."""
    source = interpreter.running()
    check_engine(connection, source.machine)
    upper = rootfs.layer(wanted.entries, source, small=False)
    about = config(wanted.version)
    if beneath.diff_id and _has_layer(connection, beneath.diff_id):
        known = Layer(beneath.diff_id, None)
        with contextlib.suppress(EnvironmentUnusable):
            return load(connection, rootfs.archive(tags, [known, upper], about, source.machine))
    lower = rootfs.layer(rootfs.python(source), source, small=rootfs.can_strip())
    remember(cache, _stamp(source), Below(beneath.key, lower.diff_id))
    return load(connection, rootfs.archive(tags, [lower, upper], about, source.machine))


def check_engine(connection: Connection, machine: str) -> None:
    """Refuse an engine that cannot run this machine's Python."""
    with translated("asking the engine what it runs on"):
        said = connection.api.version()
    theirs, ours = f"{said['Os']}/{said['Arch']}", f"linux/{rootfs.architecture(machine)}"
    if theirs != ours:
        raise EnvironmentUnusable(
            f"the engine runs {theirs} and this machine's Python is for {ours}", hint=interpreter.OTHER_WAY
        )


def _has_layer(connection: Connection, diff_id: str) -> bool:
    with translated("listing the stand-in's images"):
        found = connection.api.images(filters={"label": f"{labels.STANDIN}=true"})
    return any(diff_id in (inspected(connection, row["Id"]) or {})["RootFS"]["Layers"] for row in found)


def load(connection: Connection, archive: bytes) -> None:
    """Give the engine an image."""
    what = "loading the stand-in's image"
    headers = {"Content-Type": "application/x-tar"}
    with listening(connection, what, "/images/load", silence=_SILENCE, headers=headers, data=archive) as answers:
        for answer in answers:
            if words := answer.get("error"):
                raise EnvironmentUnusable(f"{what}: the engine said: {words}", hint="docker system df")


def inspected(connection: Connection, reference: str) -> dict[str, Any] | None:
    """Return what the engine knows of a local image, or None."""
    with translated(f"looking for the image {reference}"), contextlib.suppress(docker.errors.ImageNotFound):
        found: dict[str, Any] = connection.api.inspect_image(reference)  # type: ignore[no-untyped-call]
        return found
    return None


def present(connection: Connection, reference: str) -> dict[str, Any]:
    """Return what the engine knows of an image that was there a moment ago."""
    found = inspected(connection, reference)
    if found is None:
        raise EnvironmentUnusable(
            f"the image {reference} was removed while it was wanted", hint="armadillo image build"
        )
    return found


def name(connection: Connection, reference: str, version: str) -> None:
    """Let the alias of this release mean the image."""
    repository, _, tag = alias(version).rpartition(":")
    with translated(f"naming the image {alias(version)}"):
        connection.api.tag(reference, repository, tag, force=True)


def below(cache: Path | None) -> Below:
    """Return what is known of the layer below; from the cache, as long as Python here has not changed."""
    source = interpreter.running()
    stamp = _stamp(source)
    known = _remembered(cache, stamp)
    if known is None:
        known = Below(rootfs.key(rootfs.python(source), source.version, source.machine, rootfs.can_strip()))
        remember(cache, stamp, known)
    return known


def _stamp(source: interpreter.Interpreter) -> str:
    return f"{rootfs.RECIPE}-{int(rootfs.can_strip())}-{source.stamp()}"


def _remembered(cache: Path | None, stamp: str) -> Below | None:
    if cache is not None:
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            return Below(**json.loads((cache / _CACHE_FILE).read_text())[stamp])
    return None


def remember(cache: Path | None, stamp: str, known: Below) -> None:
    """Keep what is known of one Python's layer; a cache that cannot be written is none."""
    if cache is None:
        return
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=cache, prefix=".standin-", delete=False) as file:
            json.dump({stamp: dataclasses.asdict(known)}, file)
        Path(file.name).replace(cache / _CACHE_FILE)


def context(wanted: Server) -> bytes:
    """Return the folder that the Dockerfile is built in."""
    inside = [
        dataclasses.replace(entry, path=entry.path.removeprefix(f"{HOME}/"))
        for entry in wanted.entries
        if entry.path.startswith(f"{HOME}/")
    ]
    return rootfs.tar([*inside, *(Entry(file, 0o644, wanted.folder / file) for file in _BESIDE)])


def built_on(connection: Connection, base: str, wanted: Server, *, version: str, told: Told) -> BuiltImage:
    """Return the image on another image's Python."""
    since = time.monotonic()
    beneath = inspected(connection, base)
    if beneath is None:
        raise EnvironmentUnusable(f"the image {base} is not here", hint=f"armadillo image pull {base}")
    tag = f"{_on_a_base(wanted)}{beneath['Id'].removeprefix('sha256:')[:12]}"
    image = inspected(connection, tag)
    if image is None:
        told(f"building the stand-in's image {tag} on {base}")
        onbase.build(connection, base, beneath["Id"], tag, context(wanted))
    name(connection, tag, version)
    return _found(image or present(connection, tag), tag, since, built=image is None)


def _on_a_base(wanted: Server) -> str:
    files = [Entry(file, 0o644, wanted.folder / file) for file in _BESIDE]
    return f"{assets.STANDIN_ALIAS}:base-{rootfs.key([*wanted.entries, *files])[:12]}-"
