"""The navigation: the views in groups, as links that keep the watch, the window and the filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from core.watches import Watch
from dashboard.controls import Pages, link_to
from dashboard.data import Reports
from dashboard.people import Role, may
from dashboard.state import State

READERS, ANALYSTS = "", "For analysts"
"""The groups, by their headings; that of the readers needs none."""


@dataclass(frozen=True, slots=True)
class View:
    """A screen: what draws it, its name in the navigation, its icon (Material Symbols), its group, who may open it."""

    show: Callable[[Reports, Watch, State, Pages], None]
    title: str
    icon: str
    group: str
    role: Role = Role.VIEWER


def navigation(views: Mapping[str, View], pages: Pages, state: State) -> None:
    """Draw the links, group by group, in the side bar; on a narrow screen it opens on request."""
    with st.sidebar:
        st.html('<div class="up-name">Uproar</div>')
        for group in (READERS, ANALYSTS):
            named = {name: view for name, view in views.items() if view.group == group and may(view.role)}
            if group and named:
                st.html(f'<h2 class="up-group">{group}</h2>')
            for name, view in named.items():
                link_to(pages[name], state, view.title, icon=f":material/{view.icon}:")
