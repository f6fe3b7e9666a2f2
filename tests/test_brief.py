"""The brief: two pages, every text escaped, words quoted only where they may be, HTML where no PDF can be."""

import importlib
import json
import os
import re
import zlib
from contextlib import suppress
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from factories import T0, make_post
from test_exports_posts import CLOCK, filled, make_watch  # noqa: F401 (a fixture)

from core.errors import ConfigError
from core.records import Announcement, AnnouncementKind, Reason
from exports.brief import NoPdf, make_brief, pdf, write_brief
from store import open_annotations

ATTACKS = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</style><svg onload=alert(1)>", "{{ 7*7 }}",
           "javascript:alert(1)", "]]><!--")  # fmt: skip
LETTER = Announcement(
    "letter", AnnouncementKind.STATEMENT, T0 + timedelta(hours=30), T0 + timedelta(hours=30, minutes=1), "minute",
    "UTC", "<b>We hear you</b>", ("https://example.org/letter",), "", "file",
)  # fmt: skip
AT = T0 + timedelta(hours=40)


class Tags(HTMLParser):
    """The elements and event handlers of a page."""

    def __init__(self, html):
        super().__init__()
        self.found, self.handlers, self.links = set(), [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.add(tag)
        self.handlers += [name for name, _ in attributes if name.startswith("on")]
        self.links += [value for name, value in attributes if name in ("src", "href", "xlink:href")]


def watch(**changes):
    return make_watch(**{"announcements": (LETTER,), "title": ATTACKS[0], "notice": ATTACKS[1], **changes})


def posts(texts, **changes):
    return [make_post(**{"id": f"p{n}", "author": f"a{n}", "created_at": AT + timedelta(minutes=n), "text": text,
                         "reposts": 9 - n % 9, **changes}) for n, text in enumerate(texts)]  # fmt: skip


def test_no_text_of_anybody_becomes_markup(filled):  # noqa: F811
    made = make_brief(filled(*posts(ATTACKS), score=True), watch(), clock=CLOCK)
    tags = Tags(made.html)
    assert not tags.found & {"script", "img", "iframe", "object", "link", "a", "form", "b"}
    assert tags.handlers == []
    assert tags.links == []
    assert "&lt;script&gt;alert(1)" in made.html
    assert "default-src 'none'" in made.html
    notice = make_brief(filled(make_post()), watch(notice="{{ 7*7 }}"), clock=CLOCK).html
    assert "{{ 7*7 }}" in notice


def test_sections_and_figures(filled):  # noqa: F811
    made = make_brief(filled(*posts([f"terms {n} {n * 7919}" for n in range(30)]), score=True), watch(), clock=CLOCK)
    for heading in ("What happened", "How bad, and how sure", "What people say", "What our statements did",
                    "What to watch"):  # fmt: skip
        assert f"<h2>{heading}</h2>" in made.html
    assert made.brief.overview.headline in made.html
    assert "30 relevant posts" in made.html
    assert "<svg" in made.html
    assert made.html.count("<blockquote") == len(made.brief.quotes) == 3
    assert made.brief.effects[0].announcements == (LETTER,)


@pytest.mark.parametrize(("source", "quotes"), [("reddit", 0), ("x", 0), ("youtube", 0), ("hackernews", 3)])
def test_words_are_quoted_only_where_their_source_allows(filled, source, quotes):  # noqa: F811
    reader = filled(*posts([f"{n} secret terms" for n in range(9)], source=source), reason=Reason.TEXT, score=True)
    made = make_brief(reader, watch(title="T"), clock=CLOCK)
    assert len(made.brief.quotes) == quotes
    assert ("secret" in made.html) == bool(quotes)


def test_quotes_are_of_several_people_and_differ(filled):  # noqa: F811
    copies = [make_post(id=f"c{n}", author=f"Zyx{n}", created_at=AT, text="The same words by many, copied again")
              for n in range(5)]  # fmt: skip
    own = posts([f"{n} by one person, at length" for n in range(5)], author="Wvu")
    made = make_brief(filled(*own, *copies, score=True), watch(title="T"), clock=CLOCK)
    assert len(made.brief.quotes) == 2
    assert "Zyx" not in made.html
    assert "Wvu" not in made.html


def test_the_file_its_sidecar_and_its_log(filled, store_url, tmp_path):  # noqa: F811
    reader = filled(*posts(["terms one", "terms two"]), score=True)
    made = make_brief(reader, watch(title="T"), clock=CLOCK)
    with open_annotations(store_url) as log:
        path = write_brief(reader, made, tmp_path / "b.html", log=log, who="ann")
    assert path.read_text() == made.html
    assert json.loads((tmp_path / "b.html.meta.json").read_text())["export_id"] == made.stamp.id
    assert reader.shown(made.stamp.id).kind == "brief"
    assert reader.exports("example")["rows"].tolist() == [len(made.brief.quotes)]
    with pytest.raises(ConfigError, match=r"\.html or \.pdf"):
        write_brief(reader, made, tmp_path / "b.doc")


@pytest.mark.parametrize("error", [ImportError("no weasyprint"), OSError("cannot load library 'libpango'")])
def test_without_a_pdf_library_the_page_is_html_and_the_message_plain(filled, tmp_path, monkeypatch, error):  # noqa: F811
    real = importlib.import_module

    def missing(name, *more):
        if name == "weasyprint":
            raise error
        return real(name, *more)

    reader = filled(make_post(), score=True)
    made = make_brief(reader, watch(title="T"), clock=CLOCK)
    monkeypatch.setattr("exports.brief.importlib.import_module", missing)
    with pytest.raises(NoPdf, match=r"pango.*b\.html"):
        write_brief(reader, made, tmp_path / "b.pdf")
    assert (tmp_path / "b.html").read_text() == made.html
    assert not (tmp_path / "b.pdf").exists()


def test_the_pdf_has_two_pages_also_where_there_is_much_to_say(filled):  # noqa: F811
    made = make_brief(filled(*posts([f"terms {n} {n * 7919}" for n in range(30)]), score=True), watch(), clock=CLOCK)
    try:
        data = pdf(made.html)
        longer = pdf(made.html.replace("</ul>", "<li>and more to say than is usual</li>" * 4 + "</ul>"))
    except NoPdf as missing:
        pytest.fail(str(missing)) if os.environ.get("CI") == "true" else pytest.skip(str(missing))
    assert [pages(data), pages(longer)] == [2, 2]


def pages(data):
    """How many pages a PDF has, where its objects lie in compressed streams."""
    found = b""
    for part in data.split(b"stream\n")[1:]:
        with suppress(zlib.error):
            found += zlib.decompressobj().decompress(part)
    return len(re.findall(rb"/Type\s*/Page\b", found + data))


def test_a_watch_without_posts_has_a_brief(filled):  # noqa: F811
    made = make_brief(
        filled(make_post(created_at=T0)), watch(title="T", announcements=()), clock=CLOCK + timedelta(days=9)
    )
    assert made.brief.quotes == ()
    assert "No announcement has begun" in made.html
