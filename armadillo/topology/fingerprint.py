"""The topology hash: what tells whether a running deployment is the one that a text describes.

Knows no more of a text than where it holds the deployment's name and the hash.
"""

from __future__ import annotations

import hashlib
import re

_NAME = (
    r"(armadillo\.name[\"']?\s*[:=]\s*[\"']?){name}(?![a-z0-9_-])",
    r"(container_name[\"']?\s*:\s*[\"']?armadillo-){name}(?=-)",
)
_HASH = re.compile(r"(armadillo\.topology-hash[\"']?\s*[:=]\s*[\"']?)[0-9a-f]*")


def topology_hash(text: str, name: str) -> str:
    """Return the hash of a Compose text without the deployment's name and without the hash it may hold."""
    text = _HASH.sub(r"\1", text)
    for pattern in _NAME:
        text = re.sub(pattern.format(name=re.escape(name)), r"\1", text)
    return hashlib.sha256(text.encode()).hexdigest()
