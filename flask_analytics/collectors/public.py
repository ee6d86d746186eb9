"""Which addresses are public: none of this machine, of its network, or of its cloud's."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

#: An address in here is a IPv4 one in its last four bytes (https://www.rfc-editor.org/rfc/rfc6052):
#: networks without IPv4 reach all of it so.
_NAT64 = IPv6Network("64:ff9b::/96")

#: What looks public to some versions of Python, and where clouds answer their own machines:
#: https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16 and
#: https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/gettingmetadata.htm
_CLOUDS = (IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24"))


def is_public(address: str) -> bool:
    """Whether an address, as getaddrinfo writes it, is one of the open Internet.

    Loopback, private and link-local networks, those of carriers, clouds' metadata, multicast and
    everything reserved are not, in whatever form they are written into IPv6.
    """
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = _inner(found)
        if inner is not None:
            found = inner
        elif found.is_site_local:
            return False
    is_special = found.is_multicast or found.is_reserved or any(found in one for one in _CLOUDS)
    return found.is_global and not is_special


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
