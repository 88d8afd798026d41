"""`contribaudit notify`: tests and sends messages, and shows whether they arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option, store_option
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.errors import ConfigurationError, ContribauditError, NotDelivered
from contribaudit.exporters.text import row_of

if TYPE_CHECKING:
    from contribaudit.core.advise.report import Report
    from contribaudit.core.model.provisions import TermsRules, Watched
    from contribaudit.operations.notify.channels import Channel
    from contribaudit.operations.notify.notifier import Notifier
    from contribaudit.settings.model import Notify
    from contribaudit.store.history import History
    from contribaudit.store.notices import Delivery


@click.group()
def command() -> None:
    """Send test messages, send what is waiting, and show who was told what."""


def _configured(console: Console) -> tuple[Notify, Sequence[Channel]]:
    """The [notify] table and its destinations. Raises ConfigurationError when there is none."""
    from contribaudit.operations.notify.channels import channels

    settings = console.settings()
    destinations = channels(settings)
    if settings.notify is None or not destinations:
        raise ConfigurationError(
            "No notifications are configured",
            hint="Add a [notify] table to the configuration: urls_env, urls_file or [[notify.webhook]]",
        )
    return settings.notify, destinations


@command.command("test", short_help="Send a test message to every destination now.")
@pass_console
def test_command(console: Console) -> None:
    """Send a test message to every destination now, and say which accepted it."""
    from contribaudit.core.advise.notices import Event, Message
    from contribaudit.operations.notify.notifier import envelope
    from contribaudit.store.notices import Delivery

    _, destinations = _configured(console)
    now = datetime.now(UTC)
    lines = ("This is a test message of contribaudit.", "Nothing has happened. Real messages will arrive here.")
    message = Message(Event.TEST, "contribaudit: test message", lines)
    failed = 0
    rows = []
    for channel in destinations:
        delivery = Delivery(0, 0, channel.destination, message, "", None, now, now, None, 0, "")
        error = channel.send(message, envelope(delivery))
        failed += bool(error)
        rows.append(f"{channel.destination.name}: {error or 'sent'}\n")
    console.write(rows)
    if failed:
        raise NotDelivered(
            f"{failed} of {len(destinations)} destinations did not accept the test message",
            hint="Check their addresses, and that this machine can reach them",
        )


@command.command("send", short_help="Send messages that are waiting.")
@store_option
@pass_console
def send_command(console: Console) -> None:
    """Send messages that are waiting: after quiet hours, or after a destination failed. Schedule it, for example
    hourly.
    """
    notify, destinations = _configured(console)
    with console.open_history() as store:
        _send(console, _notifier(store, notify, destinations))


@command.command("status")
@format_option("table", "csv", "json")
@store_option
@pass_console
def status_command(console: Console) -> None:
    """Show who was told what, and what is still waiting; newest last."""
    with console.history() as store:
        deliveries = store.deliveries()
    columns = ("message", "created_at", "organization", "run", "event", "title", "destination", "state", "attempts")
    rows = [
        row_of(
            columns,
            delivery,
            message=delivery.message_id,
            event=delivery.message.event.value,
            title=delivery.message.title,
            destination=delivery.destination.name,
            state=_delivery_status(delivery),
        )
        for delivery in deliveries
    ]
    console.table(columns, rows, only=("created_at", "title", "destination", "state"))
    if not rows:
        console.diagnostics.conclusion("No message was sent in the last 90 days, and none is waiting.")


def _delivery_status(delivery: Delivery) -> str:
    """The state of a delivery: sent, given up or waiting, with the last error."""
    if delivery.sent_at is not None:
        return "sent"
    if delivery.given_up:
        return f"given up: {delivery.error}"
    return f"waits: {delivery.error}" if delivery.error else "waits"


def notify_of_run(console: Console, report: Report, policy: AuditPolicy, store: History) -> None:
    """Notify people of the run's result, and of changes in watched documents."""

    def keep(notifier: Notifier) -> None:
        notifier.notify_of_run(report, policy)
        rules = report.state.rulebook.terms
        notifier.notify_of_documents(rules, rules.watched(store.added_documents()))

    _notify(console, store, keep, report)


def notify_of_documents(console: Console, store: History, rules: TermsRules, documents: Sequence[Watched]) -> None:
    """Notify people of changes in watched documents."""
    if not store.read_only:
        _notify(console, store, lambda notifier: notifier.notify_of_documents(rules, documents))


def notify_of_failure(
    console: Console, error: ContribauditError, organizations: Mapping[str, str], store: History
) -> None:
    """Notify people that nothing could be read, or that a key was refused. `organizations` maps IDs to names."""
    code = type(error).__name__
    _notify(console, store, lambda notifier: notifier.notify_of_unreached(organizations, code, error.message))


def _notify(console: Console, store: History, keep: Callable[[Notifier], None], report: Report | None = None) -> None:
    """Store new messages with `keep`, then send what is due; nothing happens without [notify].

    A failure here is only a warning: the audit and its exit code stay as they are.
    """
    from contribaudit.operations.notify.channels import channels

    settings = console.settings()
    if settings.notify is None:
        return
    try:
        notifier = _notifier(store, settings.notify, channels(settings))
        keep(notifier)
        _send(console, notifier, report)
    except ContribauditError as error:
        console.diagnostics.warning(f"no message was sent: {error.message}", hint=error.hint)


def _notifier(store: History, notify: Notify, destinations: Sequence[Channel]) -> Notifier:
    from contribaudit.operations.notify.notifier import Notifier

    return Notifier(store, notify, destinations, datetime.now(UTC))


def _send(console: Console, notifier: Notifier, report: Report | None = None) -> None:
    """Send what is due, with a warning for each destination that failed."""
    context: dict[str, object] = {}
    if report is not None:
        context = {"verdict": report.headline, "exit_code": report.run.exit_code, "manifest": report.manifest_sha256}
    for failed in notifier.send_due(context):
        later = "it will not be tried again" if failed.given_up else "the next audit or `notify send` tries again"
        console.diagnostics.warning(f"{failed.destination.name} was not told: {failed.error}; {later}")
