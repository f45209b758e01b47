"""Strict YAML: text in, plain values and the place of each out; the one module that knows the YAML library.

Knows nothing of what a file means: parsers hand it their problems and get one error with every place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import yaml

from armadillo.errors import ConfigurationError
from armadillo.problems import KeyPath, Mark, Problem, dotted, error, nearest, placed

MAX_CHARS = 16 * 1024 * 1024
MAX_DEPTH = 100
MAX_VALUES = 1_000_000

_SHOWN_CHARS = 120


class Document:
    """The value of a text, and where each part of it stands."""

    __slots__ = ("_root", "name", "value")

    def __init__(self, name: str, root: _Node) -> None:
        self.name = name
        self.value: Any = root.value
        self._root = root

    def place(self, path: KeyPath = ()) -> str:
        """Return "file:line:column" of a value; of what is missing, that of the nearest thing around it."""
        return placed(self.name, self.mark(path))

    def key_place(self, path: KeyPath) -> str:
        """Return "file:line:column" of the key a value stands under; of a list's item, that of the item."""
        return placed(self.name, self.mark(path, key=True))

    def mark(self, path: KeyPath, *, key: bool = False) -> Mark:
        """Return the place as numbers, for sorting."""
        node, mark = self._root, self._root.mark
        for part in path:
            child = node.child(part)
            if child is None:
                return node.mark
            mark, node = child
        return mark if key else node.mark


class Problems:
    """Collects everything that is wrong with a document, to tell it at once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._found: dict[tuple[Mark, str], Problem] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def __iter__(self) -> Iterator[Problem]:
        return (problem for _, problem in sorted(self._found.items(), key=lambda found: found[0][0]))

    def add(self, path: KeyPath, message: str, *, hint: str = "", key: bool = False) -> None:
        """Note a problem with the value at a path, or with its key; of one place the same thing is told once."""
        mark = self.document.mark(path, key=key)
        problem = Problem(placed(self.document.name, mark), dotted(path), message, hint)
        self._found.setdefault((mark, message), problem)

    def unknown_key(self, path: KeyPath, known: Iterable[str]) -> str | None:
        """Note that nobody knows the last key of a path; return the known key that was probably meant."""
        known = list(known)
        meant = nearest(str(path[-1]), known)
        hint = "" if meant else f"known here: {', '.join(known)}" if known else "nothing is known here"
        self.add(path, "unknown key" + (f", did you mean {meant}?" if meant else ""), hint=hint, key=True)
        return meant

    def unknown_keys(self, path: KeyPath, value: Mapping[str, Any], known: Iterable[str]) -> None:
        """Note every key of a mapping that is not among the known ones."""
        known = list(known)
        for key in value:
            if key not in known:
                self.unknown_key((*path, key), known)

    def raise_any(self) -> None:
        """Raise one error for all that was noted, in the order of the text; do nothing when there is none."""
        if self:
            raise error(list(self))


def load(text: str, name: str) -> Document:
    """Read one YAML 1.2 document strictly; whatever is wrong with it is told with its place under that name."""
    _refuse_unreadable(text, name)
    reading = _Reading(name)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reading.take(event)
    except yaml.MarkedYAMLError as exc:
        reading.note(*_syntax(exc, text), path="")
    except yaml.reader.ReaderError as exc:
        before = text.encode()[: exc.position].decode(errors="ignore")
        mark = Mark(before.count("\n"), len(before) - before.rfind("\n") - 1)
        reading.note(mark, f"not YAML: the character U+{exc.character:04X} may not stand in a text file", path="")
    if reading.problems:
        raise reading.failed()
    return Document(name, reading.root or _Node(Mark(0, 0), None))


def scalar(text: str) -> str:
    """Write a string so that every YAML reader, of 1.1 and of 1.2, reads that string back."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS_OF_1_1:
        return text
    return '"' + _ESCAPED.sub(_escape, text) + '"'


class _Node:
    """A value, its place, and its parts with theirs; size and height as if every alias were written out."""

    __slots__ = ("entries", "height", "items", "mark", "size", "value")

    def __init__(self, mark: Mark, value: Any) -> None:
        self.mark = mark
        self.value = value
        self.entries: dict[str, tuple[Mark, _Node]] = {}
        self.items: list[_Node] = []
        self.size = 1
        self.height = 1

    def child(self, part: str | int) -> tuple[Mark, _Node] | None:
        if isinstance(part, str):
            return self.entries.get(part)
        return (self.items[part].mark, self.items[part]) if 0 <= part < len(self.items) else None

    def at(self, mark: Mark) -> _Node:
        """Return the same value standing at another place: an alias."""
        node = _Node(mark, self.value)
        node.entries, node.items, node.size, node.height = self.entries, self.items, self.size, self.height
        return node


class _Open:
    """A list or mapping that is being read."""

    __slots__ = ("anchor", "key", "merged", "node")

    def __init__(self, node: _Node, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: tuple[Mark, str] | None = None
        self.merged: list[_Node] | None = None


_MERGE = "\0merge"
_BROKEN = "\0broken"


class _Reading:
    """One pass over the parser's events, without recursion, noting what is wrong on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[tuple[Mark, Problem]] = []
        self.root: _Node | None = None
        self._open: list[_Open] = []
        self._anchors: dict[str, _Node] = {}
        self._values = 0
        self._documents = 0
        self._takers: Mapping[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingEndEvent: self._end_mapping,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: yaml.Event) -> None:
        if taker := self._takers.get(type(event)):
            taker(event)

    def note(self, mark: Mark, message: str, hint: str = "", *, path: str | None = None) -> None:
        where = dotted(self._path()) if path is None else path
        self.problems.append((mark, Problem(placed(self.name, mark), where, message, hint)))

    def _path(self) -> KeyPath:
        parts: list[str | int] = []
        for frame in self._open:
            if isinstance(frame.node.value, list):
                parts.append(len(frame.node.items))
            elif frame.key and frame.key[1] not in (_MERGE, _BROKEN):
                parts.append(frame.key[1])
        return tuple(parts)

    def _stop(self, mark: Mark, message: str, hint: str) -> None:
        self.note(mark, message, hint, path="")
        raise self.failed()

    def failed(self) -> ConfigurationError:
        return error([problem for _, problem in sorted(self.problems, key=lambda found: found[0])])

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(_mark(event), "a second document begins here", "write one document per file, without ---")

    def _count(self, mark: Mark, values: int, height: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            self._stop(mark, f"more than {MAX_VALUES} values, aliases counted", "split the file")
        if len(self._open) + height > MAX_DEPTH:
            self._stop(mark, f"nested deeper than {MAX_DEPTH} levels", "write it flatter")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        mark = _mark(event)
        self._count(mark, 1, 0)
        self._refuse_tag(event, mark)
        value: Any = event.value
        if event.implicit[0]:
            try:
                value = self._plain_key(mark, value) if self._expects_key() else _plain(value)
            except ValueError:
                self.note(mark, "a number with too many digits", "quote it, if it is not meant as a number")
        self._add(_Node(mark, value), event.anchor)

    def _plain_key(self, mark: Mark, text: str) -> str:
        if text == "<<":
            return _MERGE
        if isinstance(_plain(text), str):
            return text
        self.note(mark, f"a key must be a string, and {text or 'nothing'} is not", f'quote it: "{text}"')
        return _BROKEN

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        mark = _mark(event)
        self._count(mark, 1, 1)
        self._refuse_tag(event, mark)
        node = _Node(mark, {} if isinstance(event, yaml.MappingStartEvent) else [])
        self._open.append(_Open(node, event.anchor))

    def _end(self, _: yaml.Event) -> None:
        frame = self._open.pop()
        node = frame.node
        children = [*node.items, *(child for _, child in node.entries.values())]
        node.size += sum(child.size for child in children) + len(node.entries)
        node.height += max((child.height for child in children), default=0)
        self._add(node, frame.anchor)

    def _end_mapping(self, event: yaml.MappingEndEvent) -> None:
        frame = self._open[-1]
        own = frame.node.entries
        if frame.merged:
            entries: dict[str, tuple[Mark, _Node]] = {}
            for source in frame.merged:
                for key, entry in source.entries.items():
                    entries.setdefault(key, entry)
            frame.node.entries = own = entries | own
        frame.node.value.update((key, child.value) for key, (_, child) in own.items())
        self._end(event)

    def _alias(self, event: yaml.AliasEvent) -> None:
        mark = _mark(event)
        anchor: Any = event.anchor
        if any(frame.anchor == anchor for frame in self._open):
            self._stop(mark, f"*{anchor} stands inside of what &{anchor} names", "a value cannot contain itself")
        if anchor not in self._anchors:
            self.note(
                mark, f"*{anchor} names nothing", f"put &{anchor} before the value that is meant, above this line"
            )
        node = self._anchors.get(anchor, _Node(mark, None))
        self._count(mark, node.size, node.height - 1)
        self._add(node.at(mark), None)

    def _refuse_tag(self, event: Any, mark: Mark) -> None:
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.note(mark, f"the tag {tag} is not understood here", "leave the tag out; quote what is a string")

    def _expects_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].node.value, dict) and self._open[-1].key is None

    def _add(self, node: _Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        frame = self._open[-1]
        if isinstance(frame.node.value, list):
            frame.node.items.append(node)
            frame.node.value.append(node.value)
        elif frame.key is None:
            self._key(frame, node)
        else:
            self._entry(frame, *frame.key, node)
            frame.key = None

    def _key(self, frame: _Open, node: _Node) -> None:
        key: Any = node.value
        if not isinstance(key, str):
            self.note(node.mark, "a key must be a string, not a list or mapping", "write it as one word")
            key = _BROKEN
        elif key in frame.node.entries:
            first = placed(self.name, frame.node.entries[key][0])
            frame.key = (node.mark, key)
            self.note(node.mark, f"given twice, first at {first}", "keep one of them")
            key = _BROKEN
        elif key == _MERGE and frame.merged is not None:
            self.note(node.mark, "<< is given twice", "merge several with one list: <<: [*one, *two]")
        frame.key = (node.mark, key)

    def _entry(self, frame: _Open, mark: Mark, key: str, node: _Node) -> None:
        if key == _MERGE:
            frame.merged = [*(frame.merged or ()), *self._sources(node)]
        elif key != _BROKEN:
            frame.node.entries[key] = (mark, node)

    def _sources(self, node: _Node) -> list[_Node]:
        sources = node.items if isinstance(node.value, list) else [node]
        for source in sources:
            if not isinstance(source.value, dict):
                self.note(source.mark, "<< can merge mappings only", "name one with an alias: <<: *defaults")
        return sources


# PyYAML's wheels bring libyaml; built from source without it the slow parser reads the same.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CONSTANTS: Mapping[str, bool | None] = dict(
    [(word, None) for word in ("", "~", "null", "Null", "NULL")]
    + [(word, True) for word in ("true", "True", "TRUE")]
    + [(word, False) for word in ("false", "False", "FALSE")]
)
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_PLAIN = re.compile(r"(--)?[A-Za-z/_](?:[A-Za-z0-9_./@+=-]|:(?=[^\s,\[\]{}]))*")
_WORDS_OF_1_1 = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff\U00010000-\U0010ffff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _plain(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    code = ord(char)
    return _SHORT.get(char) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line, event.start_mark.column)


def _refuse_unreadable(text: str, name: str) -> None:
    if len(text) > MAX_CHARS:
        raise error([Problem(name, "", f"longer than {MAX_CHARS} characters", "split the file")])
    if found := re.search("[\ud800-\udfff]", text):
        before = text[: found.start()]
        mark = Mark(before.count("\n"), len(before) - before.rfind("\n") - 1)
        raise error([Problem(placed(name, mark), "", "not text: half of a surrogate pair", "save the file as UTF-8")])


def _syntax(exc: yaml.MarkedYAMLError, text: str) -> tuple[Mark, str, str]:
    """Say what the parser said, with the line it means."""
    at = exc.problem_mark or exc.context_mark
    mark = Mark(at.line, at.column) if at else Mark(0, 0)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    context = f" {exc.context}" if exc.context and exc.context != "while scanning for the next token" else ""
    if context and exc.context_mark and exc.context_mark.line != mark.line:
        context += f" that began in line {exc.context_mark.line + 1}"
    hint = "indent with spaces, not with tabs" if "\t" in line[: mark.column + 1] else ""
    shown = f": {line.strip()[:_SHOWN_CHARS]!r}" if line.strip() else ""
    return mark, f"not YAML: {exc.problem}{context}{shown}", hint
