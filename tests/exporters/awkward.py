"""A report that holds everything that has ever broken an export, and small ones to vary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

from contribaudit.core.advise.report import Report, RunLine
from contribaudit.core.model import names
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import AppliedWaiver, Evidence, Finding, Outcome, Severity
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable, Value
from contribaudit.core.model.rulebook import App, Clocks, Figure, Limits, Rulebook, RulebookFile, Statement
from contribaudit.core.model.snapshot import Collection, CollectionStatus
from contribaudit.core.model.subject import COMPANY, Kind, Subject, organization_subject
from contribaudit.core.resolve.state import OrganizationState, State

ONE, TWO = "org-one", "org-two"
INDIA = timezone(timedelta(hours=5, minutes=30))
NOW = datetime(2026, 11, 21, 3, 59, 59, 987654, tzinfo=INDIA)
"""20 November in UTC."""

TEXTS: Mapping[str, str] = {
    "quotes": "he said \"no\", she said 'yes'",
    "lines": "first line\nsecond line",
    "crlf": "first line\r\nsecond line",
    "nul": "before\0after",
    "escape": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;https://evil.example\x1b\\link",
    "c1": "\x9b31mred \x85 next",
    "return": "good\rbad",
    "surrogate": "half \ud83d of an emoji",
    "long": "L" * 300,
    "rtl": "abc\u202edef\u2066ghi\u200f",
    "unseen": "a\u200bb\ufeffc\u00add\U000e0041",
    "separators": "one\u2028two\u2029three",
    "equals": "=1+1",
    "plus": "+SUM(A1)",
    "minus": "-2+3",
    "at": "@SUM(A1)",
    "tab": "\t=1+1",
    "cr": "\r=1+1",
    "lf": "\n=1+1",
    "blank": "   =1+1",
    "hard-blank": "\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}=1+1",
    "bom": "\ufeff=1+1",
    "apostrophe": "'=1+1",
    "apostrophe-blank": "  'quoted'",
    "wide": "\N{FULLWIDTH EQUALS SIGN}1+1",
    "wide-at": "\N{FULLWIDTH COMMERCIAL AT}SUM(A1)",
    "small-plus": "﹢1",
    "quoted-formula": '"=1+1"',
    "markup": "[bold]x[/bold] [/x] [link=https://evil.example]y[/link]",
    "emoji-code": ":smile: :warning:",
    "emoji": "\U0001f469\N{ZERO WIDTH JOINER}\U0001f4bb équipe 日本語",
    "dollar": "$(reboot) `id` %n {0} \\n",
}
"""Names that an administrator, or an attacker, can give to a thing."""

RULEBOOK = Rulebook(
    version="2026.11",
    effective=date(2026, 8, 17),
    review_within_days=60,
    scope_review_within_days=30,
    files=(RulebookFile("apps.toml", "a" * 64, date(2026, 11, 1), True),),
    plans=(),
    realms=(),
    realm_groups={},
    moves={},
    apps={"jira-admin": App("jira-admin", "Jira admin", frozenset(), "none", "none", "none", False, True)},
    words={},
    clocks=Clocks(*[Figure(1, "", "")] * 6),
    limits=Limits(*[Figure(1, "", "")] * 2),
    ai_processing=Statement("", "", ""),
    sha256="b" * 64,
)


def app(name: str, organization: str = ONE) -> Subject:
    return Subject(organization, Kind.APP, f"ari:cloud:jira::site/{name}")


def finding(subject: Subject, outcome: Outcome = Outcome.FAIL, **changed: object) -> Finding:
    """A plain finding; `changed` names the fields that matter."""
    plain = Finding(
        check="DR-01",
        title="App data is in an allowed location",
        severity=Severity.HIGH,
        outcome=outcome,
        underlying_outcome=outcome,
        reason_code="realm_not_allowed",
        reason="its realm is US, the policy allows EU",
        subject=subject,
        setting=SettingId("residency.realm"),
        expected=("EU",),
        observed="US",
        evidence=(Evidence(Grade.DOCUMENTED, "POST /admin/v2/orgs/{orgId}/workspaces", NOW, "c" * 64),),
        remediation="Move it",
        console_path="Data residency > Move",
        controls=("ISO 27001 A.5.34",),
        rule="conf/policy.toml:12",
    )
    return replace(plain, **changed)  # type: ignore[arg-type]  # a test that names a wrong field fails at once


def seen(subject: Subject, setting: str, value: Value) -> Observed:
    return Observed(SettingId(setting), subject, value, Grade.DOCUMENTED, NOW, "POST /workspaces", "c" * 64)


def described(subject: Subject, name: str, host: str = "acme.atlassian.net", alias: str = "") -> list[Observed]:
    """What the workspace list says of an app."""
    told: dict[str, Value] = {
        names.APP_TYPE_KEY: "jira",
        names.APP_NAME: name,
        names.APP_HOST: host,
        names.APP_ALIAS: alias or f"app:{host}/{name}",
        names.PLAN: "Standard",
        names.APP_SANDBOX: False,
    }
    return [seen(subject, setting, value) for setting, value in told.items()]


def collection(
    organization: str = ONE, collector: str = "workspaces", status: CollectionStatus = CollectionStatus.OK
) -> Collection:
    if status is CollectionStatus.OK:
        return Collection(organization, collector, status, NOW, 40, 40, requests=3, seconds=1.25)
    reason = 'the API answered 403: \x1b[31m"no",\nwhatever'
    return Collection(organization, collector, status, NOW, 9, 4, "forbidden", reason, "read:x:admin", 2, 0.5)


def state_of(
    observations: Iterable[Observation] = (),
    collections: Mapping[str, Iterable[Collection]] | None = None,
    unread: Mapping[str, str] | None = None,
) -> State:
    """A state over one read organization, unless told otherwise; `unread` maps organizations to reasons."""
    by_organization = {ONE: [collection()]} if collections is None else collections
    read = [
        OrganizationState(one, f"Name of {one}", {c.collector: c for c in ran}) for one, ran in by_organization.items()
    ]
    not_read = [OrganizationState(one, f"Name of {one}", {}, reason) for one, reason in (unread or {}).items()]
    return State(as_of=NOW, rulebook=RULEBOOK, organizations=[*read, *not_read], observations=observations)


def report(findings: Iterable[Finding] = (), state: State | None = None, **changed: object) -> Report:
    """A report of run 318 that nothing happened in; `changed` names the fields that matter."""
    plain = Report(
        tool_version="0.0.0-test",
        state=state or state_of(),
        run=RunLine(318, 317, NOW, NOW + timedelta(seconds=95), True, 1),
        policy_name="acme",
        policy_sha256="d" * 64,
        findings=tuple(findings),
        changes=(),
        warnings=(),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]  # as above


def change(subject: Subject, setting: str, before: Value, after: Value, **changed: object) -> Change:
    plain = Change(subject, SettingId(setting), before, after, True, True, NOW, NOW - timedelta(days=1))
    return replace(plain, **changed)  # type: ignore[arg-type]  # as above


def awkward_report() -> Report:
    """Two organizations, one not read; every text of TEXTS as name, reason and value; every outcome and value type."""
    observations: list[Observation] = []
    findings: list[Finding] = []
    for word, text in TEXTS.items():
        observations += described(app(word), text, host=f"{word}.atlassian.net", alias=f"app:{text}")
        reason = f"{text} is not allowed"
        findings.append(finding(app(word), observed=text, reason=reason, remediation=text, rule=f"{text}:7"))
    findings += _of_every_kind()
    organization = organization_subject(ONE)
    observations += [
        seen(organization, names.ORGANIZATION_NAME, '=cmd|" /C calc"!A0\x1b[2J'),
        seen(organization, names.HIGHEST_PLAN, "premium"),
        seen(app("lists"), "residency.regions", ("eu-west-1", 'a "quoted", one', "\x1b[31m")),
        seen(app("lists"), "contribution.in_app.excluded", ()),
        seen(app("lists"), "residency.realm", None),
        Unavailable(names.REALM, app("unread"), "forbidden", "no\nscope \x07", NOW, "policies", "read:x:admin"),
        *described(Subject(ONE, Kind.APP, "pseudo"), "=pseudo"),
        seen(Subject(ONE, Kind.APP, "pseudo"), names.APP_TYPE_KEY, "jira-admin"),
    ]
    collections = {
        ONE: [
            collection(),
            collection(collector="policies", status=CollectionStatus.PARTIAL),
            collection(collector="api_keys", status=CollectionStatus.FAILED),
        ]
    }
    state = state_of(observations, collections, {TWO: "there is no key for =it\x1b[31m"})
    return report(
        findings,
        state,
        policy_name="=policy [bold]of[/bold] \x1b[31mus",
        changes=(
            change(
                app("rtl"), "residency.realm", "EU", "=US\x1b[31m", actor="[red]ops@acme.example\x07", cause="event"
            ),
            change(app("lists"), "residency.regions", (), ("eu-west-1", "us-east-1")),
            change(app("new"), names.APP_TYPE_KEY, None, "jira", existed_before=False, last_seen=None),
            change(app("new"), names.PLAN, None, "Standard", existed_before=False, last_seen=None),
            change(app("gone"), names.APP_TYPE_KEY, "jira", None, exists_after=False),
        ),
        warnings=("The waiver =x on DR-01 matches nothing \x1b[31m[bold].", "Second: \ud800."),
        newly=tuple(findings[:2]),
        key_days_left=1,
    )


def _of_every_kind() -> list[Finding]:
    """One finding per outcome, value type and shape of evidence."""
    weaker = Evidence(Grade.ATTESTED, "attested", NOW - timedelta(days=9), attested_by="=dpo@acme.example")
    stronger = Evidence(Grade.DECODED, 'GET /policies, "raw"', NOW, "e" * 64)
    waiver = AppliedWaiver("=contract, \x1b[31m2026", "ciso@acme.example", "GRC-311", date(2027, 1, 31))
    return [
        finding(app("pass"), Outcome.PASS, observed="EU", reason="in EU", fragile=True, severity=Severity.CRITICAL),
        finding(app("two"), Outcome.UNKNOWN, observed=None, evidence=(), expected=None, controls=()),
        finding(app("lists"), Outcome.STALE, expected=(), observed=("a,b", 'c"d', "=e", "\x1b", "\ud800", "é")),
        finding(app("truth"), Outcome.CONFLICT, expected=True, observed=False, evidence=(stronger, weaker)),
        finding(app("number"), Outcome.NOT_ACHIEVABLE, expected=0, observed=-5, severity=Severity.LOW),
        finding(app("none"), Outcome.NO_SUCH_SETTING, setting=None, observed=None, severity=Severity.INFO),
        finding(app("exempt"), Outcome.EXEMPT, evidence=(weaker,)),
        finding(app("early"), Outcome.NOT_YET_EFFECTIVE, severity=Severity.MEDIUM),
        finding(app("pending"), Outcome.PENDING, due_at=datetime(2026, 12, 2, 1, 0, 0, 1, tzinfo=INDIA)),
        finding(app("waived"), Outcome.WAIVED, underlying_outcome=Outcome.FAIL, waiver=waiver),
        finding(COMPANY, Outcome.FAIL, check="DC-10", setting=None, observed="no key for org-two", expected=None),
        finding(organization_subject(TWO), Outcome.UNKNOWN, check="DC-06", observed=None, evidence=()),
    ]
