"""Who is looking, and what they may do: OIDC by `st.login` with an allow-list; without it, this machine alone."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import ip_address
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAuthError

from core.errors import UproarError
from core.settings import Settings, load_settings
from dashboard.cards import headline
from store import Annotations, open_annotations


class Role(IntEnum):
    """What a person may do; each role may do what those before it may."""

    VIEWER = 1
    ANALYST = 2
    ADMIN = 3


class Refused(UproarError):
    """The person's role does not allow it."""


@dataclass(frozen=True, slots=True)
class Person:
    """A reader by the name that stands under what they write."""

    name: str
    role: Role


def role_of(claims: Mapping[str, Any], settings: Settings) -> Role | None:
    """The highest role whose list in `settings` names the e-mail address; None for all others.

    An address that the provider calls unverified is on no list. Capitals do not count.
    """
    email = str(claims.get("email") or "").strip().lower()
    if not email or claims.get("email_verified") is False:
        return None
    lists = {Role.ADMIN: settings.admins, Role.ANALYST: settings.analysts, Role.VIEWER: settings.viewers}
    return next((role for role, names in lists.items() if email in _names(names)), None)


def has_list(settings: Settings) -> bool:
    """Whether anybody is named at all."""
    return any(_names(names) for names in (settings.viewers, settings.analysts, settings.admins))


def person() -> Person | None:
    """Who looks now, by the session's log-in and today's lists; None where nobody is allowed in.

    Where neither a log-in nor a list is configured, whoever sits at this machine is an analyst, as long as the
    dashboard listens on loopback only.
    """
    settings = load_settings()
    claims = st.user.to_dict()
    if "is_logged_in" not in claims and not has_list(settings):
        return Person(_user(), Role.ANALYST) if is_loopback(st.get_option("server.address")) else None
    role = role_of(claims, settings) if claims.get("is_logged_in") else None
    return Person(str(claims["email"]).strip().lower(), role) if role else None


def demand(role: Role) -> Person:
    """The person who looks. Raises Refused where they may not do what `role` may."""
    found = person()
    if found is None or found.role < role:
        raise Refused(f"This is for the role {role.name.lower()}. Whoever runs Uproar names you in UPROAR_"
                      f"{role.name}S.")  # fmt: skip
    return found


def reader_name() -> str:
    """The name under which what the person who looks takes away is logged. Raises Refused where nobody is let in."""
    return demand(Role.VIEWER).name


def may(role: Role) -> bool:
    """Whether the person who looks has `role` or a higher one."""
    found = person()
    return found is not None and found.role >= role


@contextmanager
def writing(role: Role = Role.ANALYST) -> Iterator[tuple[Annotations, str]]:
    """The handle for what people add, with the writer's name. Raises Refused before anything is opened."""
    who = demand(role).name
    with open_annotations(load_settings().store_url) as annotations:
        yield annotations, who


def is_loopback(address: object) -> bool:
    """Whether a server bound to `address` is reached from this machine alone; no address means everyone."""
    if address == "localhost":
        return True
    try:
        return ip_address(str(address)).is_loopback
    except ValueError:
        return False


def refuse() -> None:
    """The page for those who are not, or not yet, allowed in: a way to log in, and no data."""
    st.html(headline("Please log in"))
    claims = st.user.to_dict()
    if claims.get("is_logged_in"):
        st.text("You are logged in, but on no list of this installation. Whoever runs it can add your address.")
        st.button("Log out", on_click=st.logout)
    elif "is_logged_in" in claims:
        st.button("Log in", on_click=_log_in)
    else:
        st.text("This dashboard asks for a log-in, and none is configured: see \N{LEFT DOUBLE QUOTATION MARK}Who may "
                "see the dashboard\N{RIGHT DOUBLE QUOTATION MARK} in docs/dashboard.md.")  # fmt: skip


def _log_in() -> None:
    try:
        st.login()
    except StreamlitAuthError as error:  # a missing package or a wrong secrets file: for whoever runs it
        st.error(str(error))


def _names(listed: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in listed.split(",") if name.strip())


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user entry
        return "this machine"
