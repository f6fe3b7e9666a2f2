"""Words by which lawyers' language gives a clause class away: features of the head beside plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.terms import CLASSES

_WORDS: Mapping[str, str] = {
    "ai_training": r"""artificial intelligence|machine[- ](?:learning|intelligence)|\bai\b(?![- ]?generated code)|generative|
        (?:large )?language models?|neural network|foundation models?|train(?:s|ed|ing)? (?:\w+ ){0,6}(?:models?|algorithms?)|
        (?:our|the|third-party) models?\b|data ?sets?|text and data mining|chatbots?|synthesi[sz]e|deepfakes?""",
    "consent": r"""opt(?:s|ed|ing)?[- ]?(?:in|out)\b|consents?(?:ing)? (?:to|from|of)|(?:your|explicit|prior|obtain|withdraw|without|express)
        (?:\w+ )?(?:consent|permission)|withdraw|revoke your|unsubscribe|your choices|privacy controls|
        object to|you (?:can|may) (?:control|choose|turn off|disable|decline|refuse)|by default|deemed to|voluntar|affirmative""",
    "licence": r"""sub-?licen[cs]\w*|licen[cs]es?\b|licen[cs]ed\b|grants? (?:us|you|to|each|other|\w+ (?:a|and|the))|royalty[- ]free|
        non-?exclusive|perpetual|irrevocable|derivative works?|reproduce|publicly (?:display|perform)|copy, |distribute,""",
    "ownership": r"""\bown(?:s|ed|ership|er)?\b|intellectual property|copyright\w*|trade ?marks?|trade ?dress|infring\w+|title and interest|
        proprietary|retain\w* (?:\w+ ){0,3}(?:rights|ownership)|(?:represent|warrant) (?:\w+ ){0,4}(?:rights|own)|work made for hire|logos?\b|
        necessary rights|dmca""",
    "payment": r"""\bfees?\b|\bpay(?:s|ing|ment|ments|able|outs?)?\b|\bpaid\b|subscriptions?\b|\bprices?\b|pricing|charg(?:e|es|ed)\b|refund\w*|
        billing|billed|invoice\w*|\btax(?:es)?\b|\bvat\b|credit card|renew(?:s|al)?\b|free[- ]trial|royalt(?:y|ies)\b(?!-free)|monetiz\w+|
        monetis\w+|virtual (?:goods|coins)|purchases?\b|order form|premium""",
    "privacy": r"""personal (?:data|information)|(?:your|the|collect|share|this|certain|use) information|information (?:we|about)|
        we (?:\w+ )?(?:collect|share|receive|infer|retain|store|disclose)|cookies?\b|pixels?\b|ip address|device (?:id|information)|locations?\b|
        privacy|advertis\w+|\bads?\b|data (?:protection|controller|retention)|your data|biometric\w*|browser|identif(?:y|iers?)|contacts\b|
        third[- ]part(?:y|ies) (?:\w+ ){0,3}(?:data|information)|affiliates|your profile|address book|vendors?|audience|who can see""",
    "arbitration": r"""arbitrat\w+|disputes?\b|class[- ]action|collective action|jury|govern\w* (?:by )?(?:\w+ )?laws?|laws? of the|jurisdiction|
        courts?\b|venue|liab(?:le|ility)|warrant(?:y|ies)|indemni\w+|disclaim\w*|\bas is\b|damages|injunctive|equitable|claims?\b|
        mass filing|small claims|attorneys?'? fees|negligence|at your own risk|applicable law|lawsuit|proceeding""",
    "notice": r"""(?:chang(?:e|es|ing)|modif\w+|updat\w+|revis\w+|amend\w*) (?:to |of |our |the |these |this |\w+ ){0,3}
        (?:terms|agreement|policy|policies|statement)|(?:terms|policy|agreement) (?:\w+ ){0,3}(?:chang\w+|updated?|revised|modified)|
        effective (?:date|until)|(?:take|go into|into|took) effect|(?:prior|advance|reasonable|days'?) (?:\w+ )?notice|notif(?:y|ication)s?\b|
        notices?\b|retroactive|continued use|we(?:'ve| have| are|'re) (?:\w+ )?updat\w+|will be posted|earlier versions?|
        current (?:terms|privacy policy)""",
    "termination": r"""terminat\w+|suspen(?:d|ds|ded|sion)|(?:close|delete|deactivate|disable|cancel)\w* (?:your |the |my |an |their )?accounts?|
        account (?:closure|deletion)|discontinue|(?:remove|delete|block)\w* (?:\w+ ){0,3}(?:content|access)|cancel(?:s|led|ed|lation)?\b|
        \bban(?:ned)?\b|repeat infringers?|surviv\w+|upon (?:expir|cancel|terminat)\w+|refuse service|inactive""",
}  # fmt: skip
PATTERNS = tuple(
    re.compile(r"(?:" + re.sub(r"\n\s+", "", _WORDS[name]).replace("\n", "") + ")", re.IGNORECASE) for name in CLASSES
)


def counts(text: str) -> list[int]:
    """How many different cues of each class stand in `text`, in the order of `CLASSES`."""
    return [len({found.casefold() for found in pattern.findall(text)}) for pattern in PATTERNS]
