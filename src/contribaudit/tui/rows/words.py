"""What the words and signs of the dashboard mean."""

from __future__ import annotations

from rich.text import Text

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.observation import Grade
from contribaudit.tui.rows import symbols

OUTCOMES = {
    Outcome.PASS: "as the policy wants it, on evidence that is good and fresh enough",
    Outcome.FAIL: "not as the policy wants it, and you can change it",
    Outcome.CONFLICT: "two pieces of evidence say different things",
    Outcome.NOT_ACHIEVABLE: "not as the policy wants it, and this plan or app cannot do better",
    Outcome.UNKNOWN: "nobody could read it; never counts as passed",
    Outcome.STALE: "was read, but is too old, or something moved since",
    Outcome.PENDING: "changed as wanted; its waiting time still runs",
    Outcome.WAIVED: "somebody accepted it until a day; what lies under it stays visible",
    Outcome.EXEMPT: "an exemption is evidenced",
    Outcome.NOT_YET_EFFECTIVE: "the rule has no force before its day",
    Outcome.NO_SUCH_SETTING: "the app has none today; not counted among what applies",
}
GRADES = {
    Grade.DOCUMENTED: "a field of a documented endpoint says so",
    Grade.DECODED: "our reading of a field whose meaning is not published",
    Grade.ATTESTED: "a person recorded what the console showed",
    Grade.INFERRED: "a signal is back in a state whose meaning people established",
    Grade.PREDICTED: "the plan's default; never enough for a pass",
}
FILTER = (
    ("word", "anywhere in the finding; several words: all of them"),
    ("outcome:fail,stale", "one of these outcomes; severity:, grade:, kind: likewise"),
    ("check:DR  site:acme  app:jira", "beginning of the check; part of site, app type, family, org"),
    ("is:bad  is:unverified  is:open", "fails; unverified; either"),
    ("is:fragile  is:new  is:waived", "held up by a default or trial; new since the last whole run; waived"),
    ("-outcome:pass", "a minus before a term: without it"),
    ('"two words"', "quotation marks hold words together"),
)


def glossary() -> Text:
    """Filter, outcomes, severities and grades."""
    said = Text("FILTER\n", "bold")
    for term, means in FILTER:
        said.append(f"  {term:<31}", "bold").append(f" {means}\n")
    said.append("\nOUTCOMES\n", "bold")
    for outcome, means in OUTCOMES.items():
        said.append("  ").append_text(symbols.outcome(outcome))
        said.append(" " * (16 - len(symbols.outcome(outcome).plain))).append(f"{means}\n")
    said.append("\nSEVERITIES, gravest first: ", "bold").append(", ".join(Severity)).append("\n")
    said.append("\nGRADES, strongest first\n", "bold")
    for grade, means in GRADES.items():
        said.append(f"  {grade:<16}{means}\n")
    said.append("\nSIGNS\n", "bold")
    said.append("  >               the row under the cursor\n")
    said.append("  !               a change without a known cause\n")
    said.append("  cannot          not achievable on this plan or app\n")
    said.append("  ?               so many more in doubt: unverified, or in conflict\n")
    said.append("  = ~ .           of the last 30 days: read whole, read in part, not read at all\n")
    return said
