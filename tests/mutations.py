"""Records broken as an API may break them: a field dropped, null, renamed or of another kind, at any depth."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}),
    st.lists(st.none(), max_size=2), st.just("\ud800"), st.just("x" * 200_000), st.just(10**400), st.just("\0"),
    st.just({"$type": 5}), st.just([[[]]]), st.just("9999-12-31T23:59:59Z"), st.just("2025-05-09T12:00:00"),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path into a record."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if path else []
    for key, part in inner:
        found += places(part, (*path, key))
    return found


@st.composite
def broken(draw: st.DrawFn, record: Any) -> Any:
    """`record` with one to three of its fields changed."""
    result = copy.deepcopy(record)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(result) or [(None,)]))
        inner = result
        for key in way:
            inner = inner[key]
        if last is None:
            return copy.deepcopy(draw(ODD))
        change = draw(st.sampled_from(("drop", "rename", "retype")))
        if change == "retype" or isinstance(inner, list):
            inner[last] = copy.deepcopy(draw(ODD))
        else:
            value = inner.pop(last)
            if change == "rename":
                inner[f"{last}_v2"] = value
    return result
