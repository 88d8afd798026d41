"""The default API host, and the test for hosts that are this machine: only these may be called over plain http."""

from __future__ import annotations

import ipaddress

ATLASSIAN = "https://api.atlassian.com"
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by its very name, without asking DNS: 127.0.0.0/8, ::1 or localhost."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _LOOPBACK)
