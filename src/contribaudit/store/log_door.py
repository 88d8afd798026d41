"""The part of the history that keeps the audit log, what people noted of changes, and who looked at them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from contribaudit.core.frame import RunFrame, SubjectNames
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.audit_log import AuditLog, LogPosition
from contribaudit.core.model.change import Annotation
from contribaudit.core.model.subject import Subject
from contribaudit.store import audit_log as log
from contribaudit.store import change_frame
from contribaudit.store.door import Door


class LogDoor(Door):
    """Events and notes are added and never changed."""

    def log_position(self, organization: str) -> LogPosition:
        """How far the organization's audit log was read, for the next reading to go on from."""
        with self._reading() as connection:
            return log.log_position(connection, organization)

    def audit_log(self, organization: str, since: datetime | None = None, until: datetime | None = None) -> AuditLog:
        """The kept events that happened after `since` and not later than `until` (None: all), and every reading."""
        with self._reading() as connection:
            return log.read_log(connection, organization, since, until)

    def annotate(self, organization: str, change: str, ticket: str, note: str, by: Signature) -> None:
        """Add a note to a change by its ID; whether there is such a change, the caller has asked."""
        with self._writing() as connection:
            log.annotate(connection, organization, change, ticket, note, by)

    def annotations(self, organization: str) -> Mapping[str, tuple[Annotation, ...]]:
        """What people noted, by the change's ID, oldest first."""
        with self._reading() as connection:
            return log.read_annotations(connection, organization)

    def record_look(self, account: str, host: str, run: int, moment: datetime) -> None:
        """Note that somebody has seen all changes up to the run."""
        with self._writing() as connection:
            log.record_look(connection, account, host, run, moment)

    def last_look(self, account: str, host: str) -> int | None:
        """The newest run up to which the account has seen the changes; None when it never looked."""
        with self._reading() as connection:
            return log.last_look(connection, account, host)

    def frames(self, organization: str) -> Mapping[int, RunFrame]:
        """Every run of the organization: when it read, and by which tool, policy and rulebook."""
        with self._reading() as connection:
            return change_frame.read_frames(connection, organization)

    def subject_names(self, organization: str) -> Mapping[Subject, SubjectNames]:
        """What apps were last called, those that are gone included."""
        with self._reading() as connection:
            return change_frame.read_names(connection, organization)
