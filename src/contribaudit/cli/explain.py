"""`contribaudit explain`: shows the effective answers about a subject, each with its chain of reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches

import click

from contribaudit.cli.arguments import past_moment
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import api_key_options, format_option, organization_option, store_option
from contribaudit.core.judge.check import find
from contribaudit.core.model.observation import Observation, SettingId
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import alias_of, apps_named, resolve_alias
from contribaudit.core.resolve.effective import COMPUTED, KINDS, effective_of, shown_answers
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.core.resolve.reasons import Effective
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError


@click.command()
@click.argument("subject")
@click.argument("setting", required=False)
@organization_option(multiple=True)
@format_option("text", "json", "table", "csv")
@click.option("--at", metavar="RUN|DATE", help="As of that run, or of the end of that day (UTC).")
@click.option(
    "--offline/--live", default=True, show_default=True, help="Explain the last saved run, or read the API again."
)
@store_option
@api_key_options
@pass_console
def command(console: Console, *, subject: str, setting: str | None, at: str | None, offline: bool) -> None:
    """Show what holds for SUBJECT when all rules are applied, and why.

    SUBJECT is `organization`, `site:HOST`, `app:HOST/TYPEKEY`, `space:HOST/TYPEKEY/KEY`, `connector:NAME`, an ARI or
    ID. SETTING is one of its effective answers (default: all of them), the name of any setting, or the ID or slug of
    a check. The exit code is always 0.
    """
    import asyncio

    from contribaudit import collectors, wiring
    from contribaudit.audit.pipeline import look
    from contribaudit.audit.replay import last_state

    if at is not None and not offline:
        raise UsageError("--at and --live were both given", hint="--live reads the present state.")
    with console.job(judges=False, live=not offline) as job:
        moment = past_moment(job, at)
        job = replace(job, policy=wiring.policy_then(console.settings(), job, moment or job.clock()))
        state = last_state(job, moment) if offline else asyncio.run(look(job, collectors.ALL, console.diagnostics))
        about = _subject(state, subject)
        named = _setting(state, about, setting)
        answers, observations = [], []
        if named is None:
            answers = shown_answers(state, about)
        elif named in COMPUTED:
            answers = [effective_of(state, about, named)]
        else:
            observations = [state.read(about, named)]
        _write_answers(console, state, about, answers, observations)


def _write_answers(
    console: Console, state: State, about: Subject, answers: Sequence[Effective], observations: Sequence[Observation]
) -> None:
    """Write the answers in the chosen format."""
    from contribaudit.exporters import explanation, tabular
    from contribaudit.exporters.terminal import capture

    if console.output_format == "json":
        console.write(explanation.document(state, about, answers, observations))
    elif console.output_format in tabular.FORMATS:
        rows = explanation.rows(state, about, answers, observations)
        console.table(explanation.COLUMNS, rows, flexible="reason", only=explanation.SHOWN)
    else:
        tree = explanation.explained(state, about, answers, observations)
        text = capture(tree, terminal=console.on_terminal, color=console.colored_output)
        console.write(console.runnable(text))


def _subject(state: State, text: str) -> Subject:
    """The subject that the text names. Raises UsageError when there is none, or its kind has no effective answers."""
    named = resolve_alias(state, text)
    if named is not None and named.kind in KINDS:
        return named
    if named is not None:
        raise UsageError(
            f"The {named.kind} has no effective answers", hint="Name an organization, or one of its sites or apps."
        )
    if _is_space(state, text):
        reason = f"There is no space {text!r}: every space of its app was listed"
        raise UsageError(reason, hint="Renamed or removed? `contribaudit inventory --spaces --format csv` lists all.")
    aliases = [alias_of(state, one) for kind in (Kind.ORGANIZATION, Kind.APP) for one in state.subjects(kind)]
    aliases += [f"site:{site.label}" for one in state.looked_at for site in sites_of(state, one.id)]
    raise UsageError(f"There is no subject {text!r} in the data that was read", hint=_nearest(text, aliases))


def _is_space(state: State, text: str) -> bool:
    """True for a space of a known app: then only the space itself is unknown."""
    head, colon, rest = text.strip().partition(":")
    bare = rest if colon and head in state.organizations else text.strip()
    named = bare.casefold().startswith("space:")
    return named and any(apps_named(state, one.id, bare) for one in state.looked_at)


def _setting(state: State, about: Subject, text: str | None) -> SettingId | None:
    """The setting that the text names; for a check, the setting that its verdict is about.

    None for None. Raises UsageError, with the nearest names, when it is unknown.
    """
    from contribaudit import catalogue, checks

    if text is None:
        return None
    check = find(checks.ALL, text)
    if check is not None:
        if not check.reads:
            hint = f"Run `contribaudit checks show {check.id}`, or name a setting."
            raise UsageError(f"{check.called} is not about a setting", hint=hint)
        return check.answers or check.reads[0]
    settings = {setting.id for setting in catalogue.ALL} | set(COMPUTED) | {one.setting for one in state.of(about)}
    named = SettingId(text.strip())
    if named in settings:
        return named
    short = [one for one in COMPUTED if one.partition(".")[2] == named.casefold()]
    raise UsageError(f"There is no setting {text!r}", hint=_nearest(text, settings, short))


def _nearest(text: str, candidates: Iterable[str], first: Iterable[str] = ()) -> str:
    """A hint with `first` and the names most like the text, or with the first names if none is similar."""
    names = sorted(set(candidates))
    near = list(dict.fromkeys((*first, *get_close_matches(text.strip(), names, n=3, cutoff=0.5))))[:3]
    if not names:
        return "Nothing was read yet: run `contribaudit audit`."
    return f"{'Nearest' if near else 'For example'}: {', '.join(near or names[:3])}."
