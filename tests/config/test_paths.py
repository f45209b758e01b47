"""Names that become paths stay below their directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.config import ArmadilloConfig, below
from armadillo.errors import ConfigurationError

ESCAPES = ["..", "a/..", "a/../b", "../x", "/etc", "/", "", ".", "./a", "a//b", "a/", "a\0b", "\ud800"]


@pytest.mark.parametrize("part", ESCAPES)
def test_what_would_lead_out_or_nowhere_is_refused(part: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        below(tmp_path, "fine", part)
    assert caught.value.hint


def test_names_and_relative_paths_are_joined(tmp_path: Path) -> None:
    assert below(tmp_path, "a", "b/c..d", "..e") == tmp_path / "a" / "b" / "c..d" / "..e"
    assert below(tmp_path) == tmp_path
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.text() | st.sampled_from([*ESCAPES, "a", "b/c"])))
def test_whatever_is_not_refused_lies_below(parts: list[str]) -> None:
    root = Path("/nonexistent/root")
    try:
        path = below(root, *parts)
    except ConfigurationError:
        return
    assert Path(os.path.normpath(path)).is_relative_to(root)
    assert len(path.parts) >= len(root.parts) + len(parts)


def test_a_link_that_leads_out_is_refused_even_when_nothing_is_there(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    (root / "dangling").symlink_to(tmp_path / "later")
    (root / "up").symlink_to("..")
    for name in ("out", "dangling", "up"):
        with pytest.raises(ConfigurationError, match="leads out"):
            below(root, name)
        with pytest.raises(ConfigurationError, match="leads out"):
            below(root, name, "deeper")


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to(tmp_path / "there")
    assert below(tmp_path, "here", "x") == tmp_path / "here" / "x"


def test_the_directory_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert below(tmp_path / "link", "x") == tmp_path / "link" / "x"


def config(tmp_path: Path) -> ArmadilloConfig:
    return ArmadilloConfig(output_dir=tmp_path / "out", run_id="r1")


def test_an_artefact_directory_is_made_and_is_the_same_for_the_same_parts(tmp_path: Path) -> None:
    made = config(tmp_path).derive_sub_tmp("server", "dbserver1/log")
    assert made == tmp_path / "out" / "r1" / "server" / "dbserver1" / "log"
    assert made.is_dir()
    assert config(tmp_path).derive_sub_tmp("server", "dbserver1", "log") == made
    assert config(tmp_path).derive_sub_tmp() == tmp_path / "out" / "r1"


@pytest.mark.parametrize("part", ESCAPES)
def test_an_artefact_directory_is_never_made_outside(part: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        config(tmp_path).derive_sub_tmp(part)
    assert list(tmp_path.iterdir()) == []


def test_an_artefact_directory_of_another_run_is_outside(tmp_path: Path) -> None:
    other = tmp_path / "out" / "r2"
    other.mkdir(parents=True)
    config(tmp_path).derive_sub_tmp()
    (tmp_path / "out" / "r1" / "link").symlink_to(other)
    with pytest.raises(ConfigurationError, match="leads out"):
        config(tmp_path).derive_sub_tmp("link", "x")
    assert list(other.iterdir()) == []


def test_an_artefact_directory_that_cannot_be_made_is_told_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ConfigurationError, match="cannot be made: Not a directory") as caught:
        config(tmp_path).derive_sub_tmp("x")
    assert "--output-dir" in caught.value.hint
