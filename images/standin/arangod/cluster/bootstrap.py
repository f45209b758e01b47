"""What the first coordinator does for a new cluster, once: the system collections and the root user.

Knows nothing of the other roles; another coordinator takes over when the one at work goes away.
"""

from __future__ import annotations

from arangod.auth.password import user_document
from arangod.cluster.accounts import Accounts
from arangod.cluster.agreed import FAILED, GONE, Node, at, path, reboot_id, status_of
from arangod.cluster.coordination import Coordination
from arangod.failure import ArangoError
from arangod.store.names import SYSTEM, USERS

_PLACE = path("Bootstrap")
_PAUSE = 0.1
_COMPANY_SECONDS = 0.3  # so long the first dbservers may wait for the others, so that copies need not be added later


def is_done(tree: Node) -> bool:
    """Tell whether a coordinator has finished."""
    return bool(at(tree, "Bootstrap").get("done"))


def _may_begin(tree: Node, me: str) -> bool:
    """Tell whether nobody else is at work, or who was has gone."""
    lock = at(tree, "Bootstrap")
    owner = lock.get("coordinator", me)
    return owner == me or status_of(tree, owner) == FAILED or reboot_id(tree, owner) != lock.get("rebootId")


def bootstrap(coordination: Coordination, accounts: Accounts, password: str) -> bool:
    """Bring the cluster to life, or wait until another coordinator has; False when a stop came first."""
    member = coordination.member
    stopping = member.stopping
    while not stopping.is_set():
        tree = member.tree
        if is_done(tree):
            return True
        try:
            if _may_begin(tree, member.id) and coordination.servers() and _locked(coordination, tree):
                _work(coordination, accounts, password)
                continue
        except ArangoError as exc:
            member.log.write("WARNING", "5a014", "startup", f"the bootstrap will be tried again: {exc}")
            stopping.wait(_PAUSE)
        member.view.changed_since(tree, _PAUSE)
    return False


def _locked(coordination: Coordination, tree: Node) -> bool:
    member = coordination.member
    lock, held = {"coordinator": member.id, "rebootId": member.reboot_id}, at(tree, "Bootstrap")
    return held == lock or member.write([{_PLACE: lock}, {_PLACE: {"old": held} if held else GONE}])


def _wait_for_company(coordination: Coordination, servers: int) -> None:
    coordination.member.view.wait(lambda _: True if len(coordination.servers()) >= servers else None, _COMPANY_SECONDS)


def _work(coordination: Coordination, accounts: Accounts, password: str) -> None:
    member = coordination.member
    _wait_for_company(coordination, coordination.system_factor)
    coordination.create_system_collections(SYSTEM)
    entry = coordination.collection(SYSTEM, USERS)
    if not any(one.get("user") == "root" for one in coordination.documents(SYSTEM, entry)):
        accounts.put(user_document("root", password))
    done = {"coordinator": member.id, "rebootId": member.reboot_id, "done": True}
    member.write([{_PLACE: done, path("SystemCollectionsCreated"): True}])
