"""The key to what is shown: how outcomes and severities look, each with a word and a sign, and what these mean.

So nothing is said by colour alone.
"""

from __future__ import annotations

from rich.text import Text

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.observation import Grade

SIGNS = {
    Outcome.PASS: ("pass", "green"),
    Outcome.FAIL: ("FAIL", "bold reverse red"),
    Outcome.NOT_ACHIEVABLE: ("not achievable", "magenta"),
    Outcome.NO_SUCH_SETTING: ("no setting", "dim"),
    Outcome.EXEMPT: ("exempt", "cyan"),
    Outcome.PENDING: ("pending", "blue"),
    Outcome.NOT_YET_EFFECTIVE: ("not yet effective", "dim"),
    Outcome.UNKNOWN: ("unknown", "yellow"),
    Outcome.STALE: ("stale", "yellow"),
    Outcome.CONFLICT: ("CONFLICT", "bold reverse red"),
    Outcome.WAIVED: ("waived", "cyan"),
}
"""Word and style by outcome. What fails is bold and reversed, so that it is the strongest without colours too."""
_SEVERITIES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
    Severity.INFO: "dim",
}


def outcome_sign(word: Outcome) -> Text:
    """The outcome's word in its style."""
    said, style = SIGNS[word]
    return Text(said, style)


def severity_sign(word: Severity) -> Text:
    """The severity in its style."""
    return Text(word.value, _SEVERITIES[word])


OUTCOMES = {
    Outcome.PASS: "meets the policy, on evidence that is accepted and recent enough",
    Outcome.FAIL: "does not meet the policy, and you can change it",
    Outcome.CONFLICT: "two pieces of evidence contradict each other",
    Outcome.NOT_ACHIEVABLE: "does not meet the policy, and this plan or app does not allow it",
    Outcome.UNKNOWN: "could not be read; never counts as a pass",
    Outcome.STALE: "evidence is too old, or something changed since",
    Outcome.PENDING: "changed as required; its waiting period is still running",
    Outcome.WAIVED: "accepted until a date; the outcome under it stays visible",
    Outcome.EXEMPT: "an exemption is evidenced",
    Outcome.NOT_YET_EFFECTIVE: "the rule is not in effect yet",
    Outcome.NO_SUCH_SETTING: "the app has no such setting today; not counted",
}
GRADES = {
    Grade.DOCUMENTED: "a field of a documented endpoint says so",
    Grade.DECODED: "our interpretation of an undocumented field",
    Grade.ATTESTED: "a person recorded what the console showed",
    Grade.INFERRED: "a signal is back in a state whose meaning is established",
    Grade.PREDICTED: "the plan default; never enough for a pass",
}
FILTER = (
    ("word", "text anywhere in the finding; several words must all match"),
    ("outcome:fail,stale", "one of these outcomes; also severity:, grade:, kind:"),
    ("check:DR  site:acme  app:jira", "start of the check ID; part of site, app type, family, org"),
    ("realm:US  plan:free  pinned:no", "of the app: location (or a group, as EEA), plan, pinned"),
    ("step:1  subject:NAME", "what the first step of the queue settles; all of one subject"),
    ("is:bad  is:unverified  is:open", "fails; unverified; either"),
    ("is:fragile  is:new  is:waived", "resting on a default or trial; new since the last complete run; waived"),
    ("-outcome:pass", "a minus excludes a term"),
    ('"two words"', "quotation marks keep words together"),
)


def glossary() -> Text:
    """Filter, outcomes, severities and grades."""
    said = Text("FILTER\n", "bold")
    for term, means in FILTER:
        said.append(f"  {term:<31}", "bold").append(f" {means}\n")
    said.append("\nOUTCOMES\n", "bold")
    for outcome, means in OUTCOMES.items():
        said.append("  ").append_text(outcome_sign(outcome))
        said.append(" " * (16 - len(outcome_sign(outcome).plain))).append(f"{means}\n")
    said.append("\nSEVERITIES, gravest first: ", "bold").append(", ".join(Severity)).append("\n")
    said.append("\nGRADES, strongest first\n", "bold")
    for grade, means in GRADES.items():
        said.append(f"  {grade:<16}{means}\n")
    said.append("\nSIGNS\n", "bold")
    said.append("  >               the row under the cursor\n")
    said.append("  !               a change without a known cause\n")
    said.append("  cannot          not achievable on this plan or app\n")
    said.append("  ?               this many more are unverified or in conflict\n")
    said.append("  = ~ .           the last 30 days: complete, partial, no run\n")
    return said
