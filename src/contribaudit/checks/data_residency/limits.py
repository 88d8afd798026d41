"""What data residency does not reach: aggregates (DR-10), the audit log (DR-11), apps with own keys (DR-12)."""

from __future__ import annotations

from contribaudit.catalogue import data_contribution as contribution
from contribaudit.checks.parts import not_verifiable, rulebook_evidence
from contribaudit.core.check import Case, Check, Verdict
from contribaudit.core.finding import Outcome
from contribaudit.core.setting import Family
from contribaudit.core.subject import Kind


def audit_log(case: Case) -> Verdict:
    """DR-11: no plan holds the audit log in a realm; a waiver is how that is accepted."""
    reason = "data residency is not available for the audit log on any plan"
    return Verdict(Outcome.NOT_ACHIEVABLE, "no_residency", reason, None, None, None, rulebook_evidence(case))


DR_10 = Check(
    id="DR-10",
    family=Family.DATA_RESIDENCY,
    kind=Kind.ORGANIZATION,
    reads=(contribution.METADATA.id, contribution.IN_APP.id),
    outcomes=frozenset((Outcome.UNKNOWN,)),
    judge=not_verifiable(
        contribution.METADATA.id,
        "no API reads the contribution settings, and nobody has recorded what the console shows",
    ),
)
DR_11 = Check(
    id="DR-11",
    family=Family.DATA_RESIDENCY,
    kind=Kind.ORGANIZATION,
    reads=(),
    outcomes=frozenset((Outcome.NOT_ACHIEVABLE,)),
    judge=audit_log,
)
DR_12 = Check(
    id="DR-12",
    family=Family.DATA_RESIDENCY,
    kind=Kind.ORGANIZATION,
    reads=(contribution.EXEMPTION.id,),
    outcomes=frozenset((Outcome.UNKNOWN,)),
    judge=not_verifiable(
        contribution.EXEMPTION.id, "no API tells which apps have customer-managed keys, or when they were set up"
    ),
)
