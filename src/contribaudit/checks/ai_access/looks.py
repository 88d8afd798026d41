"""Where people looked: AI-25."""

from __future__ import annotations

from contribaudit.catalogue import ai_access, ai_tools
from contribaudit.checks.parts import evidence_of, unread
from contribaudit.checks.reading import ATTESTED
from contribaudit.core.alias import alias_of
from contribaudit.core.judge.check import Case, Check, Verdict
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import CONFLICT_CODE, STALE_CODES, Observed, Unavailable
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject, organization_subject

_SETTINGS = tuple(setting.id for setting in (*ai_access.ALL, *ai_tools.ALL) if setting.attestable)


def generation_named(case: Case) -> Verdict:
    """AI-25: every look at AI settings that counts names a menu path, and so a generation of the console.

    Screens of the same name hold different controls in different generations.
    """
    organization = case.subject.organization
    subjects: list[Subject] = [organization_subject(organization)]
    for kind in (Kind.SITE, Kind.APP, Kind.CONNECTOR):
        subjects += case.state.subjects(kind, organization)
    answers = [case.state.read(subject, setting) for subject in subjects for setting in _SETTINGS]
    looks = [(one, one.witness) for one in answers if isinstance(one, Observed) and one.witness is not None]
    if not looks:
        doubtful = (*STALE_CODES, CONFLICT_CODE)
        refused = [one for one in answers if isinstance(one, Unavailable) and one.code in doubtful]
        if refused:
            return unread(refused[0])
        reason = "no look at an AI setting counts today"
        return Verdict(Outcome.UNKNOWN, "nothing_attested", reason, ai_access.ACCESS.id)
    evidence = evidence_of(*(one for one, _ in looks))
    silent = [one for one, who in looks if not who.console_path.strip()]
    if silent:
        reason = f"{len(silent)} of {len(looks)} looks name no menu path, {_called(case, silent[0])} for one"
        return Verdict(Outcome.FAIL, "path_not_recorded", reason, silent[0].setting, None, None, evidence)
    strange = [one for one, who in looks if not who.generation]
    if strange:
        reason = f"the rulebook knows no generation of the console with the menu path of {_called(case, strange[0])}"
        return Verdict(Outcome.UNKNOWN, "generation_not_known", reason, strange[0].setting, None, None, evidence)
    generations = tuple(sorted({who.generation for _, who in looks}))
    reason = f"all {len(looks)} looks name their generation of the console: {', '.join(generations)}"
    return Verdict(Outcome.PASS, "generation_named", reason, looks[0][0].setting, None, generations, evidence)


def _called(case: Case, seen: Observed) -> str:
    return f"{seen.setting} of {alias_of(case.state, seen.subject)}"


AI_25 = Check(
    id="AI-25",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=_SETTINGS,
    outcomes=ATTESTED,
    judge=generation_named,
)
