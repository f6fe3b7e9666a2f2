"""A slow rise: hours none of which is a record, but which together are."""

from __future__ import annotations

from collections import deque
from math import inf

from analysis.record import Record
from core.watches import AlertRules

EFFECT = 1.5
"""Whatever alerts is at least so many times what is expected."""
ALLOWANCE = 1.0
"""What an hour's evidence has to exceed to add to a slow rise: Page's reference value, in standard errors."""
TAIL = 0.99
KNOWN_HOURS = 72
"""Under so many hours the usual height of a slow rise is not known."""
RECENT_HOURS = 7 * 24


class SlowRise:
    """Page's cumulative sum of the hourly evidence above an allowance (E. S. Page, "Continuous inspection schemes",
    Biometrika 41, 1954), with the counts of the hours since it was last at zero.

    What the last seven days showed on average, where that is above nothing, is asked of an hour besides: a level that
    has lasted for so long is no rise any more.
    """

    def __init__(self, rules: AlertRules) -> None:
        self._rules = rules
        self._past = Record()
        self._recent: deque[float] = deque(maxlen=RECENT_HOURS)
        self._level = 0.0
        self.clear()

    def clear(self) -> None:
        """Begin again, as after a spike or a gap."""
        self._sum, self._negative, self._relevant, self._expected = 0.0, 0, 0, 0.0
        self._first = self._last = -1

    def allowance(self) -> float:
        """What the evidence of an hour has to exceed to add to the rise."""
        return ALLOWANCE + (max(0.0, self._level / len(self._recent)) if self._recent else 0.0)

    def see(self, evidence: float) -> None:
        """Take note of a closed, covered hour, whatever it teaches besides."""
        if len(self._recent) == RECENT_HOURS:
            self._level -= self._recent[0]
        self._recent.append(evidence)
        self._level += evidence

    def hours(self, number: int) -> int:
        """How many hours the rise lasts, the hour `number` among them."""
        return number - self._first + 1 if self._goes_on(number) else 1

    def counts(self, number: int, negative: int, relevant: int, expected: float) -> tuple[int, int, float]:
        """Negative, relevant and expected posts of the rise, those of the hour `number` among them."""
        if not self._goes_on(number):
            return negative, relevant, expected
        return self._negative + negative, self._relevant + relevant, self._expected + expected

    def height(self, number: int, evidence: float) -> float:
        """The sum at `number`, an hour of so much evidence."""
        return max(0.0, (self._sum if self._goes_on(number) else 0.0) + evidence - self.allowance())

    def value(
        self, number: int, evidence: float, hour: tuple[int, int], expected: float, unit: tuple[float, float]
    ) -> float:
        """The height in the unit of the hourly evidence; -inf where the rise could not alert.

        `hour` is (negative, relevant), `unit` the median and the 99th percentile of the hourly evidence: the heights
        are drawn to the same. The rise must go on in this hour, be large over all its hours, and reach the minimum
        counts over all of them.
        """
        if not evidence > self.allowance() or len(self._past) < KNOWN_HOURS:
            return -inf
        negative, relevant, usual = self.counts(number, *hour, expected)
        rules = self._rules
        if negative < max(EFFECT * usual, rules.minimum_negative) or relevant < rules.minimum_relevant:
            return -inf
        middle, tail = self._past.median(), self._past.quantile(TAIL)
        factor = (unit[1] - unit[0]) / max(tail - middle, 1.0)
        return unit[0] + (self.height(number, evidence) - middle) * factor

    def learn(self, number: int, evidence: float, hour: tuple[int, int], expected: float) -> None:
        """Take in a closed, covered hour."""
        height = self.height(number, evidence)
        self._past.add(number, height)
        if height == 0:
            self.clear()
            return
        if not self._goes_on(number):
            self.clear()
            self._first = number
        self._negative, self._relevant, self._expected = self.counts(number, *hour, expected)
        self._sum, self._last = height, number

    def forget_before(self, number: int) -> None:
        """Leave out every hour before `number`."""
        self._past.forget_before(number)

    def _goes_on(self, number: int) -> bool:
        return self._sum > 0 and self._last == number - 1
