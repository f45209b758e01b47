from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import docker.errors
import pytest

from armadillo import assets
from armadillo.engine import images, registry, standin
from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import Endpoint
from armadillo.errors import ArmadilloError, ConfigurationError, EnvironmentUnusable, NetworkError
from tests.docker.registry import Registry, serving

pytestmark = pytest.mark.docker

NOWHERE = "127.0.0.1:1/arangodb/arangodb:3.12.5"


def removed(connection: Connection, reference: str) -> None:
    with contextlib.suppress(docker.errors.ImageNotFound):
        connection.api.remove_image(reference)


@pytest.fixture
def served(connection: Connection) -> Iterator[Registry]:
    with serving(secrets.token_hex(8)) as found:
        yield found
        removed(connection, found.reference)


@pytest.fixture
def version(connection: Connection) -> Iterator[str]:
    """A release of Armadillo that nobody else builds for; another's image of the same content is left alone."""
    name = f"test-{secrets.token_hex(4)}"
    yield name
    mine = standin.alias(name)
    tags = (standin.inspected(connection, mine) or {"RepoTags": []})["RepoTags"]
    removed(connection, mine)
    others = [tag for tag in tags if tag != mine]
    if all(len(tag.rpartition(":")[2]) == 16 for tag in others):
        for tag in others:
            removed(connection, tag)


@pytest.fixture
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "cache"


def test_an_image_that_was_asked_for_is_pulled_and_its_digest_known(connection: Connection, served: Registry) -> None:
    told: list[str] = []
    found = images.resolve(connection, served.reference, version="x", told=told.append)
    assert found.reference == served.reference
    assert (found.version, found.standin, found.notice) == ("3.12.5", False, "")
    assert found.digest == served.digest
    assert told[0] == f"pulling {served.reference}"
    assert told[-1].endswith("1 of 1 layers")


def test_what_is_here_is_not_asked_for_again_unless_always(connection: Connection, served: Registry) -> None:
    pulled = images.pull(connection, served.reference)
    served.mood = "absent"
    assert images.resolve(connection, served.reference, version="x") == pulled
    assert images.resolve(connection, served.reference, version="x", pull="never") == pulled
    with pytest.raises(EnvironmentUnusable):
        images.resolve(connection, served.reference, version="x", pull="always")


def test_the_pinned_image_is_pulled_when_nothing_was_asked_for(
    connection: Connection, served: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "ARANGODB_IMAGE", served.reference)
    found = images.resolve(connection, None, version="x")
    assert (found.reference, found.standin, found.notice) == (served.reference, False, "")


def test_without_a_registry_the_stand_in_is_built_and_a_notice_says_so(
    connection: Connection, version: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "ARANGODB_IMAGE", NOWHERE)
    since = time.monotonic()
    found = images.resolve(connection, None, version=version, cache=cache)
    assert time.monotonic() - since < 30
    assert found.standin
    assert found.reference.startswith("armadillo/standin:")
    assert found.version == standin.server().version
    assert found.notice.count("\n") == 0
    assert NOWHERE in found.notice
    assert "not ArangoDB" in found.notice


def test_a_registry_that_says_no_to_the_pinned_image_is_no_reason_for_the_stand_in(
    connection: Connection, served: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "ARANGODB_IMAGE", served.reference)
    served.mood = "absent"
    with pytest.raises(EnvironmentUnusable, match="manifest unknown"):
        images.resolve(connection, None, version="x")


def test_the_pinned_image_that_is_here_is_used_when_it_cannot_be_pulled_again(
    connection: Connection, served: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled = images.pull(connection, served.reference)
    connection.api.tag(pulled.id, NOWHERE.rpartition(":")[0], "3.12.5")
    monkeypatch.setattr(assets, "ARANGODB_IMAGE", NOWHERE)
    try:
        found = images.resolve(connection, None, version="x", pull="always")
        assert (found.id, found.standin) == (pulled.id, False)
        assert "as it is here" in found.notice
        assert images.resolve(connection, None, version="x").notice == ""
    finally:
        removed(connection, NOWHERE)


@pytest.mark.parametrize("pull", ["missing", "always", "never"])
def test_an_image_that_was_asked_for_and_cannot_be_had_is_an_error(connection: Connection, pull: images.Pull) -> None:
    with pytest.raises(EnvironmentUnusable, match=NOWHERE) as told:
        images.resolve(connection, NOWHERE, version="x", pull=pull)
    assert "standin" in told.value.hint


def test_an_image_that_vanishes_while_it_is_wanted_is_told(connection: Connection) -> None:
    with pytest.raises(EnvironmentUnusable, match="was removed"):
        standin.present(connection, NOWHERE)


def test_a_stand_in_of_other_content_is_not_looked_for_in_a_registry(connection: Connection) -> None:
    with pytest.raises(EnvironmentUnusable, match="not here"):
        images.resolve(connection, "armadillo/standin:0000000000000000", version="x")


@pytest.mark.parametrize("by_alias", [False, True])
def test_the_stand_in_is_had_by_its_word_and_by_the_name_in_rendered_texts(
    connection: Connection, version: str, cache: Path, by_alias: bool
) -> None:
    wish = standin.alias(version) if by_alias else "standin"
    found = images.resolve(connection, wish, version=version, cache=cache)
    assert (found.standin, found.notice, found.digest) == (True, "", "")
    assert images.resolve(connection, wish, version=version, cache=cache) == found


@pytest.mark.parametrize(
    ("mood", "kind", "words"),
    [("absent", EnvironmentUnusable, "manifest unknown"), ("denied", EnvironmentUnusable, "not for you")],
)
def test_a_registry_that_says_no_is_quoted(
    connection: Connection, served: Registry, mood: str, kind: type[ArmadilloError], words: str
) -> None:
    served.mood = mood
    with pytest.raises(kind, match=words) as told:
        images.pull(connection, served.reference)
    assert told.value.hint


@pytest.mark.parametrize("mood", ["silent", "stalled"])
def test_a_registry_that_says_nothing_is_left_in_time(connection: Connection, served: Registry, mood: str) -> None:
    served.mood = mood
    since = time.monotonic()
    with pytest.raises(NetworkError, match="nothing was heard for 1 s"):
        registry.fetch(connection, served.reference, lambda line: None, silence=1)
    assert time.monotonic() - since < 15


def test_a_registry_that_is_not_there_is_told_with_a_way_out(connection: Connection) -> None:
    with pytest.raises(EnvironmentUnusable, match="no registry could be reached") as told:
        images.pull(connection, NOWHERE)
    assert "docker load" in told.value.hint


def test_an_engine_that_is_gone_is_not_taken_for_a_registry_that_is() -> None:
    class Gone(Connection):
        def fresh(self) -> docker.APIClient:
            return docker.APIClient(base_url=self.endpoint.url, version="1.41")

    with pytest.raises(EnvironmentUnusable, match="engine cannot be reached"):
        registry.fetch(Gone(Endpoint("tcp://127.0.0.1:1", "test")), NOWHERE, lambda line: None)


@pytest.mark.parametrize("name", ["Not A Name", "-x/y:1", "http://x/y:1"])
def test_what_is_no_name_is_told_so(connection: Connection, name: str) -> None:
    with pytest.raises(ConfigurationError):
        images.pull(connection, name)


def test_the_list_has_ours_and_arangodbs_and_who_uses_them(
    connection: Connection, served: Registry, version: str
) -> None:
    images.pull(connection, served.reference)
    built = standin.build_standin(connection, version=version)
    container = connection.api.create_container(built.tag)["Id"]
    try:
        rows = {row.reference: row for row in images.listed(connection)}
    finally:
        connection.api.remove_container(container, v=True)
    assert not rows[served.reference].standin
    assert rows[served.reference].containers == 0
    assert {rows[name].id for name in (built.tag, standin.alias(version))} == {built.id}
    assert rows[built.tag].standin
    assert rows[built.tag].containers == 1
    assert rows[built.tag].created is None
    assert rows[built.tag].size == built.size


def test_an_image_without_a_name_is_listed_by_its_id(connection: Connection, version: str, tmp_path: Path) -> None:
    built = standin.build_standin(connection, version=version)
    container = connection.api.create_container(built.tag)["Id"]
    orphan = connection.api.commit(container)["Id"]
    try:
        rows = {row.reference: row for row in images.listed(connection)}
    finally:
        connection.api.remove_container(container, v=True)
        removed(connection, orphan)
    assert rows[orphan].standin
    assert rows[orphan].created is not None
