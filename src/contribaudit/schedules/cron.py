"""A crontab."""

from __future__ import annotations

import shlex
from pathlib import Path

from contribaudit.schedules.recipe import Recipe


def crontab(recipe: Recipe, *, mail_to: str, log_file: Path) -> str:
    """The lines to add with `crontab -e`.

    The result, one line, goes to the mail; stderr goes to the log. The history's own lock keeps two audits apart.
    """
    words = [*recipe.audit, *recipe.planned, "--api-key-file", str(recipe.key_file)]
    # In a crontab a bare % ends the command.
    line = shlex.join(words).replace("%", r"\%")
    log = shlex.quote(str(log_file)).replace("%", r"\%")
    folder = shlex.quote(str(log_file.parent))
    key = shlex.quote(str(recipe.key_file))
    return "\n".join(
        [
            "# contribaudit: an audit every day. Add these lines with: crontab -e",
            "# Before that, once, in a shell:",
            f"#   mkdir -p {folder} {shlex.quote(str(recipe.key_file.parent))}",
            f"#   touch {key} && chmod 600 {key}   # then put the API key into it",
            "# The key is in a file of mode 600, since cron has no keyring. Cron mails what is on stdout: one line of",
            "# outcome. Progress and errors go to the log. Two audits never run at once: the history holds a lock.",
            "# --planned tells the history when the run was meant to begin: the time at the start of the line, on this",
            "# machine's clock. Change both together, and set no TZ or CRON_TZ.",
            f"MAILTO={mail_to}",
            "CONTRIBAUDIT_TRIGGER=schedule",
            *(f"{name}={value}" for name, value in recipe.environment),
            f"{recipe.minute} {recipe.hour} * * * {line} 2>>{log}",
            "",
        ]
    )
