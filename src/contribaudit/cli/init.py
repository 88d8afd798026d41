"""`contribaudit init`: asks for organization, key and what the company wants; tests, writes, runs the first audit.

Nothing is written before the last question is answered, so that whoever stops has lost nothing but the typing; what was
answered until then is told as the command line that goes on from there.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contribaudit import exit_codes, termination
from contribaudit.atlassian.calls import GET_ORGANIZATION
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import OrganizationId
from contribaudit.errors import ContribauditError, OrganizationNotFound, UsageError
from contribaudit.progress import SILENT, Progress

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.core.model.rulebook import Rulebook
    from contribaudit.operations.first_look import FirstLook
    from contribaudit.settings.model import AppSettings

_PATH = click.Path(path_type=Path)
_SKIP = "-"
_NO_SCHEDULE = "none"

CONTRIBUTION = (
    ("none", "Nothing: neither metadata nor in-app data (pages, work items, comments)."),
    ("metadata-only", "Metadata (scores, patterns of searches and prompts), but no in-app data."),
    ("any", "Anything. Contribution is not audited."),
)
AI = (
    ("blocked", "Nobody: Rovo and other AI are off in every app, for agents, tools and portal customers too."),
    ("groups", "Only members of groups that you name. Atlassian offers this on Enterprise."),
    ("allowed", "Anybody. AI access is not audited."),
)


@dataclass(slots=True)
class Answers:
    """What is known so far: from flags, the environment, and questions."""

    organization: str = ""
    key: SecretStr | None = None
    key_file: Path | None = None
    key_env: str = ""
    key_typed: bool = False
    """Whether a person typed the key, so that it is kept nowhere yet."""
    statements: dict[str, Any] = field(default_factory=dict)
    packs: tuple[str, ...] = ()
    plan: str = ""
    site_email: str = ""
    site_token: SecretStr | None = None
    """A token that a person typed."""
    site_token_file: Path | None = None
    site_token_env: str = ""
    by: str = ""
    schedule: str = ""

    @property
    def reads_sites(self) -> bool:
        """Whether there is a token for the sites."""
        return self.site_token is not None or self.site_token_file is not None or bool(self.site_token_env)

    def flags(self) -> list[str]:
        """The command line that gives these answers again; a key or token that was typed is asked again."""
        said = self.statements
        ai = said.get("ai", "")
        words: list[tuple[str, Iterable[object]]] = [
            ("--org", [self.organization]),
            ("--key-file", [self.key_file]),
            ("--key-env", [self.key_env]),
            ("--contribution", [said.get("contribution")]),
            ("--ai", [f"groups:{','.join(ai['groups'])}" if isinstance(ai, dict) else ai]),
            ("--ai-allowed-on", said.get("ai_allowed_on", ())),
            ("--location", said.get("location", ())),
            ("--location-except", said.get("location_except", ())),
            ("--reason", [said.get("reason")]),
            ("--pack", self.packs),
            ("--site-email", [self.site_email]),
            ("--site-token-file", [self.site_token_file]),
            ("--site-token-env", [self.site_token_env]),
            ("--by", [self.by]),
            ("--schedule", [self.schedule]),
        ]
        return [word for flag, values in words for value in values if value for word in (flag, str(value))]


def _schedules() -> tuple[str, ...]:
    from contribaudit.cli.schedule import command as schedule

    return (_NO_SCHEDULE, *schedule.commands)


class _Several(click.ParamType[tuple[str, ...]]):
    """Words with commas between them."""

    name = "LIST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The words."""
        del param, ctx
        return value if isinstance(value, tuple) else _listed(str(value))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


@click.command("init")
@click.option(
    "--org",
    "--org-id",
    "organization",
    type=OrganizationId(),
    metavar="ID|ADDRESS",
    help="Organization ID, or any address of its pages at admin.atlassian.com.",
)
@click.option("--key-file", "--api-key-file", "key_file", type=_PATH, metavar="FILE", help="The file with the API key.")
@click.option("--key-env", metavar="NAME", help="The environment variable that holds the API key.")
@click.option(
    "--api-key-fd", "key_fd", type=click.IntRange(min=0), metavar="N", help="Read the API key from descriptor N."
)
@click.option(
    "--contribution",
    type=click.Choice([word for word, _ in CONTRIBUTION]),
    help="Which data Atlassian may use to improve its apps and AI.",
)
@click.option("--ai", metavar="WORD", help="Who may use AI: blocked, allowed, or groups:NAME,NAME (Enterprise).")
@click.option(
    "--ai-allowed-on",
    type=_Several(),
    multiple=True,
    metavar="PLACE",
    help="A site or app where AI is allowed although it is blocked. Repeatable.",
)
@click.option(
    "--location",
    type=_Several(),
    multiple=True,
    metavar="PLACE",
    help="Where every app is to be pinned: EEA, EU+UK, CH and so on. Repeatable.",
)
@click.option(
    "--location-except",
    type=_Several(),
    multiple=True,
    metavar="APP",
    help="An app without data residency that you accept; needs --reason. Repeatable.",
)
@click.option("--reason", metavar="TEXT", help="Who decided this, and the ticket.")
@click.option(
    "--pack", "packs", multiple=True, metavar="NAME", help="A policy pack to extend (policy packs). Repeatable."
)
@click.option("--plan", metavar="NAME", help="Your highest plan, where the API does not tell it.")
@click.option("--site-email", metavar="MAIL", help="Whose API token reads the sites; without it a service account's.")
@click.option("--site-token-file", type=_PATH, metavar="FILE", help="The file with the API token that reads the sites.")
@click.option("--site-token-env", metavar="NAME", help="The environment variable that holds that token.")
@click.option("--by", metavar="MAIL", help="Who attests what the console shows.")
@click.option("--schedule", type=click.Choice(_schedules()), help="Set up a daily audit.")
@click.option("--config-file", type=_PATH, metavar="FILE", help="Where to write the configuration.")
@click.option("--policy-file", type=_PATH, metavar="FILE", help="Where to write the policy; beside it by default.")
@click.option("--no-test", is_flag=True, help="Do not ask Atlassian whether the key works.")
@click.option("--no-audit", is_flag=True, help="Do not run the first audit.")
@click.option("--yes", is_flag=True, help="Write without asking once more.")
@pass_console
def command(
    console: Console,
    *,
    organization: str | None,
    key_file: Path | None,
    key_env: str | None,
    key_fd: int | None,
    contribution: str | None,
    ai: str | None,
    ai_allowed_on: tuple[tuple[str, ...], ...],
    location: tuple[tuple[str, ...], ...],
    location_except: tuple[tuple[str, ...], ...],
    reason: str | None,
    packs: tuple[str, ...],
    plan: str | None,
    site_email: str | None,
    site_token_file: Path | None,
    site_token_env: str | None,
    by: str | None,
    schedule: str | None,
    config_file: Path | None,
    policy_file: Path | None,
    no_test: bool,
    no_audit: bool,
    yes: bool,
) -> None:
    """Set up contribaudit: organization, API key, what your company wants. Then run the first audit.

    Asks in a terminal; elsewhere everything comes from flags. Never overwrites a file. A key that you type goes into
    the system keyring or into a file that only you can read, never into config.toml. Stop at any question: nothing is
    written before the last one. Ends with 0 once the audit has run, whatever it found.
    """
    from contribaudit import wiring
    from contribaudit.cli import options
    from contribaudit.operations import setup
    from contribaudit.settings import file

    settings = console.settings()
    rulebook = wiring.load_rulebook(settings)
    config_path = file.expanded(config_file or file.config_file()).absolute()
    policy_path = file.expanded(policy_file or config_path.with_name("policy.toml")).absolute()
    setup.refuse_existing(config_path, policy_path)
    given = {
        "contribution": contribution,
        "ai": _ai_of(ai),
        "ai_allowed_on": [word for words in ai_allowed_on for word in words],
        "location": [word for words in location for word in words],
        "location_except": [word for words in location_except for word in words],
        "reason": reason,
    }
    answers = Answers(
        organization=organization or settings.org_id or "",
        key_file=file.expanded(key_file).absolute() if key_file is not None else None,
        key_env=key_env or "",
        statements={key: value for key, value in given.items() if value},
        packs=tuple(setup.known_pack(name) for name in dict.fromkeys(packs)),
        plan=setup.known_plan(plan, [one.name.casefold() for one in rulebook.plans]) if plan is not None else "",
        site_email=_mail(site_email) if site_email else "",
        site_token_file=file.expanded(site_token_file).absolute() if site_token_file is not None else None,
        site_token_env=site_token_env or "",
        by=_mail(by) if by else "",
        schedule=schedule or "",
    )
    if answers.statements and (wrong := setup.refused(settings, answers.statements)):
        raise UsageError(f"The statements are not a policy: {wrong}", hint="contribaudit init --help lists the words")
    answers.key = _key_given(settings, answers, key_fd)
    if answers.key is not None:
        console.diagnostics.hide(answers.key)
    _check_token(console, answers)
    asking = options.person_there()
    if not asking:
        _refuse_missing(answers)
    interview = _Interview(console, settings, rulebook, answers, test=not no_test)
    secrets: list[_Kept] = []
    try:

        def stopped() -> None:
            os.write(2, _stopped(answers).encode())  # past Python's buffers, which may hold half of a line

        with termination.undoing(stopped):
            interview.key()
            interview.limits()
            if asking:
                interview.rest()
                if not yes and not options.confirm(f"Write {config_path} and {policy_path}?", default=True):
                    raise UsageError("Nothing was written", hint=_go_on(answers))
                secrets = interview.where_to_keep(config_path.parent)
    except click.Abort:  # stdin has ended
        click.echo(_stopped(answers), err=True, nl=False)
        raise
    with termination.held():
        _write(console, settings, config_path, policy_path, answers, interview.look, secrets)
    if answers.schedule not in ("", _NO_SCHEDULE):
        _scheduled(console, config_path, answers.schedule)
    named = f" --config {shlex.quote(str(config_path))}" if config_path != file.usual_config() else ""
    if no_audit:
        console.diagnostics.conclusion(f"Written. Next: contribaudit doctor{named}, then contribaudit audit{named}")
        return
    console.diagnostics.note(f"Written. The first audit, as contribaudit audit{named} runs it:")
    code = _first_audit(console, config_path, answers.key)
    judged = (exit_codes.OK, exit_codes.FINDINGS, exit_codes.UNVERIFIED)
    console.exit(exit_codes.OK if code in judged else code)


def _stopped(answers: Answers) -> str:
    return f"\n\nNothing was written. {_go_on(answers)}\n"


def _go_on(answers: Answers) -> str:
    return f"To go on from here: contribaudit init {shlex.join(answers.flags())}".rstrip()


def _ai_of(text: str | None) -> str | dict[str, list[str]] | None:
    """The statement that --ai makes."""
    if text is None:
        return None
    word, colon, names = text.partition(":")
    if word.strip().casefold() == "groups":
        if not _listed(names):
            raise UsageError("--ai groups names no group", hint="Write --ai groups:NAME, with commas between several")
        return {"groups": list(_listed(names))}
    if colon or word.strip().casefold() not in ("blocked", "allowed"):
        raise UsageError(f"--ai does not take {text[:40]!r}", hint="It takes blocked, allowed, or groups:NAME,NAME")
    return word.strip().casefold()


def _mail(text: str) -> str:
    from contribaudit.attestations.recording import mail

    return mail(text)


def _key_given(settings: AppSettings, answers: Answers, key_fd: int | None) -> SecretStr | None:
    """The key that flags or the environment give; None where none does. Raises UsageError, CredentialError."""
    from contribaudit.settings import credentials

    named = sum((answers.key_file is not None, bool(answers.key_env), key_fd is not None))
    if named > 1:
        raise UsageError("The API key comes from one place", hint="Give one of --key-file, --key-env and --api-key-fd")
    if answers.key_env:
        return _from_variable(answers.key_env)
    if named or settings.api_key is not None:
        return credentials.find_key(settings, answers.organization, credentials.NamedKey(answers.key_file, key_fd)).key
    return None


def _from_variable(name: str) -> SecretStr:
    from contribaudit.errors import CredentialError
    from contribaudit.settings import credentials

    if not name.replace("_", "a").isalnum() or name[:1].isdigit():
        raise UsageError(
            "The NAME of an environment variable is wanted, never the key", hint="For example: --key-env KEY"
        )
    value = os.environ.get(name)
    if not value:
        raise CredentialError(f"The environment variable {name} is not set", hint="Export it in this shell first")
    return credentials.checked_key(value, name)


def _check_token(console: Console, answers: Answers) -> None:
    """Refuse a token that cannot be read, before any question."""
    from contribaudit.settings import credentials

    if answers.site_token_file is not None and answers.site_token_env:
        raise UsageError("The site token comes from one place", hint="Give --site-token-file or --site-token-env")
    if answers.site_token_file is not None:
        console.diagnostics.hide(credentials.read_key_file(answers.site_token_file))
    if answers.site_token_env:
        console.diagnostics.hide(_from_variable(answers.site_token_env))


def _refuse_missing(answers: Answers) -> None:
    missing = [
        flag
        for flag, given in (
            ("--org ID", bool(answers.organization)),
            ("--key-file FILE (or --key-env NAME, --api-key-fd N)", answers.key is not None),
            ("--contribution, --ai or --location (or --pack NAME)", bool(answers.statements or answers.packs)),
            ("--site-token-file FILE", not answers.site_email or answers.reads_sites),
        )
        if not given
    ]
    if missing:
        raise UsageError(
            f"There is no terminal to ask in; missing: {', '.join(missing)}",
            hint="Give these flags; all others (contribaudit init --help) are optional",
        )


def _token_of(answers: Answers) -> SecretStr:
    """The token of the sites, wherever it is."""
    from contribaudit.settings import credentials

    if answers.site_token is not None:
        return answers.site_token
    if answers.site_token_file is not None:
        return credentials.read_key_file(answers.site_token_file)
    return _from_variable(answers.site_token_env)


class _Interview:
    """The questions, in order. Each sets what it asks in the answers, and is not asked where a flag has answered."""

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
        self._told: set[str] = set()

    def key(self) -> None:
        """Organization and key, tested at once. In a terminal both are asked again until they work."""
        from contribaudit.cli import options

        answers = self._answers
        if not options.person_there():
            if self._test:
                self._looked()
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
                self._looked()
            except OrganizationNotFound as error:
                self._wrong(error)
                answers.organization = ""
            except ContribauditError as error:
                self._wrong(error)
                if not self._another("key"):
                    return
            else:
                return

    def rest(self) -> None:
        """What the company wants, and what makes the audit better: a site token, who attests, a schedule."""
        if not self._answers.packs:
            self._contribution()
            self._ai()
            self._location()
            self._why()
        self._site()
        self._by()
        self._schedule()

    def where_to_keep(self, folder: Path) -> list[_Kept]:
        """Where to keep what was typed, as the person wants. Nothing is kept yet."""
        from contribaudit.settings import credentials

        answers, url = self._answers, self._settings.api_url
        found = []
        if answers.key is not None and answers.key_typed:
            account = credentials.account(answers.organization, url)
            found.append(self._place("API key", answers.key, account, folder / "api-key", credentials.ALTERNATIVES))
        if answers.site_token is not None:
            account = credentials.account(credentials.token_account(""), url)
            otherwise = "save it with contribaudit login --site all"
            found.append(self._place("site token", answers.site_token, account, folder / "site-token", otherwise))
        return found

    def _ask_key(self) -> None:
        from contribaudit.cli import options

        _say(
            "An API key with scopes reads the organization: admin.atlassian.com, Organization settings, API keys, "
            f"Create API key with scopes. The audit needs these:\n  {_scopes()}"
        )
        self._answers.key = options.ask_key(f"API key of organization {self._answers.organization}")
        self._answers.key_typed = True
        self._console.diagnostics.hide(self._answers.key)

    def _looked(self) -> None:
        """Test the key and learn the plan. Raises AdminApiError."""
        from contribaudit.errors import AdminApiUnreachable
        from contribaudit.operations.first_look import first_look

        answers, say = self._answers, self._console.diagnostics
        assert answers.key is not None
        try:
            self.look = first_look(self._settings, answers.organization, answers.key, self._rulebook, say, sleep)
        except AdminApiUnreachable as error:
            error.message = f"Nothing was written, because the key could not be tested: {error.message}"
            error.hint = f"{error.hint}. To go on untested, add --no-test"
            raise
        look = self.look
        say.note(f'The key works: the organization is "{look.name}".' if look.name else "The key works.")
        if look.plan is not None:
            answers.plan = answers.plan or look.plan.name.casefold()
            size = f"{_counted(look.apps, 'app')} on {_counted(look.sites, 'site')}"
            say.note(f"It has {size}; its highest plan is {look.plan.name}.")
        else:
            say.note(f"Its highest plan is not known: {look.plan_unknown or 'the list of apps does not tell it'}.")

    def _another(self, what: str) -> bool:
        """What to do about a key or token that did not work; False where it is to be used untested.

        The line is not shown, so that whoever pastes the next key at once does not leave it on the screen.
        """
        from contribaudit.cli import options

        answers = self._answers
        say = f"Paste another {what}, press Enter to try the same one again, or type `untested` to go on without a test"
        secret = options.ask_key(say, or_words=("", "untested"))
        if isinstance(secret, str):
            return not secret
        self._console.diagnostics.hide(secret)
        if what == "key":
            answers.key, answers.key_file, answers.key_env, answers.key_typed = secret, None, "", True
        else:
            answers.site_token, answers.site_token_file, answers.site_token_env = secret, None, ""
        return True

    def _wrong(self, error: ContribauditError) -> None:
        self._console.diagnostics.error(error)

    def _state(self, key: str, value: Any) -> bool:
        """Take a statement; False, after saying why, where it is not one."""
        from contribaudit.operations import setup

        tried = {**self._answers.statements, key: value}
        if key == "location_except":
            tried.setdefault("reason", "asked next")
        wrong = setup.refused(self._settings, tried)
        if wrong:
            _say(wrong)
            return False
        self._answers.statements[key] = value
        return True

    def _contribution(self) -> None:
        if "contribution" in self._answers.statements:
            return
        word = _choose("Which data may Atlassian use to improve its apps and AI?", CONTRIBUTION, may_skip=True)
        if word and self._state("contribution", word):
            self.limits()

    def _ai(self) -> None:
        said = self._answers.statements
        if "ai" not in said:
            word = _choose("Who may use AI (Rovo) in your apps?", AI, may_skip=True)
            if not word:
                return
            if word == "groups":
                while not self._state("ai", {"groups": list(_listed(_line("Names of the groups, with commas")))}):
                    pass
            else:
                self._state("ai", word)
            self.limits()
        if said.get("ai") == "blocked" and "ai_allowed_on" not in said:
            question = "Sites or apps where AI is allowed all the same (labs.atlassian.net, loom …), Enter for none"
            while (places := _listed(_line(question, ""))) and not self._state("ai_allowed_on", list(places)):
                pass

    def _location(self) -> None:
        from contribaudit.policy_file import locations

        said = self._answers.statements
        if "location" not in said:
            known = ", ".join(locations.choices(self._rulebook))
            _say(
                "\nWhere does data have to be kept? Every app is then to be pinned there; being located there is not "
                f"enough. Groups and locations, with commas: {known}."
            )
            while (places := _listed(_line(f"Location ({_SKIP}: anywhere, not audited)"))) != (_SKIP,):
                if self._state("location", list(places)):
                    self.limits()
                    break
        outside = self.look.without_residency
        if said.get("location") and "location_except" not in said and outside:
            titles = ", ".join(app.title for app in outside)
            if _yes(f"Atlassian offers no data residency for {titles}. Accept where they keep data?", default=False):
                self._state("location_except", [app.type_key for app in outside])

    def _why(self) -> None:
        said = self._answers.statements
        if not said or "reason" in said:
            return
        needed = "location_except" in said
        _say("")
        while True:
            text = _line("Who decided this, and the ticket" + ("" if needed else " (optional)"), "").strip()
            if text:
                said["reason"] = text
            if text or not needed:
                return

    def limits(self) -> None:
        """Say what the plan cannot give of the statements and packs so far, each thing once."""
        from contribaudit.operations import setup
        from contribaudit.policy_file.plan_limits import plan_limits

        plan = self._rulebook.plan(self._answers.plan)
        said, packs = self._answers.statements, self._answers.packs
        if plan is None or not (said or packs):
            return
        policy = setup.policy_of(self._settings, said, packs)
        for limit in plan_limits(policy, plan, self._rulebook):
            if limit.fact not in self._told:
                self._told.add(limit.fact)
                _say(f"Your plan: {limit.fact}. {limit.left}.")

    def _site(self) -> None:
        from contribaudit.cli import options

        answers = self._answers
        if answers.reads_sites:
            self._try_token()
            return
        if not answers.site_email:
            _say(
                "\nOptional: an API token of a person or service account, made at id.atlassian.com. With it the audit "
                "reads of each site whether AI is on, which trials run and in which regions data lies; without it "
                "somebody attests that by hand."
            )
            text = _valid(f"Mail address of the token's owner (Enter: no token, {_SKIP}: a service account)", _mail, "")
            if not text:
                return
            answers.site_email = "" if text == _SKIP else text
        answers.site_token = options.ask_key("API token of the sites")
        self._console.diagnostics.hide(answers.site_token)
        self._try_token()

    def _try_token(self) -> None:
        """Ask the gateway about one site with the token. In a terminal another token is asked for until one works."""
        from contribaudit.atlassian.credential import Credential
        from contribaudit.cli import options
        from contribaudit.operations.first_look import try_site_token

        answers, say, site = self._answers, self._console.diagnostics, self.look.site
        if not self._test or site is None:
            return
        while True:
            credential = Credential(_token_of(answers), answers.site_email)
            try:
                short = try_site_token(self._settings, site, credential, say, sleep)
            except ContribauditError as error:
                if not options.person_there():
                    error.hint = f"{error.hint}. To go on untested, add --no-test"
                    raise
                self._wrong(error)
                if not self._another("token"):
                    return
            else:
                if short:
                    say.warning(f"{site[1]}: {short}", hint="What the gateway does not tell has to be attested")
                else:
                    say.note(f"The token works: {site[1]} answers.")
                return

    def _by(self) -> None:
        if self._answers.by:
            return
        _say("\nWhat no API tells, somebody looks up in the console and attests, under a mail address.")
        text = _valid("Mail address of who attests (Enter: later)", _mail, "")
        self._answers.by = "" if text == _SKIP else text

    def _schedule(self) -> None:
        if self._answers.schedule:
            return
        ways = "/".join(_schedules())
        known = _schedules()
        while True:
            word = _line(f"\nRun the audit every day? ({ways})", _NO_SCHEDULE).casefold()
            if word in known:
                self._answers.schedule = word
                return

    def _place(self, what: str, secret: SecretStr, account: str, path: Path, otherwise: str) -> _Kept:
        from contribaudit.cli import options
        from contribaudit.errors import KeyStoreUnusable
        from contribaudit.settings import credentials

        path = _free(path)
        try:
            store = credentials.key_store()
        except KeyStoreUnusable as error:
            if error.message not in self._told:
                self._told.add(error.message)
                self._console.diagnostics.note(f"{error.message}.")
        else:
            if options.confirm(f"Save the {what} in the keyring ({store})?", default=True):
                return _Kept(what, secret, path, account)
        if options.confirm(f"Save the {what} in {path}, readable by you alone?", default=True):
            return _Kept(what, secret, path)
        self._console.diagnostics.warning(f"the {what} will not be kept", hint=f"For later audits, {otherwise}")
        return _Kept(what, secret, None)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where a secret that was typed is to be kept."""

    what: str
    secret: SecretStr
    path: Path | None
    """The file; None where it is kept nowhere."""
    account: str = ""
    """In the keyring, before the file; "" where that was not wanted."""

    def keep(self, console: Console) -> Path | None:
        """The file that was made; None where the keyring has it, or nothing. Raises UsageError."""
        from contribaudit.errors import KeyStoreUnusable
        from contribaudit.operations import setup
        from contribaudit.settings import credentials

        if self.account:
            try:
                credentials.save_key(self.account, self.secret)
            except KeyStoreUnusable as error:
                console.diagnostics.warning(f"{error.message}", hint=f"The {self.what} is in {self.path} instead")
            else:
                return None
        if self.path is not None:
            setup.write_key(self.path, self.secret)
        return self.path


def _free(path: Path) -> Path:
    """The path, or the next one where nothing is yet."""
    number, free = 2, path
    while free.exists() or free.is_symlink():
        free, number = path.with_name(f"{path.name}-{number}"), number + 1
    return free


def _say(text: str, lead: str = "") -> None:
    """To stderr, wrapped at the terminal's width; what follows the first line stands under the end of `lead`."""
    import shutil
    import textwrap

    width = max(60, min(shutil.get_terminal_size().columns, 100))
    for line in text.split("\n"):
        indent = " " * (len(lead) or len(line) - len(line.lstrip()))
        rows = textwrap.wrap(line.strip(), width, initial_indent=lead or indent, subsequent_indent=indent)
        click.echo("\n".join(rows), err=True)


def _line(question: str, default: str | None = None) -> str:
    from contribaudit.cli import options

    return options.ask(question, default)


def _yes(question: str, *, default: bool) -> bool:
    from contribaudit.cli import options

    return options.confirm(question, default=default)


def _valid(question: str, check: Callable[[str], str], default: str) -> str:
    """A line that the check accepts, "" or "-"; asked again until then."""
    while True:
        text = _line(question, default)
        if text in ("", _SKIP):
            return text
        try:
            return check(text)
        except UsageError as error:
            _say(f"{error.message}. {error.hint}.")


def _choose(question: str, choices: Sequence[tuple[str, str]], *, may_skip: bool = False) -> str:
    """A word, by itself or by its number; "" for what is skipped. Asked again until it is one."""
    _say(f"\n{question}")
    width = max(len(word) for word, _ in choices)
    for number, (word, means) in enumerate(choices, 1):
        _say(means, f"  {number}  {word.ljust(width)}  ")
    if may_skip:
        _say("Not part of the policy.", f"  {_SKIP}  {'skip'.ljust(width)}  ")
    words = [word for word, _ in choices]
    while True:
        text = _line("Number or word").casefold()
        if may_skip and text in (_SKIP, "skip"):
            return ""
        if text.isdecimal() and 0 < int(text) <= len(words):
            return words[int(text) - 1]
        if text in words:
            return text
        _say(f"It takes {', '.join(words)}.")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _asked_organization() -> str:
    _say("Open admin.atlassian.com: the organization ID is in its address, after /o/. The whole address will do.")
    kind = OrganizationId()
    while True:
        try:
            return kind.convert(_line("Organization ID or address"), None, None)
        except click.UsageError as error:
            _say(error.format_message())


def _scopes() -> str:
    from contribaudit.atlassian import calls

    return " ".join(dict.fromkeys(call.scope for call in calls.ALL if call.scope))


def _write(
    console: Console,
    settings: AppSettings,
    config: Path,
    policy: Path,
    answers: Answers,
    look: FirstLook,
    secrets: list[_Kept],
) -> None:
    """Write everything, or nothing."""
    from contribaudit.operations import setup

    made: list[Path] = []
    try:
        for one in secrets:
            path = one.keep(console)
            made += [path] if path is not None else []
            if one.secret is answers.key:
                answers.key_file = path
            else:
                answers.site_token_file = path
        sites = None
        if answers.reads_sites:
            sites = setup.SiteAccess(answers.site_email, answers.site_token_file, answers.site_token_env)
        installation = setup.Installation(
            organization=answers.organization,
            name=look.name,
            key_file=answers.key_file,
            key_env=answers.key_env,
            statements=answers.statements,
            packs=answers.packs,
            plan=answers.plan,
            attested_by=answers.by,
            sites=sites,
        )
        setup.write(settings, config, policy, installation)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise
    console.write(f"{config}\n{policy}\n")


def _scheduled(console: Console, config: Path, way: str) -> None:
    from contribaudit.cli.schedule import command as schedule

    own = schedule.commands[way]
    install = ["--install"] if any("--install" in one.opts for one in own.params) else []
    _run(console, config, own, install)


def _first_audit(console: Console, config: Path, key: SecretStr | None) -> int:
    """Its exit code. The key is handed over by a pipe, so that one that was not kept serves too."""
    from contribaudit.cli.audit import command as audit

    words: list[str] = []
    if key is not None:
        reading, writing = os.pipe()
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(key.get_secret_value())
        words = ["--api-key-fd", str(reading)]
    return _run(console, config, audit, words)


def _run(console: Console, config: Path, command: click.Command, words: list[str]) -> int:
    """Run another command with the configuration that was just written; returns its exit code."""
    own = Console()
    own.diagnostics, own.color, own.config_path = console.diagnostics, console.color, config
    try:
        with command.make_context(command.name, words, parent=None, obj=own) as context:
            command.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    return exit_codes.OK


sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def organization_name(settings: AppSettings, organization: str, key: SecretStr, progress: Progress = SILENT) -> str:
    """What the API calls the organization, "" when it does not say. Raises AdminApiError."""
    return asyncio.run(_organization_name(settings, organization, key, progress))


async def _organization_name(settings: AppSettings, organization: str, key: SecretStr, progress: Progress) -> str:
    from contribaudit.operations.first_look import name_in
    from contribaudit.wiring import connected

    async with connected(settings, organization, key, progress, sleep) as client:
        return name_in(await client.read(GET_ORGANIZATION))
