"""What three witnesses say of an app's main AI switch: Atlassian's gateway, the app's AI policy item, and people.

- **Yes is proof.** A field of the gateway that says "enabled" opens the app, on every plan.
- **No is an answer to one account.** It closes the app where no plan of the organization can limit Rovo by group, or
  where the item says off too. Beside an attested block, the attestation is what counts.
- **The item** is our reading of an object whose meaning is not published. It counts in an organization while the
  gateway or an anchored attestation agrees with it for an app in the same state, type and shape, and neither
  contradicts it for any app. It then also answers for the apps that the gateway does not reach.
- **Witnesses that contradict each other** make a conflict, never the kinder of the two. Between gateway and item a
  person who looks decides: the item does not count in an organization where an attestation contradicts it, or did
  while the item was as it is now.

A field is about the app that it was asked for, but for Jira's, which is about the Jira family of the site: while
another app of the family is seen open, its yes contradicts no block of this one. A yes for a whole site is about at
least one of its apps; `effective_ai` draws that conclusion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from contribaudit.core.model import decoder as decoders
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation, in_force
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import SOURCES_DIFFER, Observation, Observed, SettingId, Unavailable
from contribaudit.core.model.rulebook import App
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.plans import deciding_plan, plans_by_console, possible_plans, trial_of_any_plan
from contribaudit.core.resolve.policy_items import item_decoder
from contribaudit.core.resolve.reasons import (
    NEVER_RECORDED,
    Reason,
    Stop,
    rank_of,
    read_word,
    rule,
    sites_index,
    told,
)
from contribaudit.core.resolve.state import State

BLOCKED = "blocked"
LIMITED = "limited"
OPENNESS = {BLOCKED: 0, "off": 0, LIMITED: 1, "allowed": 2, "on": 2}
"""How far a word lets AI in."""
WORDS: Mapping[SettingId, tuple[str, ...]] = {
    names.AI_ACCESS: ("allowed", LIMITED, BLOCKED),
    names.AI_OWN_SETTING: ("on", LIMITED, "off"),
}
CALLED: Mapping[SettingId, str] = {
    names.AI_ACCESS: "Rovo access",
    names.AI_OWN_SETTING: "the app's own AI switch",
}
CONFIRMED, UNCONFIRMED = "confirmed", "unconfirmed"
CONTRADICTED, BY_PERSON = "contradicted", "contradicted_by_person"
"""How far the reading of an app's AI policy item counts: by the gateway or an anchored attestation, of any app."""
NOT_FOR_THIS_ACCOUNT = "not_for_this_account"
"""Code of a gateway's no that may be about the token's account alone."""
GATEWAY_SILENT = "gateway_silent"
"""Code of an answer of the gateway that cannot be used, where nobody has looked either."""
SOME_OR_ALL = "limited_or_allowed"
"""Code of an app that is open, to whom is not known, where a policy takes limited access."""
WITNESSES = (names.GATEWAY_ROVO, names.GATEWAY_AI, names.GATEWAY_ROVO_LLM, names.AI_POLICY_ITEM)
"""Settings that tell of a main switch beside its own."""
_ENABLED: Mapping[SettingId, str] = {
    names.GATEWAY_ROVO: "Rovo is",
    names.GATEWAY_AI: "AI features are",
    names.GATEWAY_ROVO_LLM: "Rovo's language models are",
}
_OPEN = frozenset((OPENNESS[LIMITED], OPENNESS["allowed"]))
_TO_ALL = frozenset((OPENNESS["allowed"],))
_SHUT = frozenset((OPENNESS[BLOCKED],))


@dataclass(frozen=True, slots=True)
class Position:
    """Where a switch stands against the most that is asked for."""

    exposed: bool
    links: tuple[Reason, ...]
    """What shows it; the last link decides."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway told of one app."""

    yes: bool | None
    """None for an answer that cannot be used: null, an error, a refusal."""
    link: Reason
    stop: Stop | None = None
    """Why it cannot be used."""

    @property
    def setting(self) -> SettingId | None:
        """The field that decides."""
        return self.link.observation.setting if self.link.observation is not None else None


@dataclass(frozen=True, slots=True)
class _Said:
    """Everything that was said of one app's main switch."""

    switch: SettingId
    attested: tuple[str, Observed] | Stop
    answer: Answer | None
    item: tuple[bool, Observed] | None
    """What the item reads as, on or off; None where it is absent or reads as neither."""
    counts: str
    """How far the item's reading counts; "" where there is none."""
    whole: Reason | None
    """Why no group can be given Rovo alone; None where it may be, and where the plan is not known."""

    @property
    def attested_link(self) -> Reason:
        if isinstance(self.attested, Stop):
            return self.attested.reason
        return told(f"{CALLED[self.switch]} is {self.attested[0]}", self.attested[1])

    @property
    def item_link(self) -> Reason:
        assert self.item is not None
        return told(f"the app's AI policy item is {'on' if self.item[0] else 'off'}", self.item[1])


@dataclass(frozen=True, slots=True)
class _Proof:
    """What by itself shows how far AI is let in."""

    open_to: frozenset[int]
    """Every openness that it leaves possible."""
    links: tuple[Reason, ...]


def main_switch(known: App | None) -> SettingId:
    """The switch that gateway and item tell of: the app's own where the app stands outside Rovo access."""
    return names.AI_OWN_SETTING if known is not None and known.rovo_block == "elsewhere" else names.AI_ACCESS


def position(state: State, app: Subject, known: App | None, most: str = BLOCKED) -> Position | Stop | None:
    """Where the main switch stands: open further than `most`, not so, or why that is not known.

    None where nobody says anything of it: no attestation, no usable answer of the gateway, no item that counts.
    """
    said = _said(state, app, main_switch(known))
    differ = _contradiction(said) or (_against_plan(said) if most == LIMITED else None)
    if differ is not None:
        return differ
    proofs = list(_proofs(said))
    for proof in proofs:
        sides = {openness > OPENNESS[most] for openness in proof.open_to}
        if len(sides) == 1:
            return Position(sides.pop(), (*_beside(said, proof), *proof.links))
    return _open_question(said, proofs)


def access(state: State, app: Subject, known: App | None) -> tuple[str, tuple[Reason, ...]] | Stop | None:
    """How far the main switch lets AI in, by all witnesses: `blocked`, `limited` or `allowed`, and what shows it.

    None as for `position`.
    """
    links: tuple[Reason, ...] = ()
    for word in (BLOCKED, LIMITED):
        found = position(state, app, known, word)
        if not isinstance(found, Position):
            return found
        links = found.links
        if not found.exposed:
            return word, links
    return "allowed", links


def _said(state: State, app: Subject, switch: SettingId) -> _Said:
    attested = read_word(state, app, switch, WORDS[switch], CALLED[switch])
    answer, item = gateway(state, app), policy_item(state, app)
    shut = (item is not None and not item[0]) or (not isinstance(attested, Stop) and _is_shut(attested[0]))
    if answer is not None and shut and explained_by_family(state, app, answer):
        answer = None
    counts = state.value(app, names.AI_POLICY_ITEM_COUNTS)
    return _Said(
        switch,
        attested,
        answer,
        item,
        str(counts.value) if counts is not None and item is not None else "",
        nobody_alone(state, app.organization),
    )


def _proofs(said: _Said) -> Iterator[_Proof]:
    """What each witness shows, the strongest first."""
    whole = (said.whole,) if said.whole is not None else ()
    yes = said.answer.yes if said.answer is not None else None
    if said.answer is not None and yes:
        yield _Proof(_OPEN, (said.answer.link,))
        if whole:
            yield _Proof(_TO_ALL, (*whole, said.answer.link))
    if said.answer is not None and yes is False:
        if whole:
            yield _Proof(_SHUT, (*whole, said.answer.link))
        elif said.item is not None and not said.item[0] and said.counts == CONFIRMED:
            yield _Proof(_SHUT, (said.answer.link, said.item_link))
    if not isinstance(said.attested, Stop):
        yield _Proof(frozenset((OPENNESS[said.attested[0]],)), (said.attested_link,))
    if said.item is not None and said.counts == CONFIRMED:
        yield _Proof(_OPEN if said.item[0] else _SHUT, (said.item_link,))
        if said.item[0] and whole:
            yield _Proof(_TO_ALL, (*whole, said.item_link))


def _contradiction(said: _Said) -> Stop | None:
    """The conflict that two witnesses make of which one says open and the other shut."""
    witnesses: list[tuple[bool, Reason]] = []
    if not isinstance(said.attested, Stop):
        witnesses.append((not _is_shut(said.attested[0]), said.attested_link))
    answer = said.answer
    speaks = answer is not None and (bool(answer.yes) or (answer.yes is False and said.whole is not None))
    # One that nothing confirms contradicts the gateway, unless a person who looked has contradicted it.
    if said.item is not None and (said.counts == CONFIRMED or (speaks and said.counts != BY_PERSON)):
        witnesses.append((said.item[0], said.item_link))
    if answer is not None and speaks:
        witnesses.append((bool(answer.yes), answer.link))
    yes = [link for is_open, link in witnesses if is_open]
    no = [link for is_open, link in witnesses if not is_open]
    if not yes or not no:
        return None
    sentence = f"the sources disagree: {yes[-1].sentence}; {no[-1].sentence}"
    other, last = (yes[-1], no[-1]) if no[-1] is witnesses[-1][1] else (no[-1], yes[-1])
    return Stop(Outcome.CONFLICT, SOURCES_DIFFER, replace(last, sentence=sentence), before=(other,))


def _against_plan(said: _Said) -> Stop | None:
    """The conflict of an attested limit with plans of which none can limit by group: one of the two is not so."""
    if said.whole is None or said.switch != names.AI_ACCESS or isinstance(said.attested, Stop):
        return None
    if said.attested[0] != LIMITED:
        return None
    link = said.attested_link
    sentence = f"the sources disagree: {link.sentence}, but {said.whole.sentence}"
    return Stop(Outcome.CONFLICT, SOURCES_DIFFER, replace(link, sentence=sentence), before=(said.whole,))


def _beside(said: _Said, proof: _Proof) -> Iterator[Reason]:
    """What else was said, which the answer does not need."""
    used = {id(link.observation) for link in proof.links}
    links: list[Reason] = []
    if not isinstance(said.attested, Stop) or said.attested.code not in NEVER_RECORDED:
        links.append(said.attested_link)
    if said.item is not None:
        links.append(said.item_link)
    if said.answer is not None:
        links.append(said.answer.link)
    return (replace(link, decisive=False) for link in links if id(link.observation) not in used)


def _open_question(said: _Said, proofs: Sequence[_Proof]) -> Stop | None:
    """The gravest reason why no witness settles it; of equals the proof's, then the gateway's, then a person's."""
    stops: list[Stop] = []
    if proofs:
        link = proofs[0].links[-1]
        sentence = f"{link.sentence}; whether for everyone or for some groups is not known"
        stops.append(Stop(Outcome.UNKNOWN, SOME_OR_ALL, replace(link, sentence=sentence)))
    if said.answer is not None and said.answer.yes is False:
        sentence = f"{said.answer.link.sentence}; a group may have access"
        stops.append(Stop(Outcome.UNKNOWN, NOT_FOR_THIS_ACCOUNT, replace(said.answer.link, sentence=sentence)))
    if isinstance(said.attested, Stop) and said.attested.code not in NEVER_RECORDED:
        stops.append(said.attested)
    return min(stops, key=lambda stop: rank_of(stop.outcome), default=None)


def _is_shut(word: str) -> bool:
    return OPENNESS[word] == OPENNESS[BLOCKED]


def gateway(state: State, app: Subject) -> Answer | None:
    """What the gateway told of the app; None where it was not asked.

    One field that says yes is a yes. A no is one where Rovo and AI features, as far as each was asked for, are off: the
    language models are a part of Rovo.
    """
    seen = {field: state.read(app, field) for field in _ENABLED}
    for field, found in seen.items():
        if isinstance(found, Observed) and found.value is True:
            return Answer(True, told(f"{_ENABLED[field]} enabled according to the GraphQL gateway", found))
    asked = [seen[field] for field in (names.GATEWAY_ROVO, names.GATEWAY_AI) if _was_asked(seen[field])]
    unusable = [one for one in asked if not isinstance(one, Observed) or one.value is not False]
    if unusable:
        one = unusable[0]
        if isinstance(one, Unavailable):
            ours = one.code != names.OTHER_ORGANIZATION
            sentence = f"the GraphQL gateway did not answer: {one.reason}" if ours else one.reason
        else:
            sentence = f"the GraphQL gateway answers {'null' if one.value is None else repr(one.value)}"
        return Answer(None, told(sentence, one), Stop(Outcome.UNKNOWN, GATEWAY_SILENT, told(sentence, one)))
    if not asked:
        return None
    no = asked[0]
    sentence = f"{_ENABLED[no.setting]} not enabled for the token's account"
    if nobody_alone(state, app.organization) is not None:
        sentence = (
            f"{_ENABLED[no.setting]} not enabled according to the GraphQL gateway, and no plan here limits it by group"
        )
    return Answer(False, told(sentence, no))


def _was_asked(seen: Observation) -> bool:
    return isinstance(seen, Observed) or seen.code not in NEVER_RECORDED


def nobody_alone(state: State, organization: str) -> Reason | None:
    """Why no group of the organization can be given Rovo alone: no plan that it can be on limits Rovo by group.

    None where one can, where a plan is not known, since a word that the rulebook does not know proves nothing, and
    where a trial may be of a plan that limits Rovo by group.
    """
    return state.once(("rovo for nobody alone", organization), lambda: _nobody_alone(state, organization))


def _nobody_alone(state: State, organization: str) -> Reason | None:
    able = state.rulebook.plan_with("rovo_by_group")
    possible = plans_by_console(state, organization)
    if not able or not possible or any(plan.rovo_by_group for plan in possible):
        return None
    if trial_of_any_plan(state, organization):
        return None
    rest = f"and Rovo can be limited by group on {able} only"
    plan = deciding_plan(state, organization)
    if not isinstance(plan, Stop):
        return replace(plan.reason, sentence=f"{plan.reason.sentence}, {rest}")
    highest = f"the highest plan is {' or '.join(one.name for one in possible)}"
    if any(one.rovo_by_group for one in possible_plans(state, organization)):
        screen = state.read(organization_subject(organization), names.METADATA)
        return told(f"the Data contribution screen shows no switch for metadata, so {highest}, {rest}", screen)
    return rule(state, f"{highest}, {rest}")


def explained_by_family(state: State, app: Subject, answer: Answer) -> bool:
    """Whether the answer is Jira's yes, which is about the family, and another app of the family is seen open."""
    return bool(answer.yes) and answer.setting != names.GATEWAY_AI and _open_sibling(state, app)


def _open_sibling(state: State, app: Subject) -> bool:
    index = sites_index(state, app.organization)
    number = index.of_app.get(app)
    if number is None or not _in_family(state, app):
        return False
    seen_open = state.once(
        ("open family", app.organization, number),
        lambda: [one for one in index.sites[number].apps if _in_family(state, one) and _seen_open(state, one)],
    )
    return any(other != app for other in seen_open)


def _in_family(state: State, app: Subject) -> bool:
    known = state.rulebook.app(state.recall(app, names.APP_TYPE_KEY))
    return known is not None and known.jira_family


def _seen_open(state: State, app: Subject) -> bool:
    """Whether a witness that is about this app alone says that it is open."""
    words = {switch: read_word(state, app, switch, WORDS[switch], CALLED[switch]) for switch in WORDS}
    if any(not isinstance(word, Stop) and not _is_shut(word[0]) for word in words.values()):
        return True
    if not isinstance(words[names.AI_ACCESS], Stop):
        return False
    item, features = policy_item(state, app), state.value(app, names.GATEWAY_AI)
    return (features is not None and features.value is True) or (item is not None and item[0])


def policy_item(state: State, app: Subject) -> tuple[bool, Observed] | None:
    """Whether the app's AI policy item reads as on, with what says so; None where it is absent or reads as neither."""
    seen = state.value(app, names.AI_POLICY_ITEM)
    if seen is None or seen.value not in ("on", "off"):
        return None
    return seen.value == "on", seen


@dataclass(frozen=True, slots=True)
class Trust:
    """How far the readings of AI policy items count in one organization."""

    agreed: Mapping[tuple[bool, str], Reason]
    """By reading and shape: who agrees with it, for which app."""
    against: Reason | None
    """What contradicts a reading; while there is such, none counts."""
    by_person: bool
    """Whether an attestation contradicts one."""
    shapes: Mapping[Subject, tuple[bool, str]]
    """What each app's item reads as, and its type and shape."""

    def counts(self, app: Subject) -> tuple[str, str]:
        """How far the item of the app counts, and who says so; "" where nobody does."""
        if self.against is not None:
            return BY_PERSON if self.by_person else CONTRADICTED, self.against.sentence
        found = self.agreed.get(self.shapes[app])
        return (CONFIRMED, found.sentence) if found is not None else (UNCONFIRMED, "")


def item_trust(state: State, organization: str) -> Trust:
    """How far AI policy items count in the organization. Weighed once for all of its apps."""
    return state.once(("trust in policy items", organization), lambda: _item_trust(state, organization))


def _item_trust(state: State, organization: str) -> Trust:
    agreed: dict[tuple[bool, str], Reason] = {}
    against: list[tuple[bool, Reason]] = []
    shapes: dict[Subject, tuple[bool, str]] = {}
    for app in state.subjects(Kind.APP, organization):
        item = policy_item(state, app)
        if item is None:
            continue
        shape = state.value(app, names.AI_POLICY_ITEM_SHAPE)
        shapes[app] = item[0], str(shape.value) if shape is not None else ""
        for is_open, by_person, link in _compared(state, app, item[0]):
            if is_open == item[0]:
                agreed.setdefault(shapes[app], link)
            else:
                against.append((by_person, link))
    return Trust(
        agreed,
        next((link for _, link in against), None),
        any(by_person for by_person, _ in against),
        shapes,
    )


def item_standings(state: State, organization: str) -> Iterator[Observed]:
    """How far the reading of each app's item counts, for `position`; after everything else was put into the state."""
    trust = item_trust(state, organization)
    for app in trust.shapes:
        item = policy_item(state, app)
        assert item is not None
        word, who = trust.counts(app)
        source = f"{item[1].source}: {who}" if who else item[1].source
        yield replace(item[1], setting=names.AI_POLICY_ITEM_COUNTS, value=word, source=source)


def item_decoders(state: State, organizations: Iterable[str]) -> Iterator[decoders.Trust]:
    """How the decoder of policy items stands in each organization that has any."""
    decoder = item_decoder(state)
    for organization in organizations if decoder is not None else ():
        trust = item_trust(state, organization)
        if decoder is not None and trust.shapes:
            aside = trust.against is not None
            yield decoders.Trust(organization, decoder, standing=_standing(trust), set_aside=aside)


def _standing(trust: Trust) -> str:
    if trust.against is not None:
        return f"set aside, {trust.against.sentence}"
    if not trust.agreed:
        return "does not count yet: neither the gateway nor an anchored attestation agrees with it"
    words = " and ".join(sorted({"on" if is_on else "off" for is_on, _ in trust.agreed}))
    return f"counts for {words}"


def _compared(state: State, app: Subject, item_on: bool) -> Iterator[tuple[bool, bool, Reason]]:
    """What the gateway and an anchored attestation say of the app: open or not, whether a person says so, and a link.

    A no that may be about one account confirms an item that is off, and contradicts none that is on.
    """
    name = called(state, app)
    answer = gateway(state, app)
    if answer is not None and answer.yes is not None and not (not item_on and explained_by_family(state, app, answer)):
        limited = answer.yes is False and item_on and nobody_alone(state, app.organization) is None
        if not limited:
            yield answer.yes, False, replace(answer.link, sentence=f"for {name} {answer.link.sentence}")
    switch = main_switch(state.rulebook.app(state.recall(app, names.APP_TYPE_KEY)))
    attested = read_word(state, app, switch, WORDS[switch], CALLED[switch])
    if not isinstance(attested, Stop) and attested[1].witness is not None and attested[1].witness.anchored:
        link = told(f"{CALLED[switch]} of {name} is {attested[0]}", attested[1])
        yield not _is_shut(attested[0]), True, link
    elif isinstance(attested, Stop):
        for word, by in _seen_beside_item(state, app, switch):
            if _is_shut(word) is item_on:
                sentence = f"{CALLED[switch]} of {name} was {word} when {by} looked, with the same policy item"
                yield not item_on, True, told(sentence, state.read(app, switch))


def _seen_beside_item(state: State, app: Subject, switch: SettingId) -> Iterator[tuple[str, str]]:
    """What people saw and who they were, for looks at which the app's policy item was the same as it is now.

    Such a look contradicts the item even when its value no longer counts, because another signal moved or was not read.
    """
    decoder = item_decoder(state)
    now = state.value(app, decoder.signal) if decoder is not None else None
    if now is None:
        return
    for one in _in_force(state, app.organization).get((app, switch), ()):
        word = one.value.strip().casefold() if isinstance(one.value, str) else ""
        beside = any(
            (anchor.signal, anchor.subject, anchor.state) == (now.setting, app, now.value) for anchor in one.anchors
        )
        if one.bound and beside and word in WORDS[switch]:
            yield word, one.by


def _in_force(state: State, organization: str) -> Mapping[tuple[Subject, SettingId], Sequence[Attestation]]:
    told_of = state.organizations[organization].attestations
    return state.once(("attestations in force", organization), lambda: in_force(told_of, state.as_of))


def site_answers(state: State, organization: str) -> Mapping[int, Observed]:
    """Sites for which the gateway says that Rovo is enabled, by their number in `sites_index`."""
    return state.once(("sites with rovo", organization), lambda: _site_answers(state, organization))


def _site_answers(state: State, organization: str) -> Mapping[int, Observed]:
    by_name: dict[str, Observed] = {}
    for subject in state.subjects(Kind.SITE, organization):
        seen = state.value(subject, names.GATEWAY_ROVO)
        if seen is not None and seen.value is True:
            by_name[subject.id.casefold()] = seen
    if not by_name:
        return {}
    found: dict[int, Observed] = {}
    for number, site in enumerate(sites_index(state, organization).sites):
        seen = by_name.get(site.id.casefold()) or by_name.get(site.host.casefold())
        if seen is not None:
            found[number] = seen
    return found
