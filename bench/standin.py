"""How fast the stand-in is: single documents on one keep-alive connection, against a bare socket echo in the same run.

Rates are requests per second of the server's own processor time; the client is another process.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HOME = Path(__file__).resolve().parents[1] / "images" / "standin"
ECHO = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    client = listener.accept()[0]
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := client.recv(65536):
        client.sendall(data)
"""
AUTHORIZATION = "authorization: Basic cm9vdDo="
WANTED_PER_SECOND = 2000


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connect(port: int, seconds: float = 10.0) -> socket.socket:
    """Connect as soon as somebody listens."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            opened = socket.create_connection(("127.0.0.1", port), seconds)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.002)
            continue
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """Return a request as a driver would send it."""
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{AUTHORIZATION}\r\naccept: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def exchange(opened: socket.socket, data: bytes) -> bytes:
    """Send a request and read the whole answer."""
    opened.sendall(data)
    answer = opened.recv(65536)
    while True:
        head, mark, body = answer.partition(b"\r\n\r\n")
        if mark and len(body) >= int(head.rpartition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return answer
        answer += opened.recv(65536)


def echo(opened: socket.socket, data: bytes) -> None:
    """Send some bytes and read them back."""
    opened.sendall(data)
    left = len(data)
    while left:
        left -= len(opened.recv(65536))


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def rate(pid: int, count: int, one: Callable[[int], object]) -> tuple[float, float]:
    """Do something often; return how often per second of the server's time, and per second."""
    cpu, since = cpu_seconds(pid), time.monotonic()
    for number in range(count):
        one(number)
    return count / max(cpu_seconds(pid) - cpu, 0.01), count / (time.monotonic() - since)


def main() -> int:
    """Measure, print, and fail below the wanted rate."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=5000, help="requests of each kind")
    count = arguments.parse_args().count
    port, echo_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = ["-c", "none", f"--server.endpoint=tcp://127.0.0.1:{port}", f"--database.directory={folder}/data"]
        argv = [sys.executable, "-S", "-m", "arangod", *options, "--log.output", f"file://{folder}/log"]
        since = time.monotonic()
        server = subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": str(HOME)})
        peer = None
        try:
            opened = connect(port)
            exchange(opened, request("GET", "/_api/version"))
            print(
                f"start to first answer    {time.monotonic() - since:8.3f} s, {cpu_seconds(server.pid):.2f} s processor"
            )
            peer = subprocess.Popen([sys.executable, "-S", "-c", ECHO, str(echo_port)])
            return measure(server.pid, opened, peer.pid, connect(echo_port), count)
        finally:
            for process in filter(None, (server, peer)):
                process.terminate()
                process.wait()


def measure(server: int, opened: socket.socket, peer: int, echoing: socket.socket, count: int) -> int:
    """Print the rates of one server against the echo peer."""
    exchange(opened, request("POST", "/_api/collection", b'{"name":"c"}'))
    body = b'{"name":"somebody","tags":["a","b"],"number":42}'
    sample = request("POST", "/_api/document/c", body)
    floor, _ = rate(peer, count, lambda _: echo(echoing, sample))
    print(f"bare socket echo         {floor:8.0f} /s of one core")
    worst = floor
    kinds: dict[str, Callable[[int], object]] = {
        "insert": lambda number: exchange(
            opened, request("POST", "/_api/document/c", b'{"_key":"%d",' % number + body[1:])
        ),
        "read": lambda number: exchange(opened, request("GET", f"/_api/document/c/{number}")),
        "insert, waitForSync": lambda _: exchange(opened, request("POST", "/_api/document/c?waitForSync=true", body)),
    }
    for name, one in kinds.items():
        per_core, per_second = rate(server, count, one)
        worst = min(worst, per_core)
        print(f"{name:24} {per_core:8.0f} /s of one core, {per_second:8.0f} /s, {per_core / floor:.3f} of the echo")
    before = cpu_seconds(server)
    time.sleep(2.0)
    print(f"idle                     {(cpu_seconds(server) - before) / 2:8.1%} of a core, {memory_mb(server):.0f} MB")
    print(f"wanted: {WANTED_PER_SECOND} /s of one core; worst: {worst:.0f}")
    return 0 if worst >= WANTED_PER_SECOND else 1


if __name__ == "__main__":
    sys.exit(main())
