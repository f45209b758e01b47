"""What the supervision decides: names, health, maintenance and repairs, from the agency's tree as it is now.

Knows nothing of the agency's log or of clocks: the leader brings the time, and what it saw of the heartbeats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from arangod.cluster import repair
from arangod.cluster.agreed import (
    BAD,
    DELETE,
    FAILED,
    GONE,
    GOOD,
    INCREMENT,
    KINDS,
    THERE,
    Node,
    Transaction,
    at,
    moment,
    path,
    reboot_id,
    stamp,
)  # fmt: skip
from arangod.cluster.removal import may_be_removed, removal

if TYPE_CHECKING:
    from arangod.agency.supervise import Timings

_PATIENCE = 5.5  # times the grace period: so long a new leader waits for servers that do not report
_BEATS = 4  # heartbeats a server sends before it may be called late
_FASTEST_BEAT = 50
_NO_NEWS = ("Timestamp", "SyncTime", "LastAckedTime")


def decide(tree: Node, transient: Node, now: datetime, timings: Timings) -> list[Transaction]:
    """Return what has to be changed; nothing while all is as it should be."""
    if not at(tree, "InitDone"):
        return []
    names = _names(tree)
    changes = [*_heartbeat_interval(tree, timings), *(change for _, change in names.values())]
    is_off = "Maintenance" in at(tree, "Supervision")
    changes += _mode(tree, now, "Maintenance" if is_off else "Normal")
    changes += _server_maintenance(tree, now)
    if is_off or not _may_judge(tree, timings):
        return changes
    given = {server: name for server, (name, _) in names.items()}
    changes += _health(tree, transient, now, timings, given)
    changes += _expired(tree, now, timings)
    return changes + repair.decide(tree)


def _servers(tree: Node) -> Iterator[tuple[str, str]]:
    for kind in KINDS:
        for server in at(tree, "Plan", kind):
            yield kind, server


def _heartbeat_interval(tree: Node, timings: Timings) -> list[Transaction]:
    """Let servers report often enough for the threshold; a shorter interval is left as it is."""
    wanted = max(int(timings.ok_threshold * 1000 / _BEATS), _FASTEST_BEAT)
    interval = at(tree, "Sync").get("HeartbeatIntervalMs", 1000)
    place = path("Sync", "HeartbeatIntervalMs")
    return [[{place: wanted}]] if isinstance(interval, int) and interval > wanted else []


def _names(tree: Node) -> dict[str, tuple[str, Transaction]]:
    """Give short names to servers that have none, in the order they registered."""
    named, given = at(tree, "Target", "MapUniqueToShortID"), {}
    for kind, word in KINDS.items():
        counter = f"Latest{word}Id"
        last: Any = at(tree, "Target").get(counter)
        new = [server for server in at(tree, "Plan", kind) if server not in named]
        for server in sorted(new, key=lambda one: (_registered(tree, one).get("timestamp", ""), one)):
            number = (last if isinstance(last, int) else 0) + 1
            name, place = f"{word}{number:04X}", path("Target", "MapUniqueToShortID", server)
            operations = {path("Target", counter): number, place: {"TransactionID": number, "ShortName": name}}
            expected = GONE if last is None else {"old": last}
            given[server] = name, [operations, {path("Target", counter): expected, place: GONE}]
            last = number
    return given


def _registered(tree: Node, server: str) -> Node:
    entry: Node = at(tree, "Current", "ServersRegistered", server)
    return entry


def _mode(tree: Node, now: datetime, mode: str) -> list[Transaction]:
    if at(tree, "Supervision", "State").get("Mode") == mode:
        return []
    return [[{path("Supervision", "State"): {"Mode": mode, "Timestamp": stamp(now)}}]]


def _server_maintenance(tree: Node, now: datetime) -> list[Transaction]:
    """Bring wishes for the maintenance of single dbservers into effect, and end those whose time is over."""
    wishes, present = at(tree, "Target", "MaintenanceDBServers"), at(tree, "Current", "MaintenanceDBServers")
    changes: list[Transaction] = []
    for server in sorted({*wishes, *present}):
        wish, place = wishes.get(server), path("Current", "MaintenanceDBServers", server)
        until = moment(wish.get("Until")) if wish else None
        if wish and until is not None and until <= now:
            wanted = path("Target", "MaintenanceDBServers", server)
            changes.append([{wanted: DELETE, place: DELETE}, {wanted: {"old": wish}}])
        elif wish is None:
            changes.append([{place: DELETE}])
        elif wish != present.get(server):
            changes.append([{place: wish}])
    return changes


def _may_judge(tree: Node, timings: Timings) -> bool:
    """Tell whether this leader knows enough: it leads for long, or every server of the plan has reported to it."""
    everybody = all(server in timings.seen for _, server in _servers(tree))
    return everybody or timings.leading_for > _PATIENCE * timings.grace_period


def _status(before: str, silent: float, timings: Timings) -> str:
    """Judge a server by its silence; nobody fails without having been bad for a round."""
    if silent <= timings.ok_threshold:
        return GOOD
    return FAILED if silent > timings.grace_period and before in (BAD, FAILED) else BAD


def _entry(tree: Node, server: str, name: str, status: str, beat: Node, acked: datetime) -> dict[str, Any]:
    said = _registered(tree, server)
    known = at(tree, "Supervision", "Health", server)
    entry = {
        "ShortName": name,
        "Endpoint": said.get("endpoint", ""),
        "Host": said.get("host", ""),
        "Status": status,
        "SyncStatus": beat.get("status", known.get("SyncStatus", "UNKNOWN")),
        "SyncTime": beat.get("time", known.get("SyncTime", "")),
        "LastAckedTime": stamp(acked),
        "Engine": said.get("engine", ""),
        "Version": said.get("versionString", ""),
    }
    return entry | ({"AdvertisedEndpoint": said["advertisedEndpoint"]} if said.get("advertisedEndpoint") else {})


def _without_times(entry: Node) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in _NO_NEWS}


def _health(
    tree: Node, transient: Node, now: datetime, timings: Timings, given: Mapping[str, str]
) -> Iterator[Transaction]:
    """Judge every server of the plan; yield what changes."""
    for kind, server in _servers(tree):
        known = at(tree, "Supervision", "Health", server)
        silent = timings.seen.get(server, timings.leading_for)
        status = _status(str(known.get("Status", "")), silent, timings)
        name = given.get(server) or at(tree, "Target", "MapUniqueToShortID", server).get("ShortName", "")
        beat = at(transient, "Sync", "ServerStates", server)
        entry = _entry(tree, server, name, status, beat, now - timedelta(seconds=silent))
        if _without_times(entry) == _without_times(known):
            continue
        place = path("Supervision", "Health", server)
        operations = {place: entry | {"Timestamp": stamp(now)}}
        operations |= _consequences(tree, kind, server, str(known.get("Status", "")), status)
        yield [operations, {path("Plan", kind, server): THERE, place: {"old": known} if known else GONE}]


def _consequences(tree: Node, kind: str, server: str, before: str, status: str) -> dict[str, Any]:
    """Return what else changes when a server fails or is back."""
    changes: dict[str, Any] = {}
    failed_place = path("Target", "FailedServers", server)
    if status == FAILED != before:
        if reboot_id(tree, server):
            changes[path("Current", "ServersKnown", server, "rebootId")] = INCREMENT
        if kind == "DBServers":
            changes[failed_place] = {}
        elif at(tree, "Current").get("Foxxmaster") == server:
            changes[path("Current", "Foxxmaster")] = ""
    elif status == GOOD and server in at(tree, "Target", "FailedServers"):
        changes[failed_place] = DELETE
    return changes


def _expired(tree: Node, now: datetime, timings: Timings) -> list[Transaction]:
    """Forget one server that failed long ago and holds nothing; the next one has its turn in the next round."""
    for kind, server in _servers(tree):
        since = moment(at(tree, "Supervision", "Health", server).get("Timestamp"))
        old = since is not None and (now - since).total_seconds() > timings.expired_after
        if old and may_be_removed(tree, kind, server):
            return [removal(tree, kind, server, now)]
    return []
