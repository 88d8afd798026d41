"""A history that people left their names in: looks, confirmations, approvals, changes at Atlassian, three runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from contribaudit.audit.job import Job, Operator
from contribaudit.core.model.attestation import Attachment, Attestation, Baseline, Signature
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import organization_subject
from contribaudit.evidence.dossier import EVERYTHING, ExportLimits, of_last
from contribaudit.evidence.export import Exported, Form, export
from contribaudit.simulator.values import Actor
from tests.administrator import AdminConsole
from tests.flow.audits import Bench, simulated

NOW = datetime.now(UTC).replace(microsecond=0)
ACTOR = Actor("712020:0a1b2c3d-0000-4000-8000-00000000abcd", "Ödön Müller-Lüdenscheidt", "ops.person@acme.example")
NAMELESS = Actor("5b10a2844c20165700ede21a", "Zsófia Kovács", None)
ANN, BOB, CISO = "ann.looker@acme.example", "Bob Confirmer", "ciso.person@acme.example"
ACCOUNT, HOST = "annl0gin", "anns-laptop"
PEOPLE = (
    ANN, BOB, CISO, ACCOUNT, HOST, "requester@acme.example", "dpo.person@acme.example", "seconder@acme.example",
    ACTOR.id, "Ödön Müller-Lüdenscheidt", "ops.person@acme.example", NAMELESS.id, "Zsófia Kovács", "jörg@acme.example",
)  # fmt: skip
PARTS = ("ann.looker", "Looker", "Confirmer", "ops.person", "Müller", "Zsófia", "Kovács", "jörg", "Lüdenscheidt")
"""Of names and addresses, as they stand alone in notes, reasons, tickets and the policy's name."""
OPERATOR = Operator("schedule", ACCOUNT, HOST)
SCREENSHOT = b"\x89PNG, and Ann's face"
POLICY = f"""
name = "Policy of Müller-Lüdenscheidt, confirmed by Bob"
extends = ["essentials", "no-training"]

[[waiver]]
check = "DR-01"
subject = "app:acme-us.atlassian.net/confluence"
reason = "contract, asked for by jörg@acme.example and {BOB}"
requested_by = "requester@acme.example"
approved_by = "{CISO}"
approved_at = {NOW:%Y-%m-%d}
ticket = "GRC-311 of jörg"
expires = {NOW + timedelta(days=90):%Y-%m-%d}

[[decision]]
setting = "contribution.in_app"
value = "off"
by = "dpo.person@acme.example"
second = "seconder@acme.example"
date = {NOW:%Y-%m-%d}
ticket = "GRC-207"
"""


@dataclass
class Scene:
    """The bench, and a job whose operator has a name."""

    bench: Bench
    folder: Path
    operator: Operator = OPERATOR

    def job(self) -> Job:
        return replace(self.bench.job(POLICY), operator=self.operator)

    def export(
        self, name: str, wanted: ExportLimits = EVERYTHING, form: Form | None = None, *, at: datetime = NOW
    ) -> Exported:
        """The newest run."""
        return export(
            of_last(self.job(), wanted), self.folder / name, now=at, operator=self.operator, form=form or Form()
        )


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Runs of three days ago, of yesterday and of now."""
    with simulated(folder, "drifted") as bench:
        made = Scene(bench, folder)
        _audit(made, NOW - timedelta(days=3))
        _audit(made, NOW - timedelta(days=1))
        admin = AdminConsole(bench.organization, lambda: NOW - timedelta(hours=12), actor=ACTOR)
        admin.move("acme-us/confluence", "EU", ("eu-central-1",))
        admin.by(NAMELESS).start_trial("acme-us/confluence", "Enterprise")
        _people_act(made)
        _audit(made, NOW)
        yield made


def _audit(made: Scene, now: datetime) -> None:
    import asyncio

    from contribaudit.audit.pipeline import audit

    asyncio.run(audit(replace(made.bench.job(POLICY, now=now), operator=made.operator)))


def _people_act(made: Scene) -> None:
    organization = made.bench.organization.id
    looked = NOW - timedelta(hours=3)
    digest = sha256(SCREENSHOT).hexdigest()
    attestation = Attestation(
        id="look-1",
        setting=SettingId("contribution.in_app"),
        subject=organization_subject(organization),
        value="off",
        by=ANN,
        observed_at=looked,
        recorded=Signature(ANN, looked, ACCOUNT, HOST),
        look="look-1",
        note=f"=HYPERLINK(1) said {BOB}, and Looker with Kovács and ops.person, \x1b[31m\u202ered\u202c\x00",
        attachments=(Attachment("face.png", digest, len(SCREENSHOT)),),
        unanchored_reason="nothing was read around the look",
    )
    store = made.bench.store
    store.add_attestations([attestation], {digest: SCREENSHOT})
    store.confirm("look-1", Signature(BOB, looked + timedelta(hours=1), ACCOUNT, HOST))
    signed = Signature(CISO, looked + timedelta(hours=1), ACCOUNT, HOST)
    store.add_baseline(Baseline(organization, 2, signed, f"agreed with {ANN}, Zsófia and Confirmer", None))
