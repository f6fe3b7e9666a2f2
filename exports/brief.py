"""The brief as HTML and as PDF: two pages, escaped, without scripts and without a network."""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.errors import ConfigError
from core.watches import Watch
from exports.atomic import write_atomic, write_file
from exports.files import Log, keep
from exports.pictures import Picture, as_fill, picture
from exports.policy import Form, rule_for
from exports.stamp import Stamp, about, as_json, new_stamp, sidecar_path
from reports.brief import Brief, brief
from reports.measure import word
from reports.shown import figures
from reports.wording import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.themes import ThemesReport
    from store import Reader

CHART = timedelta(days=7)
"""What the chart on the first page shows."""
SIZES = (9.6, 9.2, 8.8, 8.4, 8.0, 7.6)
"""Points of the type of a PDF, the first that fits."""
PAGES = 2
EFFECT_READINGS = ("volume", "negative share")
NO_PDF = (
    "a PDF needs weasyprint (pip install 'uproar[pdf]') and the library pango (Debian: apt install libpango-1.0-0 "
    "libpangoft2-1.0-0)"
)


@dataclass(frozen=True, slots=True)
class MadeBrief:
    """A finished brief: what it is made of, and the page."""

    stamp: Stamp
    brief: Brief
    html: str


class NoPdf(ConfigError):
    """The page stands as HTML, and what a PDF needs is missing here."""


def make_brief(
    reader: Reader, watch: Watch, *, clock: datetime, others: Sequence[Watch] = (), themes: ThemesReport | None = None
) -> MadeBrief:
    """The brief of `watch` at its present. Words are quoted only where the source's export policy lets texts go out."""
    stamp = new_stamp(reader, watch, clock=clock, kind="b")
    made = brief(reader, watch, clock=clock, others=others, themes=themes, quotable=quotable)
    now = watch.now(clock)
    chart = picture(
        reader, watch, "timeline", clock=clock, since=max(watch.since, now - CHART), by="hour", stamp=stamp
    )  # fmt: skip
    return MadeBrief(stamp, made, _html(made, chart, stamp))


def quotable(source: str, reason: str) -> bool:
    """Whether words of such a post may leave the installation."""
    return rule_for(source, reason).form in (Form.FULL, Form.CAPPED)


def write_brief(reader: Reader, made: MadeBrief, path: Path, *, log: Log | None = None, who: str = "") -> Path:
    """Write the brief to `path` (.html or .pdf) with its sidecar; returns where it is.

    Without what a PDF needs the page is written as HTML beside it, and NoPdf is raised naming both. The log knows the
    posts that are quoted.
    """
    suffix = path.suffix.lower()
    if suffix not in (".html", ".pdf"):
        raise ConfigError(f"{path}: end the name in .html or .pdf")
    data, missing = made.html.encode(), ""
    if suffix == ".pdf":
        try:
            data = pdf(made.html)
        except NoPdf as error:
            path, missing = path.with_suffix(".html"), str(error)
    stamp = made.stamp
    window = made.brief.overview.window
    span = {"since": window.since, "until": window.until}

    def publish(_: str) -> None:
        if log is not None:
            keep_brief(reader, made, data, str(path.absolute()), log, who)

    digest = write_file(path, as_fill(data), publish=publish)
    document = {"file": path.name, "sha256": digest, **about(reader, stamp, "brief", span)}
    write_atomic(sidecar_path(path), [as_json(document)])
    if missing:
        raise NoPdf(f"{missing}. The brief was written as {path}")
    return path


def keep_brief(reader: Reader, made: MadeBrief, data: bytes, place: str, log: Log, who: str) -> None:
    """Log a brief that leaves for `place` with the posts that it quotes, and keep the figures under its id."""
    stamp, window = made.stamp, made.brief.overview.window
    shown = figures(reader, stamp.watch, clock=stamp.clock, since=window.since, until=window.until)
    keep(stamp, "brief", shown, log)
    quoted = [(quote.source, quote.id) for quote in made.brief.quotes]
    digest = {"sha256": hashlib.sha256(data).hexdigest()}
    log.log_export(stamp.watch.name, "brief", place, len(quoted), digest, quoted, stamp.clock, mark=stamp.id, who=who)


def pdf(html: str) -> bytes:
    """The page as PDF, on two pages: the type gets smaller where there is much to say, down to the last of `SIZES`.

    Raises NoPdf where weasyprint or its libraries are missing; nothing is fetched for it.
    """
    try:
        weasyprint = importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        raise NoPdf(NO_PDF) from error
    page = weasyprint.HTML(string=html, url_fetcher=_refuse)
    for size in SIZES:
        drawn = page.render(stylesheets=[weasyprint.CSS(string=f"body {{ font-size: {size}pt !important }}")])
        if len(drawn.pages) <= PAGES:
            break
    found: bytes = drawn.write_pdf()
    return found


def _refuse(url: str, *arguments: Any, **named: Any) -> Any:
    raise ValueError(f"a brief fetches nothing: {url[:40]}")


def _html(made: Brief, chart: Picture, stamp: Stamp) -> str:
    watch, seen = stamp.watch, made.overview
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    quotes = [{**asdict(quote), "at": moment(quote.created_at, watch.zone)} for quote in made.quotes]
    # vl-convert escapes every text of a chart; a test holds it to that.
    svg = Markup(chart.data("svg").decode())
    return environment.get_template("brief.html").render(
        title=watch.title,
        notice=watch.notice,
        as_of=moment(seen.as_of, watch.zone),
        zone=watch.timezone,
        window=f"{moment(seen.window.since, watch.zone)} to {moment(seen.window.until, watch.zone)}",
        stamp=stamp,
        brief={**{name: getattr(made, name) for name in Brief.__dataclass_fields__}, "quotes": quotes},
        charts=[svg],
        word=word(watch),
        effects=_effects(made),
        counted=chart.counted,
    )


def _effects(made: Brief) -> list[str]:
    """Per event the readings that could be had, or the reason why there is none; each reason once."""
    found: list[str] = []
    for report in made.effects:
        wanted = [r for r in report.readings if r.response in EFFECT_READINGS]
        told = [r.sentence for r in wanted if not r.refusal]
        if told:
            found += told
        elif wanted:
            found.append(f"{report.name[:1].upper()}{report.name[1:]}: no effect can be given: {wanted[0].refusal}.")
    return list(dict.fromkeys(found))
