"""What follows from what agents say, and what is no answer of an agent."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest

from armadillo.arango.agency import ACKED_WITHIN, LAG, Agency, Agent, of_config, walked
from armadillo.errors import HealthCheckError

SAID: dict[str, Any] = {
    "term": 4,
    "leaderId": "AGNT-1",
    "commitIndex": 17,
    "lastAcked": {
        "AGNT-1": {"lastAckedTime": 0, "lastAckedIndex": 17},
        "AGNT-2": {"lastAckedTime": 0.25, "lastAckedIndex": 16},
    },
    "configuration": {"id": "AGNT-1", "agency size": 3, "active": ["AGNT-1", "AGNT-2", "AGNT-3"]},
}


def agent(
    number: int,
    leader: str = "A1",
    term: int = 1,
    commit: int = 10,
    active: int = 3,
    acked: dict[str, float] | None = None,
) -> Agent:
    return Agent(
        id=f"A{number}",
        leader=leader,
        term=term,
        commit_index=commit,
        size=3,
        active=tuple(f"A{other}" for other in range(1, active + 1)),
        acked={other: (ago, commit) for other, ago in (acked or {}).items()},
    )


def agency(*agents: Agent | None) -> Agency:
    return Agency({f"agent{number}": one for number, one in enumerate(agents, 1)})


FOLLOWING = (agent(1), agent(2), agent(3))
ALONE = dataclasses.replace(agent(1), size=1, active=("A1",))


def test_a_configuration_is_read() -> None:
    read = of_config(SAID)
    assert (read.id, read.leader, read.term, read.commit_index, read.size) == ("AGNT-1", "AGNT-1", 4, 17, 3)
    assert read.active == ("AGNT-1", "AGNT-2", "AGNT-3")
    assert read.acked == {"AGNT-1": (0.0, 17), "AGNT-2": (0.25, 16)}
    assert read.leads


def test_a_follower_without_a_leader_says_less() -> None:
    read = of_config({"term": 0, "configuration": {"id": "AGNT-2", "agency size": 3}, "lastAcked": None})
    assert (read.leader, read.commit_index, read.active, read.acked, read.leads) == ("", 0, (), {}, False)


def without(*path: str) -> dict[str, Any]:
    said = copy.deepcopy(SAID)
    inner = said
    for part in path[:-1]:
        inner = inner[part]
    del inner[path[-1]]
    return said


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        None,
        "agency",
        without("term"),
        without("configuration"),
        without("configuration", "id"),
        without("configuration", "agency size"),
        {**SAID, "term": "many"},
        {**SAID, "term": None},
        {**SAID, "configuration": []},
        {**SAID, "commitIndex": {}},
        {**SAID, "lastAcked": [1]},
        {**SAID, "lastAcked": {"AGNT-2": 7}},
        {**SAID, "lastAcked": {"AGNT-2": {"lastAckedTime": "long ago"}}},
    ],
)
def test_what_is_no_configuration_is_an_answer_that_is_not_well(said: Any) -> None:
    with pytest.raises(HealthCheckError, match="configuration is not one") as told:
        of_config(said)
    assert told.value.status == 200
    assert told.value.body == str(said)


@pytest.mark.parametrize(
    ("heard", "leader"),
    [
        (FOLLOWING, "agent1"),
        ((agent(1, "A2"), agent(2, "A2"), agent(3, "A2")), "agent2"),
        ((agent(1), agent(2), None), "agent1"),
        ((agent(1), None, None), None),
        ((None, agent(2), agent(3)), None),
        ((None, None, None), None),
        ((agent(1, ""), agent(2, ""), agent(3, "")), None),
        ((agent(1), agent(2, ""), agent(3, "")), None),
        ((agent(1, term=1), agent(2, "A2", 2), agent(3, "A2", 2)), "agent2"),
        ((agent(1, term=1), agent(2, "A1", 1), agent(3, "", 2)), None),
        ((agent(1, term=1), agent(2, "A2", 2), agent(3, "A1", 1)), None),
        ((ALONE,), "agent1"),
        ((None,), None),
        ((), None),
    ],
)
def test_who_leads_says_so_in_the_newest_term_and_is_named_by_a_quorum(
    heard: tuple[Agent | None, ...], leader: str | None
) -> None:
    assert agency(*heard).leader == leader


@pytest.mark.parametrize(
    ("count", "answering", "quorum", "margin"),
    [(1, 1, 1, 0), (1, 0, 1, -1), (3, 3, 2, 1), (3, 2, 2, 0), (3, 1, 2, -1), (5, 5, 3, 2), (5, 3, 3, 0), (5, 0, 3, -3)],
)
def test_how_many_it_takes_and_how_many_more_may_go(count: int, answering: int, quorum: int, margin: int) -> None:
    found = agency(*(agent(number) if number <= answering else None for number in range(1, count + 1)))
    assert (found.quorum, found.margin, len(found.heard)) == (quorum, margin, answering)


def test_the_term_is_the_newest_that_anybody_is_in() -> None:
    assert agency(agent(1, term=2), None, agent(3, term=7)).term == 7
    assert agency(None).term == 0


def test_followers_lag_behind_the_leader_and_never_ahead_of_it() -> None:
    assert agency(agent(1, commit=10), agent(2, commit=4), agent(3, commit=12)).lag == {"agent2": 6, "agent3": 0}
    assert agency(agent(1), agent(2), None).lag == {"agent2": 0}
    assert agency(None, agent(2), agent(3)).lag == {}


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (FOLLOWING, ""),
        ((agent(1), agent(2), None), ""),
        ((None, None, None), "no leader (no agent answers)"),
        ((None, agent(2), agent(3, "", 2)), "no leader (agent2: A1 in term 1, agent3: none in term 2)"),
        ((agent(1), agent(2), agent(3, "")), "agent3 follows nobody, not agent1"),
        ((agent(1, term=2), agent(2, term=2), agent(3, "A2", 2)), "agent3 follows A2, not agent1"),
        ((agent(1, term=2), agent(2, term=2), agent(3, term=1)), "agent3 is in term 1, agent1 in 2"),
        ((agent(1), agent(2, active=2), agent(3)), "agent2 knows 2 of 3 agents, there are 3"),
        ((agent(1), agent(2), agent(3), None, None), "agent1 knows 3 of 3 agents, there are 5"),
        ((ALONE, None), "no leader (agent1: A1 in term 1)"),
    ],
)
def test_agents_that_do_not_agree_are_named(heard: tuple[Agent | None, ...], said: str) -> None:
    assert agency(*heard).disagreement() == said


def test_an_agency_of_another_size_than_the_deployment_s_is_told() -> None:
    grown = agency(*(dataclasses.replace(agent(number), size=5) for number in (1, 2, 3)))
    assert grown.disagreement() == "agent1 knows 3 of 5 agents, there are 3"


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (FOLLOWING, ""),
        ((None, None, None), "no leader"),
        ((agent(1, acked={"A1": 0.0, "A2": ACKED_WITHIN / 2}), agent(2), agent(3)), ""),
        ((agent(1, acked={"A3": ACKED_WITHIN}), agent(2), agent(3)), "agent3 has acknowledged nothing for 1.0 s"),
        ((agent(1, acked={"A3": 7.26}), agent(2), None), "A3 has acknowledged nothing for 7.3 s"),
        ((agent(1), agent(2, acked={"A3": 9.0}), agent(3)), ""),
        ((agent(1, commit=LAG), agent(2, commit=0), agent(3, commit=LAG)), ""),
        ((agent(1, commit=50), agent(2, commit=50), agent(3, commit=49 - LAG)), f"agent3 is {LAG + 1} entries behind"),
    ],
)
def test_who_keeps_no_pace_with_the_leader_is_named(heard: tuple[Agent | None, ...], said: str) -> None:
    assert agency(*heard).slow() == said


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/arango/Plan/Version", 3),
        ("arango/Plan/Version/", 3),
        ("/arango/Plan", {"Version": 3}),
        ("/arango/Target", None),
        ("/arango/Plan/Version/Further", None),
    ],
)
def test_a_path_of_a_tree_is_walked(path: str, found: object) -> None:
    assert walked({"arango": {"Plan": {"Version": 3}}}, path) == found


@pytest.mark.parametrize("tree", [None, [], "arango", 3, {}])
def test_in_what_is_no_tree_there_is_nothing(tree: object) -> None:
    assert walked(tree, "/arango/Plan") is None
