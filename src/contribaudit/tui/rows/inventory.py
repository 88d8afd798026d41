"""The texts of the inventory's lines, and of one subject in full.

A line says what is contributed, whether AI may be used, where the data is kept, and how many findings are open. The
subject in full adds the reasons and the observations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from contribaudit.core.advise.report import Report
from contribaudit.core.judge.baseline import COVERED, uncovered
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import Observation, Observed, SettingId, Value
from contribaudit.core.model.phrases import and_more
from contribaudit.core.model.snapshot import KnownSpace
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import alias_of, called, resolve_alias
from contribaudit.core.resolve.contribution_lists import app_of_space
from contribaudit.core.resolve.effective import COMPUTED, KINDS, RISKS, effective_of, shown_answers
from contribaudit.core.resolve.inventory import site_by_app
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.exporters.explanation import explained, value_or_reason
from contribaudit.exporters.text import display, safe_text
from contribaudit.tui.rows.outline import Leaf, Node, listing_text
from contribaudit.tui.rows.signs import ago, check_of, outcome_sign, title_of
from contribaudit.tui.rows.site_map import shortened
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("what", 22, flexible=True),
    Column("in-app data", 16),
    Column("metadata", 16, drop_below=126),
    Column("AI", 11),
    Column("location", 11, drop_below=74),
    Column("plan", 15, drop_below=100),
    Column("findings", 14),
)
_SETTINGS = (names.EFFECTIVE_IN_APP, names.EFFECTIVE_METADATA, names.EFFECTIVE_AI)
WAITING = "…"


@dataclass(frozen=True, slots=True)
class Count:
    """The number of findings on a subject and everything beneath it: all, failing, not achievable, unproven."""

    total: int = 0
    failing: int = 0
    unreachable: int = 0
    unproven: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.total + other.total,
            self.failing + other.failing,
            self.unreachable + other.unreachable,
            self.unproven + other.unproven,
        )


NONE_FOUND = Count()


@dataclass(frozen=True, slots=True)
class Facts:
    """The values of the columns for one subject; "" if a column does not apply."""

    answers: tuple[str, str, str] = ("", "", "")
    """In-app data, metadata and AI: each a value or an outcome, followed by "~" if it is fragile."""
    realm: str = ""
    plan: str = ""
    new: bool = False
    """Whether the subject is outside the approved baseline."""


def facts_of(state: State, subject: Subject, *, computed: bool = True) -> Facts:
    """The facts about one subject. With `computed` False, where the rules cannot be applied, observed values count."""
    answers = tuple(_answer_word(state, subject, setting, computed=computed) for setting in _SETTINGS)
    realm = plan = ""
    if subject.kind is Kind.APP:
        realm, plan = _realm(state, subject), _plan(state, subject)
    elif subject.kind is Kind.ORGANIZATION:
        plan = _observed_word(state, subject, names.HIGHEST_PLAN)
    return Facts((answers[0], answers[1], answers[2]), realm, plan, uncovered(state, subject) is not None)


def cells(
    node: Node | Leaf, *, opened: bool, facts: Facts | None, count: Count | None, space: KnownSpace | None
) -> list[Text]:
    """The texts of one line. `facts`, `count` and `space` are None while they are being computed."""
    new = facts is not None and facts.new
    label = _leaf(node, space, new=new) if isinstance(node, Leaf) else _label(node, opened=opened, new=new)
    if isinstance(node, Node) and node.subject is None:
        return [label, *(Text() for _ in COLUMNS[1:])]
    if facts is None:
        return [label, *(Text(WAITING, "dim") for _ in COLUMNS[1:])]
    in_app, metadata, ai = (_styled(one) for one in facts.answers)
    return [label, in_app, metadata, ai, _realm_text(facts.realm), Text(facts.plan), _count_cell(count)]


def tally(report: Report) -> Mapping[Subject, Count]:
    """The counts of each subject, with everything beneath it. May read the history, so call it in a worker thread."""
    counts: dict[Subject, Count] = {}
    for finding in report.findings:
        if finding.outcome is Outcome.NO_SUCH_SETTING:
            continue
        outcome = finding.outcome
        unreachable = outcome is Outcome.NOT_ACHIEVABLE
        count = Count(1, int(outcome.violates and not unreachable), int(unreachable), int(outcome.unproven))
        for subject in _upwards(report.state, finding.subject):
            counts[subject] = counts.get(subject, NONE_FOUND) + count
    return counts


def site_subject(state: State, app: Subject) -> Subject | None:
    """The site of an app; None if the app names neither cloud ID nor host."""
    site = site_by_app(state, app.organization).get(app)
    return None if site is None else site.subject


def _upwards(state: State, subject: Subject) -> list[Subject]:
    """The subject and everything that contains it."""
    if not subject.organization:
        return []
    chain = [subject]
    app = app_of_space(state, subject) if subject.kind is Kind.SPACE else subject
    if subject.kind is Kind.SPACE:
        chain = [_listed(state, subject)]
        chain += [app] if app is not None else []
    if app is not None and app.kind is Kind.APP:
        site = site_subject(state, app)
        chain += [site] if site is not None else []
    if subject.kind is not Kind.ORGANIZATION:
        chain.append(organization_subject(subject.organization))
    return chain


def _listed(state: State, space: Subject) -> Subject:
    """The space with the ID from the list of spaces; unchanged if no list shows it."""
    try:
        return resolve_alias(state, f"{space.organization}:space:{space.id}") or space
    except UsageError:  # the key is ambiguous, so the subject stays as it was written
        return space


def _answer_word(state: State, subject: Subject, setting: SettingId, *, computed: bool) -> str:
    if setting == names.EFFECTIVE_METADATA and subject.kind is not Kind.ORGANIZATION:
        return ""
    if not computed or subject.kind not in KINDS:
        return _observed_word(state, subject, setting).replace("_", " ")
    answer = effective_of(state, subject, setting)
    return f"{answer.in_words}~" if answer.fragile else answer.in_words


def _observed_word(state: State, subject: Subject, setting: SettingId) -> str:
    seen = state.value(subject, setting)
    return display(seen.value) if seen is not None else "unknown"


def _realm(state: State, app: Subject) -> str:
    seen = state.read(app, names.REALM)
    if not isinstance(seen, Observed):
        return "unknown"
    pinned = state.read(app, names.PINNED)
    word = display(seen.value)
    if not isinstance(pinned, Observed):
        return f"{word} pin?"
    return f"{word} pinned" if _is_yes(pinned.value) else word


def _plan(state: State, app: Subject) -> str:
    plan = _observed_word(state, app, names.PLAN)
    trial = state.value(app, names.TRIAL)
    return f"{plan} trial" if trial is not None and _is_yes(trial.value) else plan


def _is_yes(value: Value) -> bool:
    return value is True or (isinstance(value, str) and value.casefold() in ("yes", "true"))


def _styled(word: str) -> Text:
    bare = word.removesuffix("~")
    if bare in RISKS:
        return Text(word.upper() if word == bare else f"{bare.upper()}~", "bold red")
    if bare in ("unknown", "stale", "conflict"):
        return Text(word, "yellow")
    if bare in ("not contributed", "not exposed"):
        return Text(word, "green" if word == bare else "yellow")
    return Text(word, "dim")


def _realm_text(word: str) -> Text:
    return Text(word, "yellow" if word == "unknown" or word.endswith("?") else "")


def _count_cell(count: Count | None) -> Text:
    if count is None:
        return Text(WAITING, "dim")
    if not count.total:
        return Text()
    text = Text()
    if count.failing:
        text.append(f"{shortened(count.failing)} fail", "bold red")
    elif count.unreachable:
        text.append(f"{shortened(count.unreachable)} cannot", "magenta")
    if count.unproven:
        gap = " " if text.plain else ""
        text.append(f"{gap}{shortened(count.unproven)}{' ' if count.unproven < 1000 else ''}?", "yellow")
    return text if text.plain else Text("pass", "green")


def _label(node: Node, *, opened: bool, new: bool) -> Text:
    sign = ("v " if opened else "> ") if node.opens else "  "
    if node.subject is None and not node.opens:
        return Text(f"{'  ' * node.depth}  {node.label}: {node.note}", "yellow italic")
    text = Text(f"{'  ' * node.depth}{sign}")
    text.append(node.label, "bold" if node.depth == 0 else "")
    text.append("  NEW", "bold yellow") if new else None
    if node.note:
        text.append(f"  {node.note}", "yellow" if "not " in node.note or not node.depth else "dim")
    return text


def _leaf(leaf: Leaf, space: KnownSpace | None, *, new: bool) -> Text:
    text = Text("  " * leaf.depth + "  ")
    if space is None:
        return text.append(WAITING, "dim")
    text.append(safe_text(space.space.key or space.space.id))
    text.append("  NEW", "bold yellow") if new else None
    text.append(f"  {safe_text(space.space.name)}", "dim")
    if space.space.status.casefold() == "archived":
        text.append("  archived", "dim italic")
    return text


_FINDINGS = 40
_MOST_SETTINGS = 200


def described(report: Report, subject: Subject, note: str = "", *, computed: bool = True) -> RenderableType:
    """Everything about the subject, paragraph by paragraph. May read the history, so call it in a worker thread.

    `computed` is False where the rules cannot be applied, as in an evidence folder.
    """
    state = report.state
    parts: list[RenderableType] = [_head(state, subject, note)]
    parts += [Text.assemble((f"\n{title}\n", "bold"), text) for title, text in _paragraphs(report, subject)]
    if computed and subject.kind in KINDS:
        answers = explained(state, subject, shown_answers(state, subject))
        parts += [Text("\nEFFECTIVE SETTINGS AND REASONS", "bold"), answers]
    parts.append(Text.assemble(("\nOBSERVED\n", "bold"), _settings(state, subject)))
    return Group(*parts)


def findings_of(report: Report, subject: Subject) -> list[Finding]:
    """The subject's own findings, most serious first."""
    names = {subject.id, alias_of(report.state, subject).removeprefix("space:")}
    mine = [
        one
        for one in report.findings
        if one.subject.kind is subject.kind
        and one.subject.organization == subject.organization
        and (one.subject == subject or (subject.kind is Kind.SPACE and one.subject.id in names))
    ]
    return sorted(
        mine, key=lambda one: (not one.outcome.violates, not one.outcome.unproven, one.severity.rank, one.check)
    )


def _head(state: State, subject: Subject, note: str) -> Text:
    alias, place = safe_text(alias_of(state, subject)), state.place(subject)
    name = safe_text(called(state, subject))
    text = Text.assemble((name, "bold"))
    if alias != name:
        text.append(f"\n{alias}", "not bold")
    if place.name not in (subject.id, name, alias):
        text.append(f"\n{safe_text(place.name)}")
    if safe_text(subject.id) not in alias:
        text.append(f"\n{safe_text(subject.id)}", "dim")
    if note:
        text.append(f"\n{note}", "yellow" if "not " in note else "dim")
    return text


def _paragraphs(report: Report, subject: Subject) -> Iterator[tuple[str, Text]]:
    state = report.state
    if subject.kind is Kind.APP:
        listing = state.spaces(subject.organization).lists()
        if subject in listing or state.spaces(subject.organization).count(subject):
            yield "SPACES", Text(listing_text(state, subject))
    approved = state.baseline(subject.organization)
    if approved is not None and subject.kind in COVERED:
        outside = uncovered(state, subject)
        signed = approved.baseline.approved
        sentence = f"in the baseline of run {approved.baseline.run}, approved by {signed.by} on {signed.at:%Y-%m-%d}"
        yield (
            "BASELINE",
            Text(safe_text(sentence)) if outside is None else Text(f"NEW: {safe_text(outside.reason)}", "yellow"),
        )
    yield "FINDINGS", _findings(findings_of(report, subject))


def _findings(findings: Sequence[Finding]) -> Text:
    if not findings:
        return Text("none about this subject itself", "dim")
    text = Text()
    for finding in findings[:_FINDINGS]:
        text.append_text(outcome_sign(finding.outcome)).append(f"  {finding.severity.value}  ", "dim")
        text.append(check_of(finding), "bold").append(f": {safe_text(finding.reason)}\n")
    if len(findings) > _FINDINGS:
        text.append(f"{and_more(len(findings) - _FINDINGS)}\n", "dim")
    return text.append("press F to see them in the table of findings", "dim")


def _settings(state: State, subject: Subject) -> Text:
    seen = sorted((one for one in state.of(subject) if one.setting not in COMPUTED), key=lambda one: one.setting)
    if not seen:
        return Text("nothing in this run", "dim")
    text = Text()
    for one in seen[:_MOST_SETTINGS]:
        text.append(title_of(one.setting), "bold").append(f" ({safe_text(one.setting)})  ")
        text.append_text(value_or_reason(one)).append("\n  ").append(_provenance(one, state.as_of), "dim").append("\n")
    text.append(and_more(len(seen) - _MOST_SETTINGS), "dim")
    text.rstrip()
    return text


def _provenance(observation: Observation, now: datetime) -> str:
    """Grade, source and age of an observation."""
    if isinstance(observation, Observed):
        parts = [observation.grade.value, observation.source]
        if (witness := observation.witness) is not None:
            parts += [f"by {witness.by}", f"confirmed by {witness.confirmed_by}" if witness.confirmed_by else ""]
        parts.append(ago(observation.observed_at, now))
    else:
        parts = [observation.code, observation.source, f"tried {ago(observation.attempted_at, now)}"]
    return safe_text(", ".join(part for part in parts if part))
