"""Recipes for platforms that bring their own account: Kubernetes, GitHub Actions, Docker or Podman, and macOS' launchd.

Each gives the audit a key that nobody else reads, a place for its history, and a file system that it cannot change.
Kubernetes and containers may run it under any user ID.
"""

from __future__ import annotations

import plistlib

from contribaudit.operations.schedules import Recipe, written

_DATA = "/data"
_SECRETS = "/run/secrets/contribaudit"
_ANYWHERE = ("CONTRIBAUDIT_API_URL", "CONTRIBAUDIT_FAIL_ON", "CONTRIBAUDIT_API_KEY_LABEL")
"""Of this shell's settings, those that mean the same on another machine; the others are paths."""


def _variables(recipe: Recipe) -> list[tuple[str, str]]:
    return [(name, value) for name, value in recipe.environment if name in _ANYWHERE]


def _words(recipe: Recipe, key_file: str) -> list[str]:
    """What is run in a container, where a single key is in that file."""
    key = ["--api-key-file", key_file] if recipe.key else []
    organization = ["--org", recipe.organization] if recipe.organization else []
    return ["audit", "--format", "line", *key, *organization]


def kubernetes(recipe: Recipe, *, image: str, namespace: str) -> str:
    """A CronJob with its volume claim; comments say how the secret and the configuration come about."""
    return written(
        "cronjob.yaml",
        recipe,
        image=image,
        namespace=namespace,
        words=_words(recipe, f"{_SECRETS}/api-key"),
        variables=_variables(recipe),
        data=_DATA,
        secrets=_SECRETS,
    )


def github_actions(recipe: Recipe) -> str:
    """A workflow that uploads SARIF to code scanning and the evidence as an artifact."""
    return written("workflow.yml", recipe, variables=_variables(recipe))


def container(recipe: Recipe, *, image: str) -> str:
    """One command for Docker or Podman: any user ID, a root that cannot be written, the key as a mounted file."""
    mounted = f"{recipe.key_file}:/run/secrets/api-key:ro" if recipe.key else "./contribaudit-keys:/run/secrets:ro"
    return written(
        "container.sh",
        recipe,
        image=image,
        words=_words(recipe, "/run/secrets/api-key"),
        variables=_variables(recipe),
        data=_DATA,
        mounted=mounted,
    )


def launchd(recipe: Recipe, *, log_file: str) -> str:
    """An agent of the user's launchd, as a property list."""
    words = [*recipe.audit, *recipe.planned, *recipe.key]
    agent = {
        "Label": "contribaudit.audit",
        "ProgramArguments": words,
        "EnvironmentVariables": {**dict(recipe.environment), "CONTRIBAUDIT_TRIGGER": "schedule", "LANG": "en_US.UTF-8"},
        "StartCalendarInterval": {"Hour": recipe.hour, "Minute": recipe.minute},
        "StandardOutPath": log_file,
        "StandardErrorPath": log_file,
        "ProcessType": "Background",
        "Umask": 0o077,
    }
    return plistlib.dumps(agent, sort_keys=False).decode()
