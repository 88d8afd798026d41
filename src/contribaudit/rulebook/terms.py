"""terms.toml as values: which documents are watched, and what rests on their provisions."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from contribaudit.core.model.provisions import TermsRules, Watched
from contribaudit.errors import RulebookError
from contribaudit.rulebook import shapes

_FILE = "terms.toml"


def terms_rules(file: shapes.TermsFile, files: Collection[str], checks: Collection[str]) -> TermsRules:
    """The rules, in the file's order.

    Raises RulebookError for an ID that stands there twice, and for a document, topic, file or check that there is not.
    """
    _once("document", [one.name for one in file.document])
    _once("topic", [one.id for one in file.topic])
    _once("anchor", [one.id for one in file.anchor])
    _once("overtaken", [one.id for one in file.overtaken])
    documents = {one.name for one in file.document}
    for anchor in file.anchor:
        _known(f"anchor `{anchor.id}`", "document", [anchor.document], documents)
        _known(f"anchor `{anchor.id}`", "rulebook file", anchor.files, files)
        _known(f"anchor `{anchor.id}`", "check", anchor.checks, checks)
    for overtaken in file.overtaken:
        _known(f"overtaken `{overtaken.id}`", "document", [overtaken.document], documents)
    for compared in file.compared:
        _known(f"compared `{compared.id}`", "document", [compared.listed_in], documents)
    topics = {one.id for one in file.topic}
    for document in file.document:
        _known(f"document `{document.name}`", "topic", document.topics, topics)
    for rule in file.severity:
        _known(f"severity `{rule.severity}`", "topic", rule.topics, topics)
    return TermsRules(
        documents=tuple(
            Watched(one.name, one.title, one.url, tuple(one.marks), tuple(one.topics)) for one in file.document
        ),
        topics=tuple(file.topic),
        severities=tuple(file.severity),
        otherwise=file.reading.otherwise,
        anchors=tuple(file.anchor),
        overtaken=tuple(file.overtaken),
        compared=tuple(file.compared),
        short_percent=file.reading.short_percent,
        method=file.reading.method,
        disclaimer=file.reading.disclaimer,
        reviewed=file.reviewed,
    )


def _once(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise RulebookError(f"{_FILE}: the {what} `{name}` stands there twice")


def _known(where: str, what: str, named: Iterable[str], known: Collection[str]) -> None:
    for one in named:
        if one not in known:
            raise RulebookError(f"{_FILE}, {where}: there is no {what} `{one}`")
