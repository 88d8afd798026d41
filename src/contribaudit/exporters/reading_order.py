"""The order in which people read findings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from contribaudit.exporters.report_v1 import FindingV1


class Lean(Sequence[FindingV1]):
    """Findings that are made as they are asked for, and know their order without all being there at once."""

    @abstractmethod
    def by_check_and_subject(self) -> Iterator[FindingV1]:
        """As the function of that name; one at a time."""


def by_check_and_subject(findings: Sequence[FindingV1]) -> Iterator[FindingV1]:
    """The findings as people read them: by check, organization, site, app, kind and name of the subject, then ID."""
    if isinstance(findings, Lean):
        return findings.by_check_and_subject()
    return iter(sorted(findings, key=_read_as))


def _read_as(one: FindingV1) -> tuple[str, ...]:
    about = one["subject"]
    return one["check"], one["organization"], about["site"], about["app"], about["kind"], about["name"], one["id"]
