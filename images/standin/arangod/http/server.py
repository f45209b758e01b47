"""A threaded HTTP server on sockets: one thread for each connection, one send for each reply.

Knows nothing of what is asked: a function turns requests into replies.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from arangod.http import wire
from arangod.http.wire import Malformed, Reader, Reply, Request

Answer = Callable[[Request, "Connection"], Reply]
Complaint = Callable[[int, str], Reply]

MAX_CONNECTIONS = 1024
_RECEIVE = 64 * 1024
_BACKLOG = 1024
_THREAD_STACK = 8 << 20  # the JSON parser recurses in C; pages never touched cost nothing
_LINGER_READS = 64
_OUT_OF_FILES_PAUSE = 0.1


class Connection:
    """One client; `busy` from the first byte of a request until its answer is sent."""

    def __init__(self, sock: socket.socket, peer: str) -> None:
        self.socket = sock
        self.peer = peer
        self.busy = False

    def receive(self) -> bytes:
        """Return some bytes; none when the other side is done, gone or silent for too long."""
        try:
            data = self.socket.recv(_RECEIVE)
        except OSError:
            return b""
        self.busy = bool(data) or self.busy
        return data

    def finish(self) -> None:
        """End the connection so that what was sent still arrives, whatever is still on its way here."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 1, 0))
            for _ in range(_LINGER_READS):
                if not self.socket.recv(_RECEIVE):
                    break
        except OSError:
            pass
        self.socket.close()

    def wake(self) -> None:
        """End the waiting for a next request."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RD)


class Server:
    """Listens, accepts and answers until it is closed."""

    def __init__(
        self, listeners: Sequence[socket.socket], answer: Answer, complain: Complaint, *, idle_seconds: float = 300.0
    ) -> None:
        self._listeners = listeners
        self._answer = answer
        self._complain = complain
        self._timeout = struct.pack("ll", int(idle_seconds), int(idle_seconds % 1 * 1e6))
        self._connections: set[Connection] = set()
        self._changed = threading.Condition()
        self._draining = False
        self._wake_read, self._wake_write = os.pipe()
        self._acceptor = threading.Thread(target=self._accept_all, name="acceptor", daemon=True)

    def start(self) -> None:
        """Begin to listen and to answer."""
        threading.stack_size(_THREAD_STACK)
        for listener in self._listeners:
            listener.listen(_BACKLOG)
            listener.setblocking(False)
        self._acceptor.start()

    def _accept_all(self) -> None:
        waiting = select.poll()
        by_fd = {listener.fileno(): listener for listener in self._listeners}
        for fd in (self._wake_read, *by_fd):
            waiting.register(fd, select.POLLIN)
        while True:
            ready = [fd for fd, _ in waiting.poll()]
            if self._wake_read in ready:
                return
            for fd in ready:
                self._accept(by_fd[fd])

    def _accept(self, listener: socket.socket) -> None:
        try:
            sock, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            time.sleep(_OUT_OF_FILES_PAUSE)
            return
        sock.setblocking(True)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, self._timeout)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, self._timeout)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock, f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "unix")
        with self._changed:
            self._connections.add(connection)
            many = len(self._connections) > MAX_CONNECTIONS
        if many or not self._started(connection):
            self._send(connection, self._complain(503, "queue is full"), keep_alive=False)
            sock.close()
            self._forget(connection)

    def _started(self, connection: Connection) -> bool:
        """Give a connection its thread; there may be no more."""
        try:
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
        except RuntimeError:
            return False
        return True

    def _forget(self, connection: Connection) -> None:
        with self._changed:
            self._connections.discard(connection)
            self._changed.notify_all()

    def _send(self, connection: Connection, reply: Reply, *, head_only: bool = False, keep_alive: bool = True) -> bool:
        try:
            connection.socket.sendall(wire.encoded(reply, head_only=head_only, keep_alive=keep_alive))
        except OSError:
            return False
        return keep_alive

    def _serve(self, connection: Connection) -> None:
        reader = Reader(connection.receive, connection.socket.sendall)
        try:
            while self._one(connection, reader):
                pass
        except OSError:
            pass
        finally:
            connection.busy = False
            self._forget(connection)
            connection.finish()

    def _one(self, connection: Connection, reader: Reader) -> bool:
        """Answer one request; return whether the connection goes on."""
        try:
            request = reader.next()
        except Malformed as exc:
            return self._send(connection, self._complain(exc.status, exc.text), keep_alive=False)
        if request is None:
            return False
        reply = self._answer(request, connection)
        head_only, keep_alive = request.method == "HEAD", request.keep_alive and not self._draining
        going_on = self._send(connection, reply, head_only=head_only, keep_alive=keep_alive)
        connection.busy = reader.started and going_on
        return going_on

    def drain(self, seconds: float) -> bool:
        """Let requests under way be answered, still taking new ones; return whether all ended in time."""
        self._draining = True
        with self._changed:
            return self._changed.wait_for(lambda: not any(held.busy for held in self._connections), seconds)

    def close(self) -> None:
        """Stop listening and end every connection."""
        if self._acceptor.ident is not None:
            os.write(self._wake_write, b".")
            self._acceptor.join()
        os.close(self._wake_read)
        os.close(self._wake_write)
        for listener in self._listeners:
            listener.close()
        with self._changed:
            left = list(self._connections)
        for connection in left:
            connection.wake()
