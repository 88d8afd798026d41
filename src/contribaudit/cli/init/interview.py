"""The questions of `init`, in order. Typed values are tested at once."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contribaudit.cli import options
from contribaudit.cli.console import Console
from contribaudit.cli.options import OrganizationId
from contribaudit.cli.schedule import command as schedule
from contribaudit.core.model.phrases import counted
from contribaudit.errors import AdminApiUnreachable, ContribauditError, KeyStoreUnusable, OrganizationNotFound
from contribaudit.operations.answers import AI, CONTRIBUTION, NO_SCHEDULE, Answers, listed, token_of

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.core.model.rulebook import Rulebook
    from contribaudit.operations.first_look import FirstLook
    from contribaudit.operations.setup import SecretDestination
    from contribaudit.settings.model import AppSettings

SKIP = "-"
SCHEDULES = (NO_SCHEDULE, *schedule.commands)
"""The ways to run a daily audit; the first is none."""


class Interview:
    """The questions, in order. Each stores its answer, and is skipped if an option has given it."""

    def __init__(
        self, console: Console, settings: AppSettings, rulebook: Rulebook, answers: Answers, *, test: bool
    ) -> None:
        from contribaudit.operations.first_look import FirstLook

        self.look: FirstLook = FirstLook()
        self._console = console
        self._settings = settings
        self._rulebook = rulebook
        self._answers = answers
        self._test = test
        self._shown: set[str] = set()

    def key(self) -> None:
        """Ask for organization and key and test them. In a terminal, both are asked again until they work."""
        answers = self._answers
        if not options.person_there():
            if self._test:
                self._test_key()
                if answers.reads_sites:
                    self._try_token()
            return
        while True:
            if not answers.organization:
                answers.organization = _asked_organization()
            if answers.key is None:
                self._ask_key()
            if not self._test:
                return
            try:
                self._test_key()
            except OrganizationNotFound as error:
                self._show_error(error)
                answers.organization = ""
            except ContribauditError as error:
                self._show_error(error)
                if not self._ask_what_to_do("key"):
                    return
            else:
                return

    def rest(self) -> None:
        """Ask what the company wants, and what improves the audit: a site token, who attests, a schedule."""
        if not self._answers.packs:
            self._contribution()
            self._ai()
            self._location()
            self._ask_reason()
        self._site()
        self._ask_attester()
        self._schedule()

    def where_to_keep(self, folder: Path) -> list[SecretDestination]:
        """Ask where to save each secret that was typed. Nothing is saved yet."""
        from contribaudit.settings import credentials

        answers, url = self._answers, self._settings.api_url
        destinations = []
        if answers.key is not None and answers.key_typed:
            account = credentials.account(answers.organization, url)
            destinations.append(
                self._choose_storage("API key", answers.key, account, folder / "api-key", credentials.ALTERNATIVES)
            )
        if answers.site_token is not None:
            account = credentials.site_account("", url)
            otherwise = "save it with `contribaudit login --site all`"
            destinations.append(
                self._choose_storage("site token", answers.site_token, account, folder / "site-token", otherwise)
            )
        return destinations

    def _ask_key(self) -> None:
        tell(
            "An API key with scopes reads the organization: admin.atlassian.com, Organization settings, API keys, "
            f"Create API key with scopes. The audit needs these:\n  {_scopes()}"
        )
        self._answers.key = options.ask_key(f"API key of organization {self._answers.organization}")
        self._answers.key_typed = True
        self._console.diagnostics.hide(self._answers.key)

    def _test_key(self) -> None:
        """Test the key and learn the plan. Raises AdminApiError."""
        from contribaudit.operations.first_look import first_look

        answers, say = self._answers, self._console.diagnostics
        assert answers.key is not None
        try:
            self.look = first_look(self._settings, answers.organization, answers.key, self._rulebook, say)
        except AdminApiUnreachable as error:
            error.message = f"Nothing was written, because the key could not be tested: {error.message}"
            error.hint = f"{error.hint}. To continue without a test, add --no-test"
            raise
        look = self.look
        say.note(f'The key works: the organization is "{look.name}".' if look.name else "The key works.")
        if look.plan is not None:
            answers.plan = answers.plan or look.plan.name.casefold()
            size = f"{counted(look.apps, 'app')} on {counted(look.sites, 'site')}"
            say.note(f"It has {size}; its highest plan is {look.plan.name}.")
        else:
            say.note(f"Its highest plan is not known: {look.plan_unknown or 'the list of apps does not show it'}.")

    def _ask_what_to_do(self, credential: str) -> bool:
        """Ask what to do about a key or token that did not work. False when it is to be used untested.

        The input is hidden, so that a key that is pasted right away does not stay on the screen.
        """
        answers = self._answers
        say = f"Paste another {credential}, press Enter to try the same one again, or type `untested` to skip the test"
        secret = options.ask_key(say, or_words=("", "untested"))
        if isinstance(secret, str):
            return not secret
        self._console.diagnostics.hide(secret)
        if credential == "key":
            answers.key, answers.key_file, answers.key_env, answers.key_typed = secret, None, "", True
        else:
            answers.site_token, answers.site_token_file, answers.site_token_env = secret, None, ""
        return True

    def _show_error(self, error: ContribauditError) -> None:
        """Show the error without its advice to save a key, since the next question asks for a new key or token."""
        from contribaudit.atlassian.responses import KEEP_KEY, KEEP_TOKEN

        error.hint = error.hint.replace(KEEP_KEY, "").replace(KEEP_TOKEN, "")
        self._console.diagnostics.error(error)

    def _accept_statement(self, key: str, value: Any) -> bool:
        """Accept a statement. False, after showing why, when it is invalid."""
        from contribaudit.operations import setup

        tried = {**self._answers.statements, key: value}
        if key == "location_except":
            tried.setdefault("reason", "asked next")
        _, wrong = setup.refused(self._settings, tried)
        if wrong:
            tell(wrong)
            return False
        self._answers.statements[key] = value
        return True

    def _contribution(self) -> None:
        if "contribution" in self._answers.statements:
            return
        word = _choose("Which data may Atlassian use to improve its apps and AI?", CONTRIBUTION)
        if word and self._accept_statement("contribution", word):
            self.limits()

    def _ai(self) -> None:
        statements = self._answers.statements
        if "ai" not in statements:
            word = _choose("Who may use AI (Rovo) in your apps?", AI)
            if not word:
                return
            if word == "groups":
                while not self._accept_statement(
                    "ai", {"groups": list(listed(options.ask("Names of the groups, separated by commas")))}
                ):
                    pass
            else:
                self._accept_statement("ai", word)
            self.limits()
        if statements.get("ai") == "blocked" and "ai_allowed_on" not in statements:
            question = "Sites or apps where AI is still allowed (labs.atlassian.net, loom …), Enter for none"
            while (places := listed(options.ask(question, ""))) and not self._accept_statement(
                "ai_allowed_on", list(places)
            ):
                pass

    def _location(self) -> None:
        from contribaudit.policy_file.statements import location_choices

        statements = self._answers.statements
        if "location" not in statements:
            choices = ", ".join(location_choices(self._rulebook))
            tell(
                "\nWhere must data be kept? Every app must then be pinned there; being located there is not "
                f"enough. Groups and locations, with commas: {choices}."
            )
            while (places := listed(options.ask(f"Location ({SKIP}: anywhere, not audited)"))) != (SKIP,):
                if self._accept_statement("location", list(places)):
                    self.limits()
                    break
        outside = self.look.without_residency
        if statements.get("location") and "location_except" not in statements and outside:
            titles = ", ".join(app.title for app in outside)
            question = f"Atlassian offers no data residency for {titles}. Accept where they keep data?"
            if options.confirm(question, default=False):
                self._accept_statement("location_except", [app.type_key for app in outside])

    def _ask_reason(self) -> None:
        statements = self._answers.statements
        if not statements or "reason" in statements:
            return
        needed = "location_except" in statements
        tell("")
        while True:
            text = options.ask("Who decided this, and the ticket" + ("" if needed else " (optional)"), "").strip()
            if text:
                statements["reason"] = text
            if text or not needed:
                return

    def limits(self) -> None:
        """Show which of the statements and packs so far the plan does not support, each limit once."""
        from contribaudit.operations import setup
        from contribaudit.policy_file.plan_limits import plan_limits

        plan = self._rulebook.plan(self._answers.plan)
        statements, packs = self._answers.statements, self._answers.packs
        if plan is None or not (statements or packs):
            return
        policy = setup.policy_of(self._settings, statements, packs)
        for limit in plan_limits(policy, plan, self._rulebook):
            if limit.fact not in self._shown:
                self._shown.add(limit.fact)
                tell(f"Your plan: {limit.fact}. {limit.left}.")

    def _site(self) -> None:
        answers = self._answers
        if answers.reads_sites:
            self._try_token()
            return
        if not answers.site_email:
            tell(
                "\nOptional: an API token of a person or service account, made at id.atlassian.com. With it the audit "
                "reads of each site whether AI is on, which trials run and in which regions data lies; without "
                "it, somebody has to attest all that."
            )
            text = _ask_mail(f"Email address of the token's owner (Enter: no token, {SKIP}: a service account)")
            if not text:
                return
            answers.site_email = "" if text == SKIP else text
        answers.site_token = options.ask_key("API token of the sites")
        self._console.diagnostics.hide(answers.site_token)
        self._try_token()

    def _try_token(self) -> None:
        """Test the token with one site. In a terminal, another token is asked for until one works."""
        from contribaudit.atlassian.credential import Credential
        from contribaudit.operations.first_look import try_site_token

        answers, say, site = self._answers, self._console.diagnostics, self.look.site
        if not self._test or site is None:
            return
        while True:
            credential = Credential(token_of(answers), answers.site_email)
            try:
                short = try_site_token(self._settings, site, credential, say)
            except ContribauditError as error:
                if not options.person_there():
                    error.hint = f"{error.hint}. To continue without a test, add --no-test"
                    raise
                self._show_error(error)
                if not self._ask_what_to_do("token"):
                    return
            else:
                if short:
                    say.warning(f"{site[1]}: {short}", hint="What the gateway does not show has to be attested")
                else:
                    say.note(f"The token works: {site[1]} answers.")
                return

    def _ask_attester(self) -> None:
        if self._answers.by:
            return
        tell(
            "\nSome settings are in no API: somebody looks them up in the console and attests them, under an email "
            "address."
        )
        text = _ask_mail("Email address of the person who attests (Enter: later)")
        self._answers.by = "" if text == SKIP else text

    def _schedule(self) -> None:
        if self._answers.schedule:
            return
        while True:
            word = options.ask(f"\nRun the audit every day? ({'/'.join(SCHEDULES)})", NO_SCHEDULE).casefold()
            if word in SCHEDULES:
                self._answers.schedule = word
                return
            tell(f"Type one of {', '.join(SCHEDULES)}, or press Enter for {NO_SCHEDULE}.")

    def _choose_storage(
        self, what: str, secret: SecretStr, account: str, path: Path, otherwise: str
    ) -> SecretDestination:
        from contribaudit.operations.setup import SecretDestination, free_path
        from contribaudit.settings import credentials

        path = free_path(path)
        try:
            store = credentials.key_store()
        except KeyStoreUnusable as error:
            if error.message not in self._shown:
                self._shown.add(error.message)
                self._console.diagnostics.note(f"{error.message}.")
        else:
            if options.confirm(f"Save the {what} in the keyring ({store})?", default=True):
                return SecretDestination(what, secret, path, account)
        if options.confirm(f"Save the {what} in {path}, readable by you alone?", default=True):
            return SecretDestination(what, secret, path)
        self._console.diagnostics.warning(f"the {what} will not be kept", hint=f"For later audits, {otherwise}")
        return SecretDestination(what, secret, None)


_USUAL_ID = re.compile(r"[A-Za-z0-9]{8}(-[A-Za-z0-9]{4}){3}-[A-Za-z0-9]{12}")
"""The usual form of organization IDs: a UUID, in some cases with letters beyond f. Atlassian does not promise it."""


def _asked_organization() -> str:
    tell("Open admin.atlassian.com: the organization ID is in its address, after /o/. The whole address will do.")
    kind = OrganizationId()
    doubted = ""
    while True:
        try:
            identity = kind.convert(options.ask("Organization ID or address"), None, None)
        except click.UsageError as error:
            tell(error.format_message())
            continue
        if identity == doubted or _USUAL_ID.fullmatch(identity):
            return identity
        doubted = identity
        # The text is not repeated: it may be an API key.
        tell(
            "This does not look like an organization ID, which has five groups of letters and digits with 8, 4, 4, 4 "
            "and 12 characters, separated by dashes. Type it again if it is one."
        )


def _scopes() -> str:
    from contribaudit.atlassian import calls

    return " ".join(dict.fromkeys(call.scope for call in calls.ALL if call.scope))


def tell(text: str, lead: str = "") -> None:
    """Write to stderr, wrapped at the terminal's width; lines after the first are indented like `lead`."""
    width = max(60, min(shutil.get_terminal_size().columns, 100))
    for line in text.split("\n"):
        indent = " " * (len(lead) or len(line) - len(line.lstrip()))
        rows = textwrap.wrap(line.strip(), width, initial_indent=lead or indent, subsequent_indent=indent)
        click.echo("\n".join(rows), err=True)


def _ask_mail(question: str) -> str:
    """An email address, "" or SKIP; asked again until it is one of these."""
    from contribaudit.attestations.recording import mail

    return options.ask_valid(question, lambda text: text if text in ("", SKIP) else mail(text), "")


def _choose(question: str, choices: Sequence[tuple[str, str]]) -> str:
    """The chosen word, typed or given by its number; "" when skipped. Asked again until it is valid."""
    tell(f"\n{question}")
    width = max(len(word) for word, _ in choices)
    for number, (word, means) in enumerate(choices, 1):
        tell(means, f"  {number}  {word.ljust(width)}  ")
    tell("Not part of the policy.", f"  {SKIP}  {'skip'.ljust(width)}  ")
    words = [word for word, _ in choices]
    while True:
        text = options.ask("Number or word", "").casefold()
        if text in (SKIP, "skip"):
            return ""
        if text.isdecimal() and 0 < int(text) <= len(words):
            return words[int(text) - 1]
        if text in words:
            return text
        tell(f"Type a number from 1 to {len(words)} or its word, or {SKIP} to skip the question.")
