"""The agency over HTTP, as the starter and the servers of a cluster use it."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from arangod.auth import jwt

from tests.standin.agency.running import BEARER, Agents, until
from tests.standin.driving import SECRET, Answer, Client, basic

AGENCY = "/_api/agency/"


def write(client: Client, *transactions: Any) -> Answer:
    return client.post(f"{AGENCY}write", list(transactions))


def read(client: Client, *paths: str) -> Any:
    answer = client.post(f"{AGENCY}read", [list(paths)])
    assert answer.status == 200
    return answer.json[0]


def followers(three: Agents) -> list[int]:
    leader = three.leader()
    return [place for place in three.running if place != leader]


def test_writes_give_indices_that_grow_and_are_read_again(leading: Client) -> None:
    answer = write(leading, [{"/a/b": 1}], [{"/a/c": {"op": "increment"}}])
    assert answer.status == 200
    first, second = answer.json["results"]
    assert second == first + 1
    assert read(leading, "/a") == {"a": {"b": 1, "c": 1}}
    several = leading.post(f"{AGENCY}read", [["/a/b", "/x/y"], ["/x"]])
    assert several.json == [{"a": {"b": 1}}, {}]


def test_a_failed_precondition_is_412_with_a_zero_and_the_rest_is_done(leading: Client) -> None:
    answer = write(
        leading, [{"/a": 1}, {"/a": {"oldEmpty": True}}], [{"/b": 1}, {"/a": {"oldEmpty": True}}], [{"/c": 1}]
    )
    assert answer.status == 412
    assert [index > 0 for index in answer.json["results"]] == [True, False, True]
    assert read(leading, "/") == {"a": 1, "c": 1}


def test_transact_reads_and_writes_in_order(leading: Client) -> None:
    answer = leading.post(f"{AGENCY}transact", [[{"/a": 1}], ["/a"], [{"/a": 2}], ["/a", "/b"]])
    assert answer.status == 200
    assert [answer.json[place] for place in (1, 3)] == [{"a": 1}, {"a": 2}]
    assert answer.json[2] == answer.json[0] + 1
    refused = leading.post(f"{AGENCY}transact", [[{"/a": 3}, {"/a": {"old": 7}}], ["/a"]])
    assert refused.status == 412
    assert refused.json == [{"a": 2}, {"a": 2}]


def test_a_time_to_live_is_kept(leading: Client) -> None:
    assert write(leading, [{"/t": {"op": "set", "new": 1, "ttl": 0.3}}]).status == 200
    assert read(leading, "/t") == {"t": 1}
    until(lambda: read(leading, "/t") == {}, "the value has expired")


@pytest.mark.parametrize("verb", ["read", "write", "transact", "transient", "inquire"])
@pytest.mark.parametrize("body", [[], {}, "x", [1], [[1]], [[{"/a": {"op": "dance"}}]], [[{}, 1]]])
def test_nonsense_is_400_with_a_message(leading: Client, verb: str, body: Any) -> None:
    answer = leading.post(AGENCY + verb, body)
    assert answer.status == 400
    assert answer.json["message"]


def test_a_write_that_is_no_list_is_told_as_arangod_does(leading: Client) -> None:
    assert leading.post(f"{AGENCY}write", {}).json == {"message": "Expecting array of arrays as body for writes"}
    assert leading.post(f"{AGENCY}write", []).json == {"message": "Empty request"}
    assert leading.post(f"{AGENCY}write", b"{").error == (400, 600)


@pytest.mark.parametrize(
    ("verb", "body"),
    [("read", [["/a"]]), ("write", [[{"/a": 1}]]), ("transact", [["/a"]]), ("transient", [["/a"]]), ("inquire", ["x"])],
)
def test_a_follower_names_the_leader_with_an_empty_body(three: Agents, verb: str, body: Any) -> None:
    leader = three.leader()
    answer = three.ask(followers(three)[0], "POST", AGENCY + verb, body)
    assert answer is not None
    assert (answer.status, answer.body) == (307, b"")
    assert answer.headers["location"] == f"http://127.0.0.1:{three.ports[leader]}{AGENCY}{verb}"


def test_methods_and_verbs_there_are_not_are_refused(leading: Client) -> None:
    assert leading.get(f"{AGENCY}write").error == (405, 405)
    assert leading.post(f"{AGENCY}config", []).error == (405, 405)
    assert leading.get(f"{AGENCY}dance").error == (404, 405)
    assert leading.post(f"{AGENCY}store", {}).error == (501, 9)
    assert leading.get("/_api/collection").error[0] == 404


def test_what_only_arangod_has_is_named(leading: Client) -> None:
    for word in ("observe", "unobserve"):
        assert write(leading, [{"/a": {"op": word, "url": "http://x"}}]).error == (501, 9)
    assert "instanceOf" in write(leading, [{"/a": 1}, {"/a": {"instanceOf": "x"}}]).json["errorMessage"]
    assert read(leading, "/") == {}


def test_modes_that_do_not_wait_are_taken(leading: Client) -> None:
    for mode in ("waitForSequenced", "noWait", "waitForCommitted"):
        answer = leading.ask("POST", f"{AGENCY}write", [[{f"/{mode}": 1}]], {"x-arangodb-agency-mode": mode})
        assert answer.status == 200
    assert len(read(leading, "/")) == 3
    assert leading.ask("POST", f"{AGENCY}write", [[{"/a": 1}]], {"x-arangodb-agency-mode": "x"}).status == 400


def test_a_write_is_found_again_by_its_client_and_done_once(leading: Client) -> None:
    done = write(leading, [{"/n": {"op": "increment"}}, {}, "client-1"]).json["results"]
    assert write(leading, [{"/n": {"op": "increment"}}, {}, "client-1"]).json["results"] == done
    assert read(leading, "/n") == {"n": 1}
    answer = leading.post(f"{AGENCY}inquire", ["client-1"])
    assert (answer.status, answer.json) == (200, {"results": done, "inquired": True})
    unknown = leading.post(f"{AGENCY}inquire", ["client-2"])
    assert (unknown.status, unknown.json) == (404, {"results": [0], "inquired": True})


def test_what_is_transient_is_not_in_the_log(three: Agents, leading: Client) -> None:
    before = three.config(three.leader())["commitIndex"]
    answer = leading.post(f"{AGENCY}transient", [[{"/s": {"t": 1}}], ["/s"], [{"/s": 2}, {"/s": {"oldEmpty": True}}]])
    assert (answer.status, answer.json) == (412, [True, {"s": {"t": 1}}, False])
    assert leading.post(f"{AGENCY}transient", [["/s"]]).json == [{"s": {"t": 1}}]
    assert three.config(three.leader())["commitIndex"] == before
    assert leading.get(f"{AGENCY}stores").json["transient"] == [{"s": {"t": 1}}]


def test_a_poll_gives_the_tree_then_what_follows_and_waits_for_it(leading: Client) -> None:
    index = write(leading, [{"/a": 1}]).json["results"][0]
    whole = leading.get(f"{AGENCY}poll?index=0").json
    assert (whole["error"], whole["code"], whole["result"]["readDB"]) == (False, 200, {"a": 1})
    assert whole["result"]["commitIndex"] == index
    known = leading.get(f"{AGENCY}poll?index={index}").json["result"]
    assert [(entry["index"], entry["query"]) for entry in known["log"]] == [(index, {"/a": 1})]
    assert leading.get(f"{AGENCY}poll?index={index + 1}&timeout=0.05").json["result"]["log"] == []
    waiting: list[Any] = []
    other = Client(leading.connection.port, BEARER)
    poller = threading.Thread(target=lambda: waiting.append(other.get(f"{AGENCY}poll?index={index + 1}&timeout=20")))
    poller.start()
    write(leading, [{"/a": 2}])
    poller.join(20)
    other.close()
    assert waiting[0].json["result"]["log"][0]["query"] == {"/a": 2}
    assert leading.get(f"{AGENCY}poll?index=x").error == (400, 400)
    assert leading.get(f"{AGENCY}poll?index=-1").error == (400, 400)


def test_the_log_and_the_trees_of_any_agent_can_be_seen(three: Agents, leading: Client) -> None:
    index = write(leading, [{"/a": 1}, {}, "me-and-my-write"]).json["results"][0]
    last = leading.get(f"{AGENCY}state").json[-1]
    assert (last["index"], last["query"], last["clientId"]) == (index, {"/a": 1}, "me-and-my-write")
    for place in three.running:

        def trees(place: int = place) -> Any:
            answer = three.ask(place, "GET", f"{AGENCY}stores")
            return answer is not None and answer.json["read_db"] == answer.json["spearhead"] == [{"a": 1}]

        until(trees, "it is there on every agent")


def test_config_says_who_leads_and_how_far_everybody_is(three: Agents, leading: Client) -> None:
    write(leading, [{"/a": 1}])
    leader = three.leader()
    said = three.config(leader)
    own = said["configuration"]["id"]
    assert re.fullmatch(r"AGNT-[0-9a-f-]{36}", own)
    assert said["leaderId"] == own
    assert sorted(said["configuration"]["pool"]) == said["configuration"]["active"]
    assert said["configuration"]["pool"][own] == said["configuration"]["endpoint"]
    assert said["configuration"]["endpoint"] == f"tcp://127.0.0.1:{three.ports[leader]}"
    assert set(said["lastAcked"]) == set(said["configuration"]["pool"])
    assert said["lastAcked"][own] == {"lastAckedTime": 0, "lastAckedIndex": said["commitIndex"]}
    assert all(one["lastAckedTime"] < 5 for one in said["lastAcked"].values())
    assert (said["configuration"]["agency size"], said["configuration"]["min ping"]) == (3, 0.2)
    for place in followers(three):
        follower = until(lambda: three.config(place), "a follower answers")  # noqa: B023
        assert (follower["leaderId"], follower["term"], follower["lastAcked"]) == (own, said["term"], {})


def test_an_agent_answers_as_every_server_does(three: Agents, leading: Client) -> None:
    assert leading.get("/_admin/server/role").json["role"] == "AGENT"
    own = leading.get("/_admin/server/id").json["id"]
    agent = leading.get("/_admin/status").json["agent"]
    assert (agent["id"], agent["leaderId"], agent["leading"]) == (own, own, True)
    text = leading.get("/_admin/metrics/v2").body.decode()
    assert re.search(r"^arangodb_agency_term \d+$", text, re.M)
    assert re.search(r"^arangodb_agency_write_ok_total [1-9]", text, re.M)
    assert leading.get("/_api/version").json["version"] == "3.12.5"
    anybody = Client(three.ports[0], {})
    assert anybody.get("/_admin/server/availability").status == 200
    anybody.close()


def test_the_log_says_who_leads(three: Agents) -> None:
    leader = three.leader()
    assert re.search(r"\{agency\} AGNT-\S+ rebuilt key-value stores - serving\.", three.running[leader].line("[a66dc]"))
    assert "Set _role to FOLLOWER in term" in three.running[followers(three)[0]].line("[f370f]")


def _user_token() -> str:
    return jwt.issue(SECRET.encode(), {"iss": "arangodb", "preferred_username": "root"})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic(),
        {"authorization": "bearer x.y.z"},
        {"authorization": "bearer " + jwt.issue(b"another", {"iss": "arangodb", "server_id": "x"})},
        {"authorization": "bearer " + _user_token()},
    ],
)
def test_only_servers_are_answered(three: Agents, headers: dict[str, str]) -> None:
    client = Client(three.ports[three.leader()], headers)
    for method, path in (("GET", f"{AGENCY}config"), ("POST", f"{AGENCY}read"), ("POST", "/_api/agency_priv/gossip")):
        answer = client.ask(method, path, [["/"]] if method == "POST" else None)
        assert answer.error == (401, 11)
    client.close()


def test_agents_do_not_take_what_is_not_for_them(three: Agents, leading: Client) -> None:
    own = three.config(three.leader())["configuration"]["id"]
    vote = "/_api/agency_priv/requestVote?term=99&prevLogIndex=0&prevLogTerm=0"
    assert leading.get(f"{vote}&candidateId=AGNT-x&to={own}").error == (403, 403)
    assert leading.get(f"{vote}&candidateId=AGNT-x&to=AGNT-y").error == (403, 403)
    assert leading.get("/_api/agency_priv/requestVote?term=x").error == (400, 400)
    assert leading.post("/_api/agency_priv/appendEntries?term=1", []).error == (400, 400)
    assert leading.post("/_api/agency_priv/gossip", {"id": "AGNT-x", "pool": {}}).error == (403, 403)
    assert leading.post("/_api/agency_priv/gossip", {"id": "AGNT-x", "pool": {"a": 1}}).error == (400, 400)
    assert own in leading.get("/_api/agency_priv/activeAgents").json
