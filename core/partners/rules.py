"""Decisions about partners that need no database."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from datetime import time, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from core.partners.types import BillItem, PaymentOrder

INQUIRY_LIFETIME = timedelta(minutes=30)
#: A payment without an outcome for so long needs somebody to look (bill-partner contract §7).
SUSPECT_AFTER = timedelta(seconds=120)
LONGEST_URL = 500

Address = IPv4Address | IPv6Address
#: Never called, not even where private addresses are: link-local holds the metadata services of clouds.
_NEVER = tuple(map(ip_network, ("169.254.0.0/16", "fe80::/10", "0.0.0.0/8", "224.0.0.0/4", "ff00::/8")))
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")


def fingerprint(order: PaymentOrder) -> str:
    """What makes two orders the same payment; where to call back and who buys are no part of it (§7.3)."""
    facts = {
        "accountNumber": order.account_number,
        "productCode": order.product_code,
        "inquiryId": order.inquiry_id,
        "amount": order.amount,
        "month": order.month,
        "billIds": sorted(order.bill_ids),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def pays_every_bill(bill_ids: Collection[str], bills: Collection[BillItem]) -> bool:
    """Oldest first, no skipping: whoever lists bills lists them all. "0" is the admin fee (§4.2, §5.2)."""
    mandatory = {str(number) for number in range(1, len(bills) + 1)}
    return not bill_ids or mandatory <= set(bill_ids) <= mandatory | {"0"}


def is_cut_off(starts: time | None, ends: time | None, at: time) -> bool:
    """Whether `at` lies in a nightly window, which may span midnight."""
    if starts is None or ends is None:
        return False
    return starts <= at < ends if starts <= ends else at >= starts or at < ends


def may_call(url: str, *, hosts: Collection[str], ports: Collection[int], allow_private: bool) -> bool:
    """Whether a partner may be called back there, as far as the address itself tells (§8.4).

    What its name resolves to is judged when it is called. `allow_private` is for demo and tests: http, any port.
    """
    parts = _parts(url)
    if parts is None or parts.scheme not in ({"https", "http"} if allow_private else {"https"}):
        return False
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if host not in hosts or not (allow_private or port in ports):
        return False
    try:
        literal = ip_address(host)
    except ValueError:
        return True
    return may_reach(literal, allow_private=allow_private)


def _parts(url: str) -> SplitResult | None:
    """An address without credentials and fragment, of a kind every client reads alike."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or re.search(r"[\s\\]", url):
        return None
    try:
        parts = urlsplit(url)
        is_plain = parts.username is None and parts.password is None and "#" not in url
        is_usable = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts if is_plain and is_usable and _HOST.fullmatch(parts.hostname or "") else None


def may_reach(address: Address, *, allow_private: bool) -> bool:
    """Whether a callback may connect there: to the public internet, and in demo and tests also to this house."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    plain = mapped or address
    if any(plain in network for network in _NEVER if network.version == plain.version):
        return False
    if allow_private:
        return True
    # Tunnels and translations can lead back inside.
    is_wrapped = isinstance(plain, IPv6Address) and (plain.sixtofour or plain.teredo or _is_nat64(plain))
    return plain.is_global and not is_wrapped and mapped is None


def _is_nat64(address: IPv6Address) -> bool:
    return address in ip_network("64:ff9b::/96") or address in ip_network("64:ff9b:1::/48")
