from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from armadillo.engine import ports
from armadillo.errors import ConflictError, EnvironmentUnusable


def test_ports_are_different_free_and_held_as_long_as_the_block() -> None:
    with ports.reserved(5) as chosen:
        assert len(set(chosen)) == 5
        for port in chosen:
            with pytest.raises(ConflictError, match=f"port {port} of 127.0.0.1 is taken") as told:
                ports.bound(port, ports.LOOPBACK)
            assert "--port" in told.value.hint
    for port in chosen:
        ports.bound(port, ports.LOOPBACK).close()


def test_the_kernel_gives_none_of_them_to_an_outgoing_connection() -> None:
    low, high = map(int, ports.KERNELS.read_text().split())
    with ports.reserved(20) as chosen:
        assert not [port for port in chosen if low <= port <= high]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("32768\t60999\n", range(20_000, 32_768)),
        ("15000 40000", range(40_001, 65_536)),
        ("1024 65535", range(20_000, 60_999)),
        ("nonsense", range(20_000, 32_768)),
    ],
)
def test_the_kernels_own_range_is_avoided_where_that_is_possible(
    text: str, expected: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "range").write_text(text)
    monkeypatch.setattr(ports, "KERNELS", tmp_path / "range")
    assert ports.eligible() == expected


def test_what_is_taken_or_kept_for_others_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with ports.reserved(3) as chosen:
        taken, kept, free = chosen
    monkeypatch.setattr(ports, "eligible", lambda: chosen)
    with closing(socket.create_server((ports.LOOPBACK, taken))):
        with ports.reserved(1, besides={kept}) as found:
            assert found == [free]
        with pytest.raises(EnvironmentUnusable, match="is free"), ports.reserved(2, besides={kept}):
            pass


def test_a_port_somebody_listens_on_is_not_free_and_one_that_fades_out_is() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as listening:
        number = listening.getsockname()[1]
        with pytest.raises(ConflictError, match=f"port {number} of 127.0.0.1 is taken"):
            ports.ensure_free(number)
        with socket.create_connection((ports.LOOPBACK, number)) as one:
            listening.accept()[0].close()  # who closes first waits for stragglers
            assert one.recv(1) == b""
    ports.ensure_free(number)
