"""Facts of a router written as the rows it prints (routeros contract §3). On the wire every value is text."""

from __future__ import annotations

from datetime import datetime

from sandbox.routeros import world

Row = dict[str, str]
Release = tuple[int, ...]


def flag(value: bool) -> str:  # noqa: FBT001 - a value is converted, nothing is switched
    return "true" if value else "false"


def moment(value: datetime | None, release: Release) -> str:
    """A router's local time; never is the beginning of 1970. Printed as ISO since 7.10."""
    when = value or datetime(1970, 1, 1)  # noqa: DTZ001 - routers print their own time, without a zone
    return when.strftime("%Y-%m-%d %H:%M:%S" if release >= (7, 10) else "%b/%d/%Y %H:%M:%S").lower()


def secret(fact: world.PppSecret, release: Release) -> Row:
    return {
        "name": fact.name,
        "service": "any",
        "caller-id": "",
        "password": fact.password,
        "profile": fact.profile,
        "routes": "",
        "remote-address": fact.remote_address,
        "limit-bytes-in": "0",
        "limit-bytes-out": "0",
        "last-logged-out": moment(fact.last_logged_out, release),
        "last-caller-id": fact.last_caller_id,
        "last-disconnect-reason": fact.last_disconnect_reason,
        "disabled": flag(fact.is_disabled),
        "comment": fact.comment,
    }


def ppp_profile(fact: world.PppProfile) -> Row:
    """What is not set is not printed."""
    values = {
        "name": fact.name,
        "local-address": fact.local_address,
        "remote-address": fact.remote_address,
        "rate-limit": fact.rate_limit,
    }
    return {name: value for name, value in values.items() if value} | {
        "only-one": "default",
        "default": "false",
    }


def hotspot_profile(fact: world.HotspotProfile) -> Row:
    row = {"name": fact.name, "shared-users": str(fact.shared_users), "default": "false"}
    return row | ({"rate-limit": fact.rate_limit} if fact.rate_limit else {})


def hotspot_cookie(fact: world.HotspotCookie) -> Row:
    return {"user": fact.user, "mac-address": fact.mac_address, "expires-in": "2d23h"}


def ppp_active(fact: world.PppActive) -> Row:
    """Without byte counters: no version prints any here."""
    return {
        "name": fact.name,
        "service": "pppoe",
        "caller-id": fact.caller_id,
        "address": fact.address,
        "uptime": fact.uptime,
        "encoding": "",
        "session-id": fact.session_id,
        "limit-bytes-in": "0",
        "limit-bytes-out": "0",
        "radius": flag(fact.is_radius),
    }


def ppp_interface(fact: world.PppActive) -> Row:
    """What the router receives on it is what the customer sends."""
    name = f"<pppoe-{fact.name}>" if fact.interface is None else fact.interface
    return _interface(name, "pppoe-in", fact.upload, fact.download, is_dynamic=fact.interface is None)


def interface(fact: world.Interface) -> Row:
    return _interface(fact.name, fact.kind, fact.received, fact.sent, is_dynamic=False)


def _interface(name: str, kind: str, received: int, sent: int, *, is_dynamic: bool) -> Row:
    return {
        "name": name,
        "type": kind,
        "mtu": "1480",
        "actual-mtu": "1480",
        "running": "true",
        "dynamic": flag(is_dynamic),
        "disabled": "false",
        "rx-byte": str(received),
        "tx-byte": str(sent),
        "rx-packet": str(received // 1000),
        "tx-packet": str(sent // 1000),
        "link-downs": "0",
    }


def hotspot_user(fact: world.HotspotUser) -> Row:
    return {
        "server": "all",
        "name": fact.name,
        "password": fact.password,
        "profile": fact.profile,
        "limit-uptime": fact.limit_uptime,
        "limit-bytes-total": str(fact.limit_bytes_total),
        "uptime": fact.uptime,
        "bytes-in": str(fact.upload),
        "bytes-out": str(fact.download),
        "packets-in": str(fact.upload // 1000),
        "packets-out": str(fact.download // 1000),
        "dynamic": "false",
        "disabled": flag(fact.is_disabled),
        "comment": fact.comment,
    }


def hotspot_active(fact: world.HotspotActive) -> Row:
    return {
        "server": "hotspot1",
        "user": fact.user,
        "address": fact.address,
        "mac-address": fact.mac_address,
        "login-by": "http-chap",
        "uptime": fact.uptime,
        "idle-time": "2s",
        "keepalive-timeout": "2m",
        "bytes-in": str(fact.upload),
        "bytes-out": str(fact.download),
        "packets-in": str(fact.upload // 1000),
        "packets-out": str(fact.download // 1000),
        "radius": "false",
    }


def arp(fact: world.ArpEntry) -> Row:
    row = {
        "address": fact.address,
        "interface": fact.interface,
        "published": "false",
        "invalid": "false",
        "DHCP": "false",
        "disabled": flag(fact.is_disabled),
        "dynamic": "true",
        "complete": flag(bool(fact.mac_address)),
    }
    if fact.mac_address:
        row["mac-address"] = fact.mac_address
    if fact.status:
        row["status"] = fact.status
    return row


def lease(fact: world.Lease) -> Row:
    return {
        "address": fact.address,
        "mac-address": fact.mac_address,
        "server": "dhcp1",
        "status": fact.status,
        "host-name": fact.host_name,
        "last-seen": fact.last_seen,
        "dynamic": "false",
        "disabled": "false",
    }


def queue(fact: world.SimpleQueue) -> Row:
    """Pairs are upload/download of the target."""
    return {
        "name": fact.name,
        "target": fact.target,
        "parent": "none",
        "priority": "8/8",
        "limit-at": "0/0",
        "max-limit": fact.max_limit,
        "bytes": f"{fact.upload}/{fact.download}",
        "rate": "0/0",
        "packets": f"{fact.upload // 1000}/{fact.download // 1000}",
        "dropped": "0/0",
        "invalid": "false",
        "dynamic": flag(fact.is_dynamic),
        "disabled": flag(fact.is_disabled),
        "comment": "",
    }


def session_queue(kind: str, fact: world.PppActive | world.HotspotActive) -> Row:
    """The dynamic queue of a rate-limited session, `<pppoe-NAME>` or `<hotspot-NAME>`."""
    user = fact.name if isinstance(fact, world.PppActive) else fact.user
    return queue(
        world.SimpleQueue(
            name=f"<{kind}-{user}>",
            target=f"<pppoe-{user}>" if kind == "pppoe" else f"{fact.address}/32",
            upload=fact.upload,
            download=fact.download,
            max_limit=fact.max_limit,
            is_dynamic=True,
        )
    )


def address_list(fact: world.AddressListEntry) -> Row:
    return {
        "list": fact.list,
        "address": fact.address,
        "dynamic": "false",
        "disabled": flag(fact.is_disabled),
        "comment": fact.comment,
    }


def manager_user(fact: world.ManagerUser, release: Release) -> Row:
    name = "username" if release < (7,) else "name"
    return {
        name: fact.name,
        "password": fact.password,
        "group": fact.group,
        "disabled": flag(fact.is_disabled),
        "comment": "",
    }


def manager_session(fact: world.ManagerSession, release: Release) -> Row:
    """Both major versions keep the same books under different column names."""
    is_old = release < (7,)
    row = {
        "user": fact.user,
        "acct-session-id": fact.id,
        "host-ip" if is_old else "nas-ip-address": fact.nas_ip,
        "nas-port-type": "ethernet",
        "calling-station-id": fact.caller_id,
        "user-ip" if is_old else "user-address": fact.address,
        "from-time" if is_old else "started": moment(fact.started, release),
        "status": "start,interim" if fact.is_active else "start,stop",
        "active": flag(fact.is_active),
        "uptime": fact.uptime,
        "download": str(fact.download),
        "upload": str(fact.upload),
    }
    if not fact.is_active:
        row["terminate-cause"] = fact.terminate_cause
    return row
