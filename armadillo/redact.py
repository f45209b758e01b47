"""What must not be shown, found in texts and values and masked: by its name, by its form, or because it is known.

Knows nothing of logs or of files; it gets a value and returns a copy. Every pattern takes linear time on any text, so
what follows a repetition never overlaps it, and a pattern that may begin with one looks behind first.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any
from urllib.parse import quote

MASK = "***"

MAX_DEPTH = 24
SHORTEST_VALUE = 4

# Only a text that has one of these is looked at more closely.
_SUSPICIOUS = re.compile(
    r"passw|passphrase|pwd|secret|token|jwt|auth|credential|cookie|key|bearer|basic|eyJ|://", re.IGNORECASE
)

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_SECRET_ENDINGS = ("password", "passwd", "passphrase", "secret", "token", "jwt", "authorization", "apikey", "cookie")
_SECRET_WORDS = frozenset({"passwords", "tokens", "credential", "credentials", "cookies"})
_SECRET_KEYS = frozenset({"api", "private", "access", "encryption", "signing", "master"})
_HARMLESS_LAST = frozenset(
    re.findall(
        r"\w+",
        """
        file files folder dir directory path paths name names count counts ttl length len size limit max min type kind
        expiry expires expiration lifetime age url uri algorithm field prompt policy variable source external
        environment py md yml yaml json txt log html js ts sh toml
        """,
    )
)
_COUNTED = frozenset({"token", "tokens"})

_PEM = re.compile(r"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----).*?(?=-----END|\Z)", re.DOTALL)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]*+\.[\w-]++(?:\.[\w-]*+)?", re.ASCII)
_URL = re.compile(r"""(?<=://)([^\s/:@?#"'<>]*+:)[^\s/?#"'<>]+@""")
# "Bearer token" in a sentence is no secret: a lone word in small letters stays.
_SCHEME = re.compile(
    r"""(?<!\w)((?i:bearer|basic)[ \t]++)(?![A-Za-z][a-z]*+["'.,:;!?)]{0,3}(?:\s|\Z))[\w.~+/=-]{4,}+""", re.ASCII
)

_PAIR = re.compile(
    r"(?<![\w.-])(?:([\w.-]++)\\*+[\"']?[ \t]*+(?:=(?!=)|:(?!:|//))[ \t]*+"
    r"|(-[\w.-]++)(?:[ \t]++|[\"'],[ \t]*+(?=[\"']))(?![\"']?--))",
    re.ASCII,
)
_NEXT_PAIR = r"(?=\s|\Z|[\"'\])}]|[\w.-]++[\"']?[=:])"
_VALUE = re.compile(
    r"\\++[\"'][^\"'\\\n]*+|"
    r'"(?:[^"\\\n]|\\.)*+"?'
    r"|'(?:[^'\\\n]|\\.)*+'?"
    rf"|(?:\$\{{[^\s{{}}\"']*+\}}|[^\s,;&)\]}}\"']|[,;&](?!{_NEXT_PAIR})|[)\]}}\"'](?![\s,;:)\]}}]|\Z))++"
)
_REST_OF_LINE = re.compile(r"[^\"'\r\n]++")
_REFERENCE = re.compile(r"\$\{[A-Za-z_][\w.]*\}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,9}")


def _words(key: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(key)]


def is_secret_name(name: str) -> bool:
    """Tell whether what goes by this name must not be shown: `ARANGO_ROOT_PASSWORD` yes, `--password-file` no."""
    words = _words(name) if _SUSPICIOUS.search(name) else []
    if not words or words[-1] in _HARMLESS_LAST or words[-1].endswith("file"):
        return False
    if any(word.endswith(_SECRET_ENDINGS) or word in _SECRET_WORDS for word in words):
        return True
    if len(words) > 1 and words[-1] == "pwd":
        return True
    return any(last in ("key", "keys") and first in _SECRET_KEYS for first, last in itertools.pairwise(words))


class Redactor:
    """Masks secrets; the values it was told of wherever they stand, others by name and form."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self._known: re.Pattern[str] | None = None
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Mask this value from now on; what is too short to be a secret would mask half the text and is ignored."""
        if len(value) < SHORTEST_VALUE:
            return
        with self._lock:
            self._values |= {value, quote(value, safe="", errors="surrogatepass"), json.dumps(value)[1:-1]}
            longest_first = sorted(self._values, key=lambda known: (-len(known), known))
            self._known = re.compile("|".join(map(re.escape, longest_first)))

    def redact(self, obj: Any) -> Any:
        """Return a copy with secrets masked; what is no text, mapping, sequence or set stays what it is."""
        return _Walk(self).value(obj, False, 0)

    def text(self, text: str) -> str:
        """Return a text with secrets masked."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        if not _SUSPICIOUS.search(text):
            return text
        text = _PEM.sub(rf"\1{MASK}", text)
        text = _URL.sub(rf"\1{MASK}@", text)
        text = _masked_pairs(text)
        text = _SCHEME.sub(rf"\1{MASK}", text)
        return _JWT.sub(MASK, text)


def _masked_pairs(text: str) -> str:
    """Mask the values in `name=value`, `name: value`, `"name": "value"` and `--name value`."""
    shown: list[str] = []
    done = place = 0
    while pair := _PAIR.search(text, place):
        place = pair.end()
        name = pair[1] or pair[2]
        value = _value_at(text, place, name) if is_secret_name(name) else None
        if value is not None and not _is_nothing(value[0]) and not (_is_count(name) and _COUNT.fullmatch(value[0])):
            shown += [text[done:place], _masked_value(value[0])]
            done = place = value.end()
    return "".join([*shown, text[done:]])


def _value_at(text: str, place: int, name: str) -> re.Match[str] | None:
    whole_line = _words(name)[-1] in ("authorization", "cookie") and text[place : place + 1] not in ('"', "'", "\\")
    return (_REST_OF_LINE if whole_line else _VALUE).match(text, place)


def _masked_value(value: str) -> str:
    bare = value.lstrip("\\")
    if not bare.startswith(('"', "'")):
        return MASK
    opening = value[: len(value) - len(bare) + 1]
    return opening + MASK + (opening if len(bare) > 1 and bare.endswith(opening) else "")


def _is_nothing(value: str) -> bool:
    """Tell an empty value or a `${REFERENCE}`, which are no secret even under a secret's name."""
    bare = value.strip("\\\"'")
    return not bare or _REFERENCE.fullmatch(bare) is not None


def _is_count(name: str) -> bool:
    """Tell a name under which a number is no secret: `max_tokens`."""
    return not _COUNTED.isdisjoint(_words(name))


class _Walk:
    """One walk through a value; what is met again is not walked again, so shared and endless values are no trouble."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._met: dict[tuple[int, bool], tuple[Any, Any]] = {}

    def value(self, obj: Any, secret: bool, depth: int) -> Any:
        if isinstance(obj, str):
            return MASK if secret and not _is_nothing(obj) else self._redactor.text(obj)
        if isinstance(obj, bytes | bytearray | memoryview):
            return MASK.encode() if secret else self._bytes(bytes(obj))
        if isinstance(obj, int | float) and not isinstance(obj, bool):
            return MASK if secret else obj
        if isinstance(obj, Mapping | Sequence | Set):
            return self._container(obj, secret, depth)
        return obj

    def _bytes(self, data: bytes) -> bytes:
        text = data.decode("utf-8", "surrogateescape")
        return self._redactor.text(text).encode("utf-8", "surrogateescape")

    def _container(self, obj: Any, secret: bool, depth: int) -> Any:
        known = self._met.get((id(obj), secret))
        if known is not None:
            return known[1]
        if depth >= MAX_DEPTH:
            return MASK
        # While it is being walked it stands for itself as a mask; kept with it, so that its id stays its own.
        self._met[id(obj), secret] = (obj, MASK)
        copy = self._mapping(obj, secret, depth) if isinstance(obj, Mapping) else self._items(obj, secret, depth)
        self._met[id(obj), secret] = (obj, copy)
        return copy

    def _mapping(self, obj: Mapping[Any, Any], secret: bool, depth: int) -> dict[Any, Any]:
        return {
            self._redactor.text(key) if isinstance(key, str) else key: self.value(
                value, self._is_secret(key, value, secret), depth + 1
            )
            for key, value in obj.items()
        }

    def _is_secret(self, key: Any, value: Any, inherited: bool) -> bool:
        if not isinstance(key, str):
            return inherited
        if isinstance(value, int | float) and _is_count(key):
            return False
        return is_secret_name(key) or (inherited and not _HARMLESS_LAST.intersection(_words(key)[-1:]))

    def _items(self, obj: Iterable[Any], secret: bool, depth: int) -> Any:
        copies: list[Any] = []
        flag = False
        for item in obj:
            copies.append(self.value(item, secret or (flag and not _is_flag(item)), depth + 1))
            flag = _is_flag(item) and "=" not in item and is_secret_name(item)
        kind = next(
            (kind for kind in (list, frozenset) if isinstance(obj, kind)), set if isinstance(obj, Set) else tuple
        )
        return kind(copies)


def _is_flag(item: Any) -> bool:
    return isinstance(item, str) and item.startswith("--")
