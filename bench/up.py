"""How long it takes until all servers answer: ours, beside bare calls of the engine's API and beside docker-compose.

    python bench/up.py [--rounds N] [--json]

For one single server and for seven, which no topology has: they are copies of the one. All ways make the same
containers, network and volumes and are asked by the same poll, until every server answers a client with a token. They
take turns in every round, and medians are compared.

ours      the library's `up` without its own wait, in this process, and on until all answer
floor     the same create bodies sent, and started, by a few threads: no lock, no watchdog, no events, no clean-up
compose   `docker-compose up -d` of the same text

Two more have no bound. They say what a user waits for:

command   ours in a new process, as docker-compose is one: imports, text, image and free ports are in it
proved    ours with its own proof of readiness, in this process
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime
import http.client
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from armadillo import __version__, labels
from armadillo.auth import AuthProvider
from armadillo.clock import rfc3339
from armadillo.cluster.deployment import Deployment
from armadillo.cluster.make import Wanted
from armadillo.cluster.plan import Lifetime, Plan, chosen_ports, marks
from armadillo.cluster.readiness import SAYS
from armadillo.cluster.start import up
from armadillo.engine import creation, images, network, reaper, standin
from armadillo.engine import secrets as secret_volume
from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import locate
from armadillo.topology import ComposeFile, Topology, load_compose, render
from armadillo.topology.composefile import Mount, Service
from armadillo.yamltext import load

SIZES = (1, 7)
ROUNDS = 5
FLOOR_BOUND = 1.3
COMPOSE_BOUND = 1.0
PATIENCE = 60.0
PAUSE = 0.003
SETTLE = 1.5
WORKERS = min(4, (os.cpu_count() or 1) + 1)
SECRETS = {"jwt": secrets.token_hex(24).encode(), "root-password": secrets.token_hex(24).encode()}
SCHEMA = "armadillo.bench-up/v1"
Key = TypeVar("Key")


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where one measurement happens: under a name of its own, with a folder that holds the secrets."""

    connection: Connection
    name: str
    file: ComposeFile
    text: str
    folder: Path


Written = Callable[[str], tuple[ComposeFile, str]]
"""Gives the deployment of a name: as ours takes it, and as docker-compose reads it."""
Way = Callable[[Place], Callable[[], object]]
"""Prepares to bring a deployment up; what it returns is measured."""


def copies(count: int, name: str) -> tuple[ComposeFile, str]:
    """Write a deployment of so many single servers."""
    return deployment_file(name, count), compose_text(name, count)


def copied(word: str, number: int) -> str:
    """Return what the copy of a service or of its volume is called."""
    return word.replace("single", f"single{number}", 1)


def numbered(one: Service, number: int) -> Service:
    """Return a copy of the single server."""

    def mine(mount: Mount) -> Mount:
        return dataclasses.replace(mount, source=copied(mount.source, number))

    given = {**dict(one.labels), labels.INDEX: str(number)}
    return dataclasses.replace(
        one,
        name=copied(one.name, number),
        index=number,
        container_name=one.container_name.removesuffix("single") + copied("single", number),
        hostname=copied(one.hostname, number),
        labels=tuple(given.items()),
        volumes=tuple(mine(mount) for mount in one.volumes),
    )


def deployment_file(name: str, count: int) -> ComposeFile:
    """Return a deployment of so many single servers."""
    file = load_compose(render(Topology(image="standin"), name))
    if count == 1:
        return file
    numbers = range(1, count + 1)
    return dataclasses.replace(
        file,
        services=tuple(numbered(file.services[0], number) for number in numbers),
        volumes=tuple(
            dataclasses.replace(volume, key=copied(volume.key, number)) for number in numbers for volume in file.volumes
        ),
    )


def compose_text(name: str, count: int) -> str:
    """Return the same deployment for docker-compose; JSON is YAML."""
    text = render(Topology(image="standin"), name)
    if count == 1:
        return text
    value: dict[str, Any] = load(text, "compose.yml").value
    one, volumes = value["services"]["single"], value["volumes"]
    numbers = range(1, count + 1)
    value["services"] = {
        copied("single", number): {
            **one,
            "container_name": one["container_name"].removesuffix("single") + copied("single", number),
            "hostname": copied("single", number),
            "volumes": [copied(mount, number) for mount in one["volumes"]],
            "labels": {**one["labels"], labels.INDEX: str(number)},
        }
        for number in numbers
    }
    value["volumes"] = {copied(key, number): volumes[key] for number in numbers for key in volumes}
    return json.dumps({key: part for key, part in value.items() if not key.startswith("x-")})


def planned(place: Place) -> Plan:
    """Return what `up` is going to do."""
    file = place.file
    image = images.resolve(place.connection, "standin", version=__version__, cache=cache())
    known = marks(
        file,
        run_id=secrets.token_hex(8),
        lifetime=Lifetime(),
        standin=True,
        version=image.version,
        created=rfc3339(datetime.datetime.now(datetime.UTC)),
    )
    found = {service.image: image for service in file.services}
    return Plan(file, found, chosen_ports(place.connection, file), known)


def cache() -> Path:
    """Return where the command keeps what it knows of the image, too."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "armadillo"


def wanted(place: Place, *, wait: bool) -> Wanted:
    return Wanted(timeout=PATIENCE, state=place.folder / "state" / place.name, wait=wait, given=SECRETS)


def quiet(line: str) -> None:
    """Hear of progress and say nothing."""


def ours(place: Place, *, wait: bool = False) -> Callable[[], object]:
    plan = planned(place)
    return lambda: up(place.connection, plan, wanted(place, wait=wait), told=quiet)


def floor(place: Place) -> Callable[[], object]:
    """Prepare every body, so that nothing but calls of the engine is left to do."""
    plan, connection = planned(place), place.connection
    file = plan.file
    given = {**plan.marks, labels.COMPOSE_PROJECT: file.project}
    subnet = next(network.candidates(place.name, network.POOL, network.taken(connection)))
    net = network.Network(creation.network_name(file, "lab"), given)
    volumes = [creation.on_engine(file, volume) for volume in file.volumes]
    volumes.append(secret_volume.volume_name(file.project))
    bodies = [(one.container_name, creation.container(file, one, plan.substitutions)) for one in file.services]
    archive = secret_volume.archive(SECRETS)

    def create(name: str, body: Mapping[str, Any]) -> str:
        made = connection.api.create_container_from_config(dict(body), name)  # type: ignore[no-untyped-call]
        return str(made["Id"])

    def run() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            connected = pool.submit(network.create_in, connection, net, subnet)
            list(pool.map(lambda name: connection.api.create_volume(name, labels=given), volumes))
            first = create(*bodies[0])
            connection.api.put_archive(first, secret_volume.MOUNT, archive)
            connected.result()
            rest = pool.map(lambda body: connection.api.start(create(*body)), bodies[1:])
            connection.api.start(first)
            list(rest)

    return run


def compose(place: Place) -> Callable[[], object]:
    path = place.folder / f"{place.name}.yml"
    path.write_text(place.text)
    words = ["docker-compose", "-p", labels.project(place.name), "-f", str(path), "up", "-d"]
    return lambda: ran(words)


def command(place: Place) -> Callable[[], object]:
    """Return the command itself for one server; for seven, which it has no words for, this file as a process."""
    files = ["--jwt-secret-file", str(place.folder / "secrets/jwt")]
    files += ["--password-file", str(place.folder / "secrets/root-password")]
    words = [sys.executable, "-m", "armadillo", "up", "--name", place.name, "--image", "standin", "--no-wait", *files]
    count = len(place.file.services)
    if count > 1:
        words = [sys.executable, __file__, "--start", place.name, str(count), str(place.folder)]
    return lambda: ran(words, XDG_STATE_HOME=str(place.folder / "state"))


def ran(words: list[str], **environ: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **environ})
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr}")


WAYS: dict[str, Way] = {
    "ours": ours,
    "floor": floor,
    "compose": compose,
    "command": command,
    "proved": partial(ours, wait=True),
}


def answered(place: Place) -> None:
    """Wait until every server answers a client with a token, as its role."""
    headers = AuthProvider(SECRETS["jwt"]).authorization_header()
    servers, count = Deployment(place.connection, place.name).servers(), len(place.file.services)
    if len(servers) != count or not all(server.url for server in servers):
        raise SystemExit(f"{place.name} has {[server.url for server in servers]}, and {count} were wanted")
    ends = time.monotonic() + PATIENCE
    for server in servers:
        where = urllib.parse.urlsplit(server.url).netloc
        while not answers(where, headers, SAYS[server.role]):
            if time.monotonic() > ends:
                raise SystemExit(f"{server.name} did not answer in {PATIENCE:g} s")
            time.sleep(PAUSE)


def answers(where: str, headers: Mapping[str, str], role: str) -> bool:
    asking = http.client.HTTPConnection(where, timeout=2)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(asking):
        asking.request("GET", "/_admin/server/role", headers=dict(headers))
        answer = asking.getresponse()
        return answer.status == 200 and json.load(answer)["role"] == role
    return False


@contextlib.contextmanager
def placed(connection: Connection, written: Written, folder: Path, prefix: str) -> Iterator[Place]:
    """Give a measurement its name, and remove all that it left under it, however it ended."""
    name = f"{prefix}-{secrets.token_hex(3)}"
    try:
        yield Place(connection, name, *written(name), folder)
        reaper.sweep_all(connection, f"{labels.NAME}={name}")
    except BaseException:
        time.sleep(SETTLE)  # what an interrupted process has asked the engine for may still be made
        reaper.sweep_all(connection, f"{labels.NAME}={name}")
        raise


def measure(connection: Connection, written: Written, way: Way, folder: Path, prefix: str = "bench-up") -> float:
    """Return the seconds of one measurement."""
    with placed(connection, written, folder, prefix) as place:
        go = way(place)
        since = time.perf_counter()
        go()
        answered(place)
        return time.perf_counter() - since


def in_turns(cases: Mapping[Key, Callable[[], float]], rounds: int) -> dict[Key, list[float]]:
    """Return what each case took in each round; the first round warms up, and each begins with another case."""
    taken: dict[Key, list[float]] = {case: [] for case in cases}
    order = list(cases)
    for number in range(rounds + 1):
        turn = number % len(order)
        for case in order[turn:] + order[:turn]:
            seconds = cases[case]()
            if number:
                taken[case].append(seconds)
    return taken


def possible(ways: Mapping[str, Way]) -> dict[str, Way]:
    """Return the ways that this machine has the programs for."""
    return {name: way for name, way in ways.items() if name != "compose" or shutil.which("docker-compose")}


def measured(connection: Connection, rounds: int, folder: Path) -> dict[int, dict[str, float]]:
    """Return the median of each way for each size."""
    ways = possible(WAYS)
    cases = {
        (size, name): partial(measure, connection, partial(copies, size), way, folder)
        for size in SIZES
        for name, way in ways.items()
    }
    taken = in_turns(cases, rounds)
    return {size: {way: statistics.median(taken[size, way]) for way in ways} for size in SIZES}


def ratios(found: Mapping[str, float]) -> Iterator[tuple[str, float, float]]:
    """Yield what is bounded: its words, the ratio, and the bound."""
    yield "ours / floor", found["ours"] / found["floor"], FLOOR_BOUND
    if "compose" in found:
        yield "ours / compose", found["ours"] / found["compose"], COMPOSE_BOUND


def told(found: Mapping[int, Mapping[str, float]], *, as_json: bool) -> int:
    """Print what was measured beside its bounds; the exit code says whether they hold."""
    rows = {size: list(ratios(medians)) for size, medians in found.items()}
    if as_json:
        sizes = [
            {
                "servers": size,
                "seconds": {way: round(seconds, 4) for way, seconds in medians.items()},
                "ratios": [{"of": of, "ratio": round(ratio, 3), "bound": bound} for of, ratio, bound in rows[size]],
            }
            for size, medians in found.items()
        ]
        print(json.dumps({"schema": SCHEMA, "sizes": sizes}, indent=2))
    else:
        for size, medians in found.items():
            print(f"{size} server{'s' if size > 1 else ''}, until all answer")
            for way, seconds in medians.items():
                print(f"  {way:<18}{seconds * 1000:8.0f} ms")
            for of, ratio, bound in rows[size]:
                print(f"  {of:<18}{ratio:8.2f}    bound {bound:g}{'' if ratio <= bound else '  BROKEN'}")
    return int(any(ratio > bound for each in rows.values() for _, ratio, bound in each))


def start_here(connection: Connection, name: str, count: str, folder: str) -> int:
    """Be the process of `command`: start a deployment and leave it."""
    place = Place(connection, name, *copies(int(count), name), Path(folder))
    given = {key: (place.folder / "secrets" / key).read_bytes() for key in SECRETS}
    how = dataclasses.replace(wanted(place, wait=False), given=given)
    up(connection, planned(place), how, told=quiet)
    return 0


@contextlib.contextmanager
def prepared(connection: Connection) -> Iterator[Path]:
    """Give a folder that holds the secrets, and the image; both go again, but for an image that was there."""
    made = standin.build_standin(connection, version=__version__, cache=cache())
    try:
        with tempfile.TemporaryDirectory(prefix="armadillo-bench-") as folder:
            Path(folder, "secrets").mkdir(mode=0o700)
            for name, content in SECRETS.items():
                Path(folder, "secrets", name).write_bytes(content)
            yield Path(folder)
    finally:
        if made.built:
            connection.api.remove_image(standin.alias(__version__))
            connection.api.remove_image(made.tag)


def main() -> int:
    parser = argparse.ArgumentParser(description="How long `up` takes until all servers answer.")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--start", nargs=3, help=argparse.SUPPRESS)
    wish = parser.parse_args()
    with Connection(locate(environ=os.environ)) as connection:
        if wish.start:
            return start_here(connection, *wish.start)
        with prepared(connection) as folder:
            found = measured(connection, wish.rounds, folder)
    return told(found, as_json=wish.json)


if __name__ == "__main__":
    sys.exit(main())
