"""Starts a program in a network of its own, with nothing in it but a loopback: ``python isolated.py CMD ARG…``.

It needs no privileges where the system lets users make namespaces (Linux); elsewhere the program starts as it is, and
who watches it sees that. The program takes the place of this one and keeps its process id.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1


def apart() -> None:
    """Leave the network of the machine; an ordinary user first becomes the owner of a namespace of users."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(NEW_NETWORK | (NEW_USER if user else 0)):
        return
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 - nothing else is imported
                file.write(text)
    _raise_loopback()


def _raise_loopback() -> None:
    """Products that speak with themselves go on working, and are seen."""
    import fcntl
    import socket

    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _GET_FLAGS, asked))[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError, ImportError):
        apart()
    try:
        os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - what was asked for
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(127)
