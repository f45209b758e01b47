"""The options arangod knows, as far as tools pass them: name, kind, default, and whether they have an effect here.

Knows nothing of how they are given; what an option does is written where it is done.
"""

from __future__ import annotations

from typing import NamedTuple

Value = bool | int | float | str | list[str]


class Option(NamedTuple):
    """One option; `kind` is bool, int, float, str, list, or the allowed words with bars between."""

    name: str
    kind: str
    default: Value
    has_effect: bool

    @property
    def words(self) -> tuple[str, ...]:
        """The allowed words, when only some are."""
        return tuple(self.kind.split("|")) if "|" in self.kind else ()


# A star marks what has an effect here; the rest is accepted, and named once in the log when it was given.
_TABLE = """
agency.activate bool false *
agency.compaction-keep-size int 50000 *
agency.compaction-step-size int 1000 *
agency.disaster-recovery-id str
agency.election-timeout-max float 5.0 *
agency.election-timeout-min float 1.0 *
agency.endpoint list *
agency.max-append-size int 250 *
agency.my-address str *
agency.pool-size int 1 *
agency.size int 1 *
agency.supervision bool false *
agency.supervision-delay-add-follower int 0
agency.supervision-delay-failed-follower int 0
agency.supervision-expired-servers-grace-period float 3600.0 *
agency.supervision-failed-leader-adds-follower bool true
agency.supervision-frequency float 1.0 *
agency.supervision-grace-period float 10.0 *
agency.supervision-ok-threshold float 5.0 *
agency.wait-for-sync bool true *
cluster.agency-endpoint list *
cluster.api-jwt-policy jwt-all|jwt-write|jwt-compat jwt-compat
cluster.create-waits-for-sync-replication bool true *
cluster.default-replication-factor int 1 *
cluster.failed-write-concern-status-code 403|503 403 *
cluster.force-one-shard bool false
cluster.index-creation-timeout float 259200.0
cluster.max-number-of-move-shards int 10
cluster.max-number-of-shards int 1000 *
cluster.max-replication-factor int 10 *
cluster.min-replication-factor int 1 *
cluster.my-address str *
cluster.my-advertised-endpoint str *
cluster.my-role str *
cluster.no-heartbeat-delay-before-shutdown float 1800.0
cluster.require-persisted-id bool false *
cluster.resign-leadership-on-shutdown bool false
cluster.shard-synchronization-attempt-timeout float 1200.0
cluster.synchronous-replication-timeout-factor float 1.0
cluster.synchronous-replication-timeout-maximum float 3600.0
cluster.synchronous-replication-timeout-minimum float 900.0 *
cluster.synchronous-replication-timeout-per-4k float 0.1
cluster.system-replication-factor int 2 *
cluster.upgrade auto|disable|force|online auto
cluster.write-concern int 1 *
database.auto-upgrade bool false *
database.directory str *
database.extended-names bool true *
database.init-database bool false *
database.password str *
database.upgrade-check bool true
database.wait-for-sync bool false *
foxx.api bool true
foxx.queues bool true
http.compress-response-threshold int 512 *
http.keep-alive-timeout float 300.0 *
javascript.allow-admin-execute bool false
javascript.app-path str
javascript.copy-installation bool false
javascript.enabled bool true
javascript.startup-directory str
log.api-enabled true|false|jwt true *
log.color bool true
log.file str *
log.force-direct bool false
log.foreground-tty bool false *
log.level list *
log.output list *
log.role bool false *
log.use-json-format bool false *
rocksdb.block-cache-size int 0
rocksdb.create-sha-files bool false
rocksdb.encryption-key-generator str *
rocksdb.encryption-keyfile str *
rocksdb.enforce-block-cache-size-limit bool true
rocksdb.max-background-jobs int 0
rocksdb.total-write-buffer-size int 0
rocksdb.wal-directory str
server.authentication bool true *
server.authentication-system-only bool true *
server.early-connections bool false *
server.endpoint list http+tcp://127.0.0.1:8529 *
server.harden bool false
server.jwt-secret str *
server.jwt-secret-folder str *
server.jwt-secret-keyfile str *
server.maximal-queue-size int 4096
server.maximal-threads int 0
server.options-api disabled|jwt|admin|public jwt
server.rest-server bool true *
server.session-timeout float 3600.0 *
server.statistics bool true
server.storage-engine auto|rocksdb auto
server.support-info-api disabled|jwt|admin|public admin *
server.threads int 0
server.unavailability-queue-fill-grade float 0.75
ssl.cafile str
ssl.keyfile str *
temp.path str
vector-index bool false
"""

_TRUE = ("true", "on", "yes", "1", "y")
_FALSE = ("false", "off", "no", "0", "n")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def boolean(text: str) -> bool:
    """Read a truth value the way arangod spells them."""
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(f"invalid value '{text}' for type boolean. expecting 'true' or 'false'")


def integer(text: str) -> int:
    """Read a whole number, with a size suffix such as 4k, 64MB or 2GiB."""
    digits = text.rstrip("kKmMgGtTbBiI")
    suffix = text[len(digits) :].lower()
    if not digits.removeprefix("-").isdecimal() or not digits.isascii():
        raise ValueError(f"invalid numeric value '{text}'")
    binary = suffix.endswith("ib")
    power = _POWERS.get(suffix.removesuffix("b").removesuffix("i"))
    if power is None or (binary and not power):
        raise ValueError(f"invalid numeric value '{text}'")
    scale: int = (1024 if binary else 1000) ** power
    return int(digits) * scale


def number(text: str) -> float:
    """Read a finite number."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"invalid numeric value '{text}'") from None
    if value - value != 0:
        raise ValueError(f"invalid numeric value '{text}'")
    return value


def value_of(option: Option, text: str) -> Value:
    """Read one value of an option; ValueError says why not."""
    if option.kind == "bool":
        return boolean(text)
    if option.kind == "int":
        return integer(text)
    if option.kind == "float":
        return number(text)
    if option.words and text not in option.words:
        raise ValueError(f"invalid value '{text}'. possible values: {', '.join(repr(word) for word in option.words)}")
    return text


def _option(line: str) -> Option:
    has_effect = line.endswith("*")
    name, kind, *defaults = line.rstrip(" *").split()
    default = defaults[0] if defaults else ""
    if kind == "list":
        return Option(name, kind, [default] if default else [], has_effect)
    bare = Option(name, kind, default, has_effect)
    return bare._replace(default=value_of(bare, default))


OPTIONS: dict[str, Option] = {option.name: option for option in map(_option, _TABLE.strip().splitlines())}
