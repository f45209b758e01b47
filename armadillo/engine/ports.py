"""Free ports of this host's loopback, chosen once and kept: a restart must not move an endpoint.

They are not among those that the kernel gives to outgoing connections, which may hold one for a moment at any time.
Knows numbers; which server gets which is not its business.
"""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Collection, Iterator
from pathlib import Path

from armadillo.errors import ConflictError, EnvironmentUnusable

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 60_999
KERNELS = Path("/proc/sys/net/ipv4/ip_local_port_range")


@contextlib.contextmanager
def reserved(count: int, *, host: str = LOOPBACK, besides: Collection[int] = ()) -> Iterator[list[int]]:
    """Yield so many different free ports, held while the block lasts: the engine takes them right after."""
    with contextlib.ExitStack() as stack:
        chosen: list[int] = []
        numbers = (number for number in random.sample(eligible(), len(eligible())) if number not in besides)
        while len(chosen) < count:
            number = next(numbers, None)
            if number is None:
                raise EnvironmentUnusable(f"no port of {host} from {LOWEST} on is free", hint="ss -ltn")
            with contextlib.suppress(ConflictError):
                stack.enter_context(contextlib.closing(bound(number, host)))
                chosen.append(number)
        yield chosen


def eligible() -> range:
    """Return the ports to choose from: those below the kernel's own range, or above it, where there are more."""
    try:
        low, high = map(int, KERNELS.read_text().split())
    except (OSError, ValueError):
        low, high = 32_768, 60_999
    below, above = range(LOWEST, min(low, HIGHEST)), range(max(high + 1, LOWEST), 65_536)
    return max(below, above, key=len) or range(LOWEST, HIGHEST)


def ensure_free(port: int, host: str = LOOPBACK) -> None:
    """Raise ConflictError when somebody listens on a port; connections that are only fading out do not matter."""
    with contextlib.suppress(PermissionError):  # a port below 1024 is the engine's to bind
        bound(port, host, fading=True).close()


def bound(port: int, host: str, *, fading: bool = False) -> socket.socket:
    """Bind a port, so that nobody else is given it; with `fading` also one that has only ending connections."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, fading)
    try:
        one.bind((host, port))
    except PermissionError:
        one.close()
        raise
    except OSError as exc:
        one.close()
        raise ConflictError(
            f"port {port} of {host} is taken: {exc.strerror}",
            hint="ss -ltnp tells who has the port; give another --port, or none for a free one",
        ) from exc
    return one
