from __future__ import annotations

import re
import threading

import pytest

from armadillo.clock import FakeClock
from armadillo.crypto import NONCE_TTL, CryptoService
from armadillo.errors import AuthError, ConfigurationError


@pytest.mark.parametrize("data", ["abc", b"abc"])
def test_digests_are_the_well_known_ones(data: bytes | str) -> None:
    crypto = CryptoService()
    assert crypto.sha256(data) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert crypto.md5(data) == "900150983cd24fb0d6963f7d28e17f72"


def test_a_text_is_digested_as_utf8() -> None:
    crypto = CryptoService()
    assert crypto.sha256("grün") == crypto.sha256("grün".encode())
    assert crypto.md5("grün") == crypto.md5("grün".encode())


def test_random_names_are_unique_and_fit_into_a_url() -> None:
    names = [CryptoService().random_id() for _ in range(10_000)]
    assert len(set(names)) == 10_000
    assert all(re.fullmatch(r"[A-Za-z0-9]{16}", name) for name in names)


@pytest.mark.parametrize("length", [1, 7, 100])
def test_a_random_name_is_as_long_as_asked(length: int) -> None:
    assert len(CryptoService().random_id(length)) == length


@pytest.mark.parametrize("length", [0, -1])
def test_a_random_name_of_no_length_is_refused(length: int) -> None:
    with pytest.raises(ConfigurationError):
        CryptoService().random_id(length)


def test_a_nonce_is_good_once() -> None:
    crypto = CryptoService(FakeClock())
    crypto.register_nonce("a", ttl=10)
    crypto.register_nonce("b", ttl=10)
    with pytest.raises(AuthError, match="used before"):
        crypto.register_nonce("a", ttl=10)


def test_a_nonce_is_forgotten_when_it_expires_and_no_sooner() -> None:
    clock = FakeClock()
    crypto = CryptoService(clock)
    crypto.register_nonce("a")
    clock.sleep(NONCE_TTL - 1)
    with pytest.raises(AuthError):
        crypto.register_nonce("a")
    clock.sleep(1)
    crypto.register_nonce("a")


def test_memory_for_nonces_is_bounded_by_their_expiry() -> None:
    clock = FakeClock()
    crypto = CryptoService(clock)
    for number in range(5_000):
        crypto.register_nonce(str(number), ttl=10)
        clock.sleep(1)
    assert crypto.known_nonces() == 9


@pytest.mark.parametrize("ttl", [0, -1, float("inf"), float("nan")])
def test_a_ttl_that_never_or_always_expires_is_refused(ttl: float) -> None:
    with pytest.raises(ConfigurationError, match="cannot be remembered"):
        CryptoService().register_nonce("a", ttl=ttl)


def test_of_many_threads_with_one_nonce_one_wins() -> None:
    crypto, start = CryptoService(), threading.Barrier(8)
    won: list[int] = []

    def use(number: int) -> None:
        start.wait(30)
        for nonce in range(200):
            try:
                crypto.register_nonce(str(nonce))
            except AuthError:
                continue
            won.append(nonce)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(won) == list(range(200))
