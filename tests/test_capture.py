"""What comes in in pieces of any size has to come out as head and tail, and whole in the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.capture import Bounded, Captured


def taken(pieces: list[bytes], keep: int, directory: Path) -> Captured:
    with Bounded(keep, directory) as stream:
        for piece in pieces:
            stream.take(piece)
    return stream.captured()


def fill_the_disk(stream: Bounded) -> None:
    assert stream._file is not None
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, stream._file.fileno())
    os.close(full)


@given(pieces=st.lists(st.binary(max_size=12), max_size=20), half=st.integers(1, 20))
def test_head_and_tail_stay_and_the_file_has_everything(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], half: int
) -> None:
    everything = b"".join(pieces)
    captured = taken(pieces, 2 * half, tmp_path_factory.mktemp("output"))
    if len(everything) <= 2 * half:
        assert captured == everything
        assert captured.file is None
    else:
        assert captured.startswith(everything[:half])
        assert captured.endswith(everything[-half:])
        assert f"{len(everything) - 2 * half} bytes cut" in captured.text
        assert captured.file is not None
        assert str(captured.file) in captured.text
        assert captured.file.read_bytes() == everything


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert Captured(b"a\xff").text == "a\N{REPLACEMENT CHARACTER}"


def test_a_file_that_cannot_be_made_costs_the_middle_alone(tmp_path: Path) -> None:
    captured = taken([b"head", b"x" * 100, b"tail"], 8, tmp_path / "missing")
    assert captured.startswith(b"head")
    assert captured.endswith(b"tail")
    assert "its file failed" in captured.text
    assert captured.file is None


def test_a_disk_that_is_full_costs_the_middle_alone_and_leaves_no_file(tmp_path: Path) -> None:
    with Bounded(8, tmp_path) as stream:
        stream.take(b"head" + b"x" * 20)
        fill_the_disk(stream)
        stream.take(b"y" * 1_000_000)
        stream.take(b"tail")
    captured = stream.captured()
    assert captured.endswith(b"tail")
    assert "No space left" in captured.text
    assert list(tmp_path.iterdir()) == []


def test_a_small_rest_the_full_disk_refuses_at_the_end_is_noticed_too(tmp_path: Path) -> None:
    with Bounded(2, tmp_path) as stream:
        stream.take(b"abc")
        fill_the_disk(stream)
        stream.take(b"d")
    assert "No space left" in stream.captured().text


def test_an_interrupted_capture_leaves_no_file(tmp_path: Path) -> None:
    def interrupted() -> None:
        with Bounded(2, tmp_path) as stream:
            stream.take(b"abc")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
