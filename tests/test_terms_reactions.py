"""The join: changes as announcements, posts that cite a clause, what they feel, and clauses that sleep."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from factories import make_post
from fakes_models import KeywordClassifier
from store_fixtures import save, score_all
from terms_texts import INTRO, LAW, LEAVING, LICENCE, document

from core.announcements import announcement_from_table
from core.terms import Capture
from core.watches import Watch
from reports.clauses import clause_reactions
from reports.dormant import dormant
from reports.terms_paragraph import terms_paragraph
from terms.quotes import Quotes
from uproar.steps import terms as step
from uproar.steps.announced import announce_changes
from uproar.steps.cited import link_posts

T0 = datetime(2025, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
AI = (
    "You explicitly agree that your songs may be used to inform, train, develop or serve as input to artificial "
    "intelligence technologies, as part of and for providing the services."
)
PROMISE = "We will not train generative artificial intelligence on your songs unless you opt in."
OLD, WITH_AI, REVISED = document(), document(LICENCE, AI, LAW, LEAVING), document(LICENCE, PROMISE, LAW, LEAVING)
WATCH = Watch("acme", "Acme", "Acme", "acme", T0 - 30 * DAY)


def learn(store, reader, *captures, now):
    given = [Capture("Acme", "Terms of Service", at, text) for at, text in captures]
    _, touched = step.import_captures(store, "hand", given)
    return step.update_documents(store, reader, touched, now=now)


def quotes(post, **texts):
    return [(q.passage, q.words) for q in Quotes(texts).find(post)]


@pytest.mark.parametrize(
    ("post", "found"),
    [
        ("they say songs may be used to inform, train, develop or serve as input. no!", True),
        ("Songs MAY be USED to inform train develop or serve", True),
        ('look: "inform, train, develop" they wrote', True),
        ("songs may be used to inform, tarin, develop or serve as input to artificial inteligence technologies", True),
        ("as part of and for the", False),
        ("I agree that you may be used to it", False),
        ("this is terrible, I will leave", False),
        ("", False),
    ],
)
def test_quotations(post, found):
    assert bool(quotes(post, clause=AI)) is found


def test_a_post_may_quote_both_wordings():
    post = f"Before: {AI} Now: {PROMISE}"
    assert {passage for passage, _ in quotes(post, old=AI, new=PROMISE)} == {"old", "new"}


def test_a_change_is_announced_at_once_marked_so_then_confirmed(store, reader):
    changed = document(LICENCE, AI, LAW, LEAVING, amended="May 9, 2025")
    learn(store, reader, (T0, OLD), (T0 + 10 * DAY, changed), now=T0 + 11 * DAY)
    assert announce_changes(store, reader, WATCH, clock=T0 + 11 * DAY) == 1
    (made,) = reader.announcements("acme")
    assert (made.kind, made.origin, made.precision) == ("terms_change", "terms", "day")
    assert made.title.startswith("Provisional: Terms of Service changed")
    assert "AI training" in made.title
    assert made.wording == AI
    assert made.start <= T0 + 10 * DAY < made.end
    assert made.conflicts[0].source == "the text: Last Amended: May 9, 2025"  # stands beside the day of capture
    assert announce_changes(store, reader, WATCH, clock=T0 + 12 * DAY) == 0
    assert announce_changes(store, reader, WATCH, clock=T0 + 17 * DAY) == 1
    (made,) = reader.announcements("acme")
    assert made.title.startswith("Terms of Service changed")


def test_a_change_that_goes_back_leaves_the_watch(store, reader):
    learn(store, reader, (T0, OLD), (T0 + 10 * DAY, WITH_AI), now=T0 + 11 * DAY)
    announce_changes(store, reader, WATCH, clock=T0 + 11 * DAY)
    learn(store, reader, (T0 + 12 * DAY, OLD), now=T0 + 12 * DAY)
    assert announce_changes(store, reader, WATCH, clock=T0 + 12 * DAY) == 1
    assert reader.announcements("acme") == []


def test_other_platforms_earlier_changes_and_what_the_file_says_itself_are_left_alone(store, reader):
    learn(store, reader, (T0, OLD), (T0 + 10 * DAY, WITH_AI), now=T0 + 20 * DAY)
    clock = T0 + 20 * DAY
    by_hand = announcement_from_table({"kind": "terms_change", "at": "2025-05-11", "title": "New terms"}, "test")
    for watch in (
        replace(WATCH, platform="Other"),
        replace(WATCH, since=T0 + 11 * DAY),
        replace(WATCH, announcements=(by_hand,)),
    ):
        assert announce_changes(store, reader, watch, clock=clock) == 0
    assert announce_changes(store, reader, replace(WATCH, platform="ACME"), clock=clock) == 1


class Embedding(KeywordClassifier):
    """The keyword classifier, which finds every text alike that speaks of machines."""

    def embed(self, texts):
        alike = np.array([[1.0, 0.0] if "machine" in t or "intelligence" in t else [0.0, 1.0] for t in texts])
        return alike.astype(np.float32)


def filled(store, reader):
    """Two clauses' worth of history, and posts about them; returns the classifier."""
    learn(store, reader, (T0, OLD), (T0 + 10 * DAY, WITH_AI), (T0 + 40 * DAY, REVISED), now=T0 + 90 * DAY)
    classifier = Embedding()
    posts = [
        (20, "terrible ai: songs may be used to inform, train, develop or serve as input"),
        (21, "hate these terms, songs may be used to inform, train, develop or serve as input"),
        (45, "terrible ai, that songs may be used to inform, train, develop or serve as input"),
        (46, "terrible weather and terrible terms"),
        (50, "great terms: they will not train generative artificial intelligence on your songs unless you opt in"),
        (5, "songs may be used to inform, train, develop or serve as input (a clairvoyant)"),
    ]
    save(store, *[make_post(id=f"p{n}", created_at=T0 + day * DAY, text=text)
                  for n, (day, text) in enumerate(posts)])  # fmt: skip
    store.register_model(classifier.model)
    score_all(store, classifier)
    store.refresh_rollups()
    return classifier


def test_per_clause_posts_lag_and_who_still_cites_the_old_words(store, reader):
    classifier = filled(store, reader)
    clock = T0 + 90 * DAY
    assert link_posts(store, reader, WATCH, classifier, clock=clock) > 0
    assert link_posts(store, reader, WATCH, classifier, clock=clock) == 0
    found = {(r.stored.clause.added, r.stored.clause.removed): r for r in clause_reactions(reader, WATCH, clock=clock)}
    added = found[AI, ""]
    assert (added.posts, added.quoted) == (3, 3)  # not the one before the clause stood
    assert added.first_post == T0 + 20 * DAY
    assert added.since_precision == "capture"  # the text states no new date of its own
    revised = next(r for (_, removed), r in found.items() if removed)
    assert revised.old is not None
    assert (revised.old.negative, revised.old.relevant) == (1, 2)


def test_new_posts_are_linked_when_they_come_and_links_go_with_their_last_post(store, reader):
    classifier = filled(store, reader)
    clock = T0 + 90 * DAY
    link_posts(store, reader, WATCH, classifier, clock=clock)
    late = make_post(id="late", created_at=T0 + 60 * DAY,
                     text="awful ai: songs may be used to inform, train, develop or serve as input")  # fmt: skip
    save(store, late)
    assert link_posts(store, reader, WATCH, classifier, clock=clock) == 0  # not scored yet
    score_all(store, classifier)
    assert link_posts(store, reader, WATCH, classifier, clock=clock) == 2  # the added clause and the removed one
    before = clause_reactions(reader, WATCH, clock=clock)[0].posts
    store.forget("forum", ids=["late"], now=clock)
    assert clause_reactions(reader, WATCH, clock=clock)[0].posts == before - 1


def test_a_replay_does_not_tell_its_future(store, reader):
    classifier = filled(store, reader)
    watch = replace(WATCH, as_of=T0 + 20 * DAY + timedelta(hours=1))
    link_posts(store, reader, watch, classifier, clock=T0 + 90 * DAY)
    found = [r for r in clause_reactions(reader, watch, clock=T0 + 90 * DAY) if r.posts]
    assert [r.posts for r in found] == [1]
    assert not any(r.stored.clause.removed for r in clause_reactions(reader, watch, clock=T0 + 90 * DAY))


def test_clauses_that_nobody_discusses_are_ranked_with_what_happened_elsewhere(store, reader):
    learn(store, reader, (T0, OLD), (T0 + 10 * DAY, WITH_AI), now=T0 + 90 * DAY)
    other = [Capture("Other", "Terms", at, text) for at, text in
             ((T0, OLD), (T0 + 5 * DAY, WITH_AI), (T0 + 25 * DAY, REVISED))]  # fmt: skip
    _, touched = step.import_captures(store, "other", other)
    step.update_documents(store, reader, touched, now=T0 + 90 * DAY)
    store.register_watch("acme", subject="Acme")
    clock = T0 + 90 * DAY
    found = dormant(reader, WATCH, clause_reactions(reader, WATCH, clock=clock), clock=clock)
    assert found[0].reaction.stored.clause.added == AI
    assert [d.risk for d in found] == sorted((d.risk for d in found), reverse=True)
    (precedent,) = [p for p in found[0].precedents if p.stored.clause.added == AI]
    assert (precedent.stored.change.service, precedent.gone_after_days) == ("Other", 20.0)
    # What was taken out of the document is not dormant, it is gone.
    learn(store, reader, (T0 + 60 * DAY, REVISED), now=T0 + 90 * DAY)
    found = dormant(reader, WATCH, clause_reactions(reader, WATCH, clock=clock), clock=clock)
    assert AI not in [d.reaction.stored.clause.added for d in found]


def test_a_watch_without_documents_has_no_clauses(store, reader):
    save(store, make_post())
    classifier = Embedding()
    store.register_model(classifier.model)
    assert link_posts(store, reader, WATCH, classifier, clock=T0) == 0
    assert clause_reactions(reader, WATCH, clock=T0) == []
    assert INTRO


def test_the_paragraph_of_the_brief(store, reader):
    assert terms_paragraph(reader, WATCH, clock=T0) == ""
    classifier = filled(store, reader)
    link_posts(store, reader, WATCH, classifier, clock=T0 + 90 * DAY)
    told = terms_paragraph(reader, WATCH, clock=T0 + 90 * DAY)
    assert "Acme's Terms of Service changed last on 10 June 2025" in told
    assert "Most cited is a clause on AI training, by 3 posts" in told
    assert "The first came 10 days after the clause." in told
    then = terms_paragraph(reader, replace(WATCH, as_of=T0 + 12 * DAY), clock=T0 + 90 * DAY)
    assert "changed last on 11 May 2025" in then
    assert "No post cites a clause so far." in then
