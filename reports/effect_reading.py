"""One reading of what an event did to one figure, with its sentence; or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import exp

from analysis.impact import Impact
from analysis.placebo import Verdict


class Scale(StrEnum):
    """How an effect is told: as a difference, as a number of times, or in percentage points."""

    PLAIN = "plain"
    TIMES = "times"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class EffectReading:
    """What changed in one figure after an event; all numbers are None where `refusal` names a reason.

    `actual` and `expected` are means over the steps read; `effect` with its 95 % interval low..high is the ratio of
    the two where `scale` is "times", else their difference (shares in 0..1). `error` is the standard error on the
    scale that was modelled (logarithms for "times"). `p` compares with placebo dates (None under 20; `p_reason` says
    why). `over_range` bounds the effect over all moments that an uncertain date allows. `posts_before` and
    `posts_after` are the posts behind the figure. `due` is when a first reading can be had.
    """

    response: str
    scale: Scale
    step: str
    sentence: str
    refusal: str = ""
    due: datetime | None = None
    steps_before: int = 0
    steps_after: int = 0
    posts_before: int | None = None
    posts_after: int | None = None
    actual: float | None = None
    expected: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    relative: float | None = None
    cumulative: float | None = None
    error: float | None = None
    tail_area: float | None = None
    p: float | None = None
    placebo_dates: int = 0
    placebos_as_large: int = 0
    after_peak: bool = False
    p_reason: str = ""
    half_life_hours: float | None = None
    controls: tuple[str, ...] = ()
    control_weights: tuple[float, ...] = ()
    controls_left_out: tuple[str, ...] = ()
    season: tuple[int, ...] = ()
    over_range: tuple[float, float] | None = None

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out no change."""
        none = 1.0 if self.scale is Scale.TIMES else 0.0
        return self.low is not None and self.high is not None and (self.low > none or self.high < none)


def refused(response: str, scale: Scale, step: str, reason: str, *, due: datetime | None = None) -> EffectReading:
    """A reading that cannot be given, and why."""
    when = f" A first reading is due {due:%d %B %Y, %H:%M} UTC." if due is not None else ""
    return EffectReading(
        response, scale, step, f"No effect on {response} can be given: {reason}.{when}", refusal=reason, due=due
    )


def told(
    found: Impact, verdict: Verdict, *, response: str, scale: Scale, step: str, event: str,
    posts: tuple[int, int] | None,    half_life_hours: float | None = None, over: tuple[float, ...] = (),
) -> EffectReading:  # fmt: skip
    """The reading of an impact; with `scale` "times" the impact is one of logarithms of 1 + count."""
    times = scale is Scale.TIMES
    actual, expected = (_back(value, times) for value in (found.actual, found.expected))
    bounds = [_back(value, times) for value in (found.expected_low, found.expected_high)]
    effect, low, high = (exp(v) if times else v for v in (found.effect, found.low, found.high))
    ranged = [exp(v) if times else v for v in over]
    used = tuple(name for name, _ in found.controls)
    return EffectReading(
        response=response,
        scale=scale,
        step=step,
        sentence=_sentence(response, scale, event, (effect, low, high), (actual, expected), verdict, used)
        + _fading(half_life_hours),
        steps_before=found.before,
        steps_after=found.after,
        posts_before=posts[0] if posts else None,
        posts_after=posts[1] if posts else None,
        actual=actual,
        expected=expected,
        expected_low=bounds[0],
        expected_high=bounds[1],
        effect=effect,
        low=low,
        high=high,
        relative=actual / expected - 1 if expected else None,
        cumulative=None if times or scale is Scale.POINTS else found.effect * found.after,
        error=found.error,
        tail_area=found.tail_area,
        p=verdict.p,
        placebo_dates=verdict.count,
        placebos_as_large=verdict.as_large,
        after_peak=verdict.after_peak,
        p_reason=verdict.reason,
        half_life_hours=half_life_hours,
        controls=used,
        control_weights=tuple(weight for _, weight in found.controls),
        controls_left_out=found.left_out_controls,
        season=found.season,
        over_range=(min(ranged), max(ranged)) if len(ranged) > 1 else None,
    )


def _back(value: float, times: bool) -> float:
    return max(0.0, exp(value) - 1) if times else value


def _sentence(
    response: str, scale: Scale, event: str, effect: tuple[float, float, float], means: tuple[float, float],
    verdict: Verdict, controls: tuple[str, ...],
) -> str:  # fmt: skip
    size, low, high = effect
    actual, expected = means
    none = 1.0 if scale is Scale.TIMES else 0.0
    if scale is Scale.TIMES:
        change = f"{response} was {size:.2g} times what was expected (95 % interval {low:.2g} to {high:.2g})"
    elif scale is Scale.POINTS:
        change = (
            f"{response} was {actual * 100:.0f} % where {expected * 100:.0f} % was expected, "
            f"{abs(size) * 100:.0f} points {'more' if size >= 0 else 'less'} "
            f"(95 % interval {low * 100:+.0f} to {high * 100:+.0f})"
        )
    else:
        change = (
            f"{response} was {_number(actual)} where {_number(expected)} was expected, {_number(abs(size))} "
            f"{'more' if size >= 0 else 'less'} (95 % interval {_number(low)} to {_number(high)})"
        )
    basis = f" judged by {', '.join(controls)} and its own past" if controls else " judged by its own past alone"
    parts = [f"After {event}, {change},{basis}."]
    if low <= none <= high:
        parts.append("That is within what chance allows.")
    if verdict.p is not None:
        parts.append(
            f"{verdict.as_large} of {verdict.count} placebo dates{' just after a peak' if verdict.after_peak else ''} "
            f"moved as much (p = {verdict.p:.2g})."
        )
    else:
        parts.append(f"No p is given: {verdict.reason}.")
    if verdict.after_peak:
        parts.append("It follows a peak, and what rose falls by itself.")
    if not controls:
        parts.append("Nothing outside it was compared, so this says what came after, not why.")
    return " ".join(parts)


def _fading(hours: float | None) -> str:
    if hours is None:
        return ""
    span = f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
    return f" Half of the rise at its peak was gone {span} later."


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
