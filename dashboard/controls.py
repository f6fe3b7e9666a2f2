"""Widgets that live in the address: each shows what the URL says and writes back what the reader chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from dashboard.state import State, address

Pages = Mapping[str, Any]
"""The views by name, as `st.Page`."""


def go(state: State, **changes: Any) -> None:
    """Put `state` with `changes` into the address; a change of anything but the page goes back to page 1."""
    changes.setdefault("page", 1)
    st.query_params.from_dict(address(replace(state, **changes)))


def pick(
    state: State,
    field: str,
    options: Sequence[str],
    *,
    label: str,
    names: Callable[[str], str] = str,
    any_name: str = "",
    width: int | Literal["stretch"] = "stretch",
) -> None:
    """A drop-down for one text field of the state; `any_name` names the empty choice where there is one."""
    key = f"pick_{field}"
    choices = ["", *options] if any_name else list(options)
    value = getattr(state, field)
    st.session_state[key] = value if value in choices else choices[0]
    st.selectbox(
        label,
        choices,
        key=key,
        width=width,
        format_func=lambda choice: names(choice) if choice else any_name,
        on_change=lambda: go(state, **{field: st.session_state[key]}),
    )


def pick_several(state: State, field: str, options: Sequence[str], *, label: str) -> None:
    """A choice of several names; none chosen means all."""
    key = f"pick_{field}"
    st.session_state[key] = [name for name in getattr(state, field) if name in options]
    st.multiselect(
        label,
        list(options),
        key=key,
        placeholder="All",
        on_change=lambda: go(state, **{field: tuple(st.session_state[key])}),
    )


def link_to(page: Any, state: State, label: str, *, icon: str | None = None, **changes: Any) -> None:
    """A link to another view that keeps the watch, the window and the filters."""
    changes.setdefault("page", 1)
    st.page_link(page, label=label, icon=icon, query_params=address(replace(state, **changes)))
