"""Matching: the language, word borders in many scripts, threads, and time linear in hostile text."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.matching import Matcher, parse
from core.records import Post, Reason
from core.words import bordered, fold

T0 = datetime(2025, 5, 9, tzinfo=UTC)


def post(id, text, *, parent="", root="", source="forum", minute=0):
    return Post(source, id, T0 + timedelta(minutes=minute), text, T0, parent_id=parent, root_id=root)


@pytest.mark.parametrize(
    ("expression", "text", "expected"),
    [
        ("ai", "AI is here", True),
        ("ai", "said the main domain", False),
        ("ai", "all-in on (ai)!", True),
        ("ai", "#AI", True),
        ("ai", "ai_first", False),
        ("#ai", "they love #AI.", True),
        ("#ai", "ai", False),
        ("#ai", "#airline", False),
        ("#ai", "page#ai", False),
        ("#ai*", "#airline", True),
        ("#ai", "\uff03ai", True),
        ('"opt out"', "you can opt\n  out", True),
        ('"opt out"', "opt outside", False),
        ("opt out", "out, then opt", True),
        ("delet*", "Deleting it", True),
        ("delet*", "undelete", False),
        ('"opt ou"*', "opt outside", True),
        ('"50 *"', "50 * 2", True),
        ("c++", "c++17 is fine", True),
        (".ai", "duolingo.ai", True),
        ("a OR b AND c", "a", True),
        ("(a OR b) AND c", "a", False),
        ("a NOT b", "a b", False),
        ("a AND NOT (b OR c)", "a d", True),
        ("don't", "I don\u2019t", True),
        ("café", "CAFE\u0301", True),
        ("straße", "STRASSE", True),
        ("ΟΔΟΣ", "οδος", True),
        ("soundcloud", "\u2764\ufe0fsoundcloud", True),
        ("soundcloud", "SoundCloudの利用規約", True),
        ("利用規約", "SoundCloudの利用規約が変わった", True),
        ("क", "की", False),
        ("terms", "x\x01terms\x01y", True),
        ("#terms", "#\x01terms", False),
        ("and", "this and that", True),
        ("x", "", False),
    ],
)
def test_what_matches(expression, text, expected):
    assert parse(expression).matches(text) is expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", r"position 1: a word, .* not the end"),
        ("(a", r"the \( of position 1 is never closed"),
        ("a)", r"position 2: a \) closes nothing"),
        ("a AND", r"position 6: a word"),
        ("a AND OR b", r"position 7: .* not OR"),
        ("()", r"position 2: .* not \)"),
        ('a "b c', r"position 3: a quote is opened"),
        ('"" a', "nothing to look for"),
        ("*", "nothing to look for"),
        ("#", "nothing to look for"),
        ("de*let", "only at the end"),
        ("NOT a", "a word that every match holds"),
        ("a OR NOT b", "a word that every match holds"),
        ("(" * 51 + "a" + ")" * 51, "51|50 levels"),
        ("NOT " * 100_000, "10,000"),
        ("a " * 5_001, "10,000"),
    ],
)
def test_mistakes_are_named_with_position_and_remedy(expression, message):
    with pytest.raises(ConfigError, match=message):
        parse(expression)


@pytest.mark.parametrize(
    ("expression", "cover"),
    [
        ("a", ("a",)),
        ("A OR b OR a", ("a", "b")),
        ("soundcloud AND (terms OR tos)", ("soundcloud",)),
        ("ai soundcloud", ("soundcloud",)),
        ("(a OR b) AND NOT c", ("a", "b")),
        ("delet* #gone", ("delet",)),
    ],
)
def test_phrases_are_a_small_cover(expression, cover):
    assert parse(expression).phrases() == cover


# A second implementation, slow and plain: positions of terms by comparing characters and looking at neighbours.

WORDS = ["a", "ab", "b", "é", "ß", "c+", "-", "a b", "の", "ab の", "क", "1"]
TEXTS = st.text(alphabet="aAbBéßsS#\uff03 -+_.\n\x01の規ि1\u0301\u2764\U0001f621'\u2019", max_size=24)
TERMS = st.one_of(
    st.tuples(st.just("term"), st.sampled_from(WORDS), st.booleans()),
    st.tuples(st.just("tag"), st.sampled_from(["a", "ab", "é", "の"]), st.booleans()),
)
TREES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.tuples(st.just("AND"), inner, inner),
        st.tuples(st.just("OR"), inner, inner),
        st.tuples(st.just("NOT"), inner),
    ),
    max_leaves=5,
)


def written(tree):
    kind, *rest = tree
    if kind == "term":
        return f'"{rest[0]}"' + "*" * rest[1]
    if kind == "tag":
        return f"#{rest[0]}" + "*" * rest[1]
    if kind == "NOT":
        return f"NOT ({written(rest[0])})"
    return f"({written(rest[0])}) {kind} ({written(rest[1])})"


def plain(text):
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    for old, new in (("\u2019", "'"), ("\uff03", "#"), ("\ufe0f", ""), ("\x01", " ")):
        text = text.replace(old, new)
    return re.sub(r"\s+", " ", text).strip()


def in_word(char):
    if "\u3040" <= char <= "\u9fff":
        return False
    return char.isalnum() or char == "_" or unicodedata.category(char).startswith("M")


def occurs(term, text, *, prefix, tag):
    for at in range(len(text)):
        if not text.startswith(term, at):
            continue
        end = at + len(term)
        before, after = text[at - 1 : at] if at else "", text[end : end + 1]
        left = tag or in_word(term[0])
        if left and before and in_word(before):
            continue
        if not prefix and in_word(term[-1]) and after and in_word(after):
            continue
        return True
    return False


def judged(tree, text):
    kind, *rest = tree
    if kind in ("term", "tag"):
        term = plain(("#" if kind == "tag" else "") + rest[0])
        return occurs(term, text, prefix=rest[1], tag=kind == "tag")
    if kind == "NOT":
        return not judged(rest[0], text)
    if kind == "AND":
        return judged(rest[0], text) and judged(rest[1], text)
    return judged(rest[0], text) or judged(rest[1], text)


@given(TREES, TEXTS)
def test_it_agrees_with_a_plain_implementation(tree, text):
    try:
        expression = parse(written(tree))
    except ConfigError as refused:
        assume("every match holds" not in str(refused))  # a missing positive part is refused, and nothing else
        raise
    found = expression.matches(text)
    assert found == judged(tree, plain(text))
    if found:
        assert any(phrase in plain(text) for phrase in expression.phrases()), "the phrases cover every match"


@given(st.text(max_size=60))
def test_any_expression_is_read_or_refused_with_a_message(expression):
    try:
        phrases = parse(expression).phrases()
    except ConfigError as refused:
        phrases = (str(refused),)
    assert all(phrases)
    assert phrases


HOSTILE = {
    "one letter": "a",
    "words": "a ",
    "almost": "soundcloudx ",
    "repeats": "soundcloud#",
    "accents": "é ",
    "marks": "\u0315\u0300",
    "joiners": "\u200d\U0001f468",
    "bidi": "\u202ea\u202c",
    "surrogates": "\ud800 ",
    "controls": "\x00\x1f\x85",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_keeps_its_size_while_it_is_prepared(piece):
    """Work is a fixed number of passes over text that at most triples: growth is linear by construction."""
    text = "soundcloud " + piece * (1_000_000 // len(piece))
    folded = fold(text)
    assert len(folded) <= len(text) + 2
    assert len(bordered(folded)) <= 3 * len(folded)
    assert parse("soundcloud AND (terms OR tos* OR #ai)").matches(text) is False


def test_a_million_different_signs_are_handled():
    text = "soundcloud " + "".join(map(chr, range(0x2000, 0xD000))) + " terms"
    assert parse("soundcloud terms").matches(text)


def test_long_runs_of_marks_are_cut_before_normalising():
    assert len(fold("a" + "\u0315\u0300" * 100_000)) < 100
    assert parse("a").matches("x " + "\u0300" * 5_000 + " a")


def test_reason_tells_text_from_thread():
    matcher = Matcher("terms")
    assert matcher.reason("the terms", ["nothing"]) is Reason.TEXT
    assert matcher.reason("agreed", ["nothing", "new terms"]) is Reason.THREAD
    assert matcher.reason("agreed", ["nothing"]) is None


def test_replies_of_a_held_post_are_held_in_any_order_and_on_later_pages():
    matcher = Matcher("terms")
    page = [
        post("4", "me too", parent="3", minute=4),
        post("3", "agreed", parent="2", minute=3),
        post("2", "bad terms", parent="1", minute=2),
        post("1", "hello", minute=1),
    ]
    assert [(s.post.id, s.reason) for s in matcher.sight(page)] == [
        ("4", Reason.THREAD), ("3", Reason.THREAD), ("2", Reason.TEXT),
    ]  # fmt: skip
    later = matcher.sight([post("9", "so do I", parent="4"), post("8", "hm", parent="1"), post("7", "hm", root="2")])
    assert [s.post.id for s in later] == ["9", "7"]


def test_a_thread_is_known_by_its_text_and_stays_known():
    matcher = Matcher("terms")
    first = matcher.sight([post("2", "agreed", root="1"), post("3", "hm", root="5")], {"1": "New terms", "5": "Cats"})
    assert [(s.post.id, s.reason) for s in first] == [("2", Reason.THREAD)]
    assert [s.post.id for s in matcher.sight([post("4", "yes", root="1")])] == ["4"]


def test_threads_of_two_sources_are_not_confused():
    matcher = Matcher("terms")
    matcher.sight([post("1", "terms", source="forum")])
    assert matcher.sight([post("2", "yes", parent="1", source="board")]) == ()


def test_a_post_is_not_its_own_ancestor():
    assert Matcher("terms").sight([post("1", "cats", root="1")], {"1": "terms"}) == ()
