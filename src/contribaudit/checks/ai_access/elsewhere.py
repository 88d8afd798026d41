"""AI outside Rovo access: apps with switches of their own (AI-04, AI-05), and the help portal (AI-08).

AI-05 asks the apps with workspaces of their own, which stand outside the organization's sites, AI-04 the rest.
"""

from __future__ import annotations

from contribaudit.catalogue import ai_tools as tools
from contribaudit.checks.ai_access.reach import exposure, no_more_than
from contribaudit.checks.parts import app_of, none_among_apps
from contribaudit.checks.reading import ATTESTED, apps_shown, compared, fragile_in_trial
from contribaudit.core.effective_ai_switches import BLOCKED, LIMITED
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.state import State


def own_setting(case: Case) -> Verdict:
    """AI-04, AI-05: the AI switch in the app's own administration is no wider than the rule's `expect`, else `off`.

    Where no other switch decides whether AI reaches the app, that is the question; beside Rovo access AI-01 asks it.
    """
    wanted = case.rule.expect.casefold() if isinstance(case.rule.expect, str) else "off"
    app = app_of(case.state, case.subject)
    if app is not None and app.rovo_block != "elsewhere":
        return no_more_than(case, tools.OWN_SETTING, "off")
    most = {"off": BLOCKED, LIMITED: LIMITED}.get(wanted)
    return exposure(case, case.subject, most) if most is not None else no_more_than(case, tools.OWN_SETTING, "off")


def portal_customers(case: Case) -> Verdict:
    """AI-08: customers in the help portal have no AI. The organization's Rovo access does not answer for them."""
    says = {"off": "customers in the help portal have no AI", "on": "customers in the help portal have AI"}
    return compared(case, tools.PORTAL_CUSTOMERS, "off", says)


def _has_own_setting(state: State, subject: Subject) -> bool:
    app = app_of(state, subject)
    if app is None:
        return True
    shown = apps_shown(state.rulebook, tools.OWN_SETTING)
    return not app.own_workspaces and (app.type_key in shown or app.rovo_block == "elsewhere")


def _is_workspace_app(state: State, subject: Subject) -> bool:
    app = app_of(state, subject)
    return app is None or app.own_workspaces


def _may_have_portal(state: State, subject: Subject) -> bool:
    app = app_of(state, subject)
    return app is None or app.type_key in apps_shown(state.rulebook, tools.PORTAL_CUSTOMERS)


AI_04 = Check(
    id="AI-04",
    family=Family.AI_ACCESS,
    kind=Kind.APP,
    reads=(tools.OWN_SETTING.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(own_setting),
    applies=_has_own_setting,
    expectation=Expectation(Shape.WORD, words=tools.OWN_SETTING.words),
    when_none=none_among_apps("has AI settings of its own"),
)
AI_05 = Check(
    id="AI-05",
    family=Family.AI_ACCESS,
    kind=Kind.APP,
    reads=(tools.OWN_SETTING.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(own_setting),
    applies=_is_workspace_app,
    expectation=Expectation(Shape.WORD, words=tools.OWN_SETTING.words),
    when_none=none_among_apps("has workspaces of its own"),
)
AI_08 = Check(
    id="AI-08",
    family=Family.AI_ACCESS,
    kind=Kind.APP,
    reads=(tools.PORTAL_CUSTOMERS.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(portal_customers),
    applies=_may_have_portal,
    when_none=none_among_apps("has a help portal"),
)
