"""Recipes for platforms that bring their own account: Kubernetes, GitHub Actions, Docker or Podman, and macOS' launchd.

Each gives the audit a key that nobody else reads, a place for its history, and a file system that it cannot change.
Kubernetes and containers may run it under any user ID.
"""

from __future__ import annotations

import json
import plistlib
import shlex
from textwrap import dedent

from contribaudit.operations.schedules import Recipe

IMAGE = "contribaudit:latest"
"""What `docker build -t contribaudit -f Containerfile .` makes."""
_DATA = "/data"
_SECRETS = "/run/secrets/contribaudit"
_ANYWHERE = ("CONTRIBAUDIT_API_URL", "CONTRIBAUDIT_FAIL_ON", "CONTRIBAUDIT_API_KEY_LABEL")
"""Of this shell's settings, those that mean the same on another machine; the others are paths."""


def _org(recipe: Recipe) -> list[str]:
    return ["--org", recipe.organization] if recipe.organization else []


def _elsewhere(recipe: Recipe) -> list[tuple[str, str]]:
    return [(name, value) for name, value in recipe.environment if name in _ANYWHERE]


def kubernetes(recipe: Recipe, *, image: str, namespace: str) -> str:
    """A CronJob with its volume claim; comments say how the secret and the configuration come about."""
    words = [
        "audit",
        "--format",
        "line",
        *(["--api-key-file", f"{_SECRETS}/api-key"] if recipe.key else []),
        *_org(recipe),
    ]
    if recipe.key:
        secret = ["create secret generic contribaudit --from-file=api-key=FILE"]
    else:
        secret = [
            "create secret generic contribaudit --from-file=NAME=FILE ...   # a key for each organization;",
            f'#   in config.toml: api_key_file = "{_SECRETS}/NAME"',
        ]
    variables = "".join(
        f"""
                        - name: {name}
                          value: {json.dumps(value)}"""
        for name, value in _elsewhere(recipe)
    )
    return dedent(f"""\
        # contribaudit: an audit every day. Before it, once, beside config.toml and policy.toml:
        #   docker build -t {image} -f Containerfile .   # in the clone; --image names one that your nodes can pull
        #   kubectl create namespace {namespace}
        #   kubectl -n {namespace} {f"{chr(10)}        ".join(secret)}
        #   kubectl -n {namespace} create configmap contribaudit --from-file=config.toml --from-file=policy.toml
        # The history is on the volume; with PostgreSQL, put `store` into config.toml and leave the claim out.
        # Exit code 1 (findings) and 3 (unverified) let the job fail, so that your alerts on failed jobs tell of them.
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata:
          name: contribaudit
          namespace: {namespace}
        spec:
          accessModes: [ReadWriteOnce]
          resources:
            requests:
              storage: 1Gi
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata:
          name: contribaudit
          namespace: {namespace}
        spec:
          schedule: "{recipe.minute} {recipe.hour} * * *"
          timeZone: Etc/UTC
          concurrencyPolicy: Forbid
          startingDeadlineSeconds: 3600
          successfulJobsHistoryLimit: 3
          failedJobsHistoryLimit: 7
          jobTemplate:
            spec:
              backoffLimit: 0
              activeDeadlineSeconds: 3600
              template:
                spec:
                  restartPolicy: Never
                  automountServiceAccountToken: false
                  securityContext:
                    runAsNonRoot: true
                    runAsUser: 10001
                    fsGroup: 10001
                    seccompProfile:
                      type: RuntimeDefault
                  containers:
                    - name: audit
                      image: {image}
                      args: [{", ".join(words)}]
                      env:
                        - name: CONTRIBAUDIT_CONFIG
                          value: /etc/contribaudit/config.toml
                        - name: CONTRIBAUDIT_STORE
                          value: {_DATA}/history.db
                        - name: CONTRIBAUDIT_TRIGGER
                          value: schedule{variables}
                      securityContext:
                        allowPrivilegeEscalation: false
                        readOnlyRootFilesystem: true
                        capabilities:
                          drop: [ALL]
                      resources:
                        requests:
                          cpu: 100m
                          memory: 128Mi
                        limits:
                          memory: 1Gi
                      volumeMounts:
                        - name: data
                          mountPath: {_DATA}
                        - name: tmp
                          mountPath: /tmp
                        - name: config
                          mountPath: /etc/contribaudit
                          readOnly: true
                        - name: key
                          mountPath: {_SECRETS}
                          readOnly: true
                  volumes:
                    - name: data
                      persistentVolumeClaim:
                        claimName: contribaudit
                    - name: tmp
                      emptyDir: {{}}
                    - name: config
                      configMap:
                        name: contribaudit
                    - name: key
                      secret:
                        secretName: contribaudit
                        defaultMode: 0440
        """)


def github_actions(recipe: Recipe) -> str:
    """A workflow that uploads SARIF to code scanning and the evidence as an artifact."""
    organization = "".join(f" {word}" for word in _org(recipe))
    variables = "".join(
        f"""
                  {name}: {json.dumps(value)}"""
        for name, value in _elsewhere(recipe)
    )
    return dedent(f"""\
        # .github/workflows/contribaudit.yml: an audit every day. Before it, once:
        #   gh secret set CONTRIBAUDIT_API_KEY
        #   gh secret set CONTRIBAUDIT_STORE        # postgresql://..., so that runs share one history
        # config.toml and policy.toml are in the repository; evidence goes to the folder that config.toml names.
        name: contribaudit
        on:
          schedule:
            - cron: "{recipe.minute} {recipe.hour} * * *"
          workflow_dispatch:
        permissions:
          contents: read
          security-events: write
        concurrency:
          group: contribaudit
          cancel-in-progress: false
        jobs:
          audit:
            runs-on: ubuntu-latest
            timeout-minutes: 60
            steps:
              - uses: actions/checkout@v6
                with:
                  persist-credentials: false
              - uses: actions/setup-python@v6
                with:
                  python-version: "3.12"
              - run: pip install "contribaudit[postgres] @ git+https://github.com/contribaudit/contribaudit"
              - name: Audit
                env:
                  CONTRIBAUDIT_API_KEY: ${{{{ secrets.CONTRIBAUDIT_API_KEY }}}}
                  CONTRIBAUDIT_STORE: ${{{{ secrets.CONTRIBAUDIT_STORE }}}}
                  CONTRIBAUDIT_CONFIG: config.toml
                  CONTRIBAUDIT_TRIGGER: schedule{variables}
                run: contribaudit audit --format sarif --output contribaudit.sarif{organization}
              - name: Upload findings
                if: ${{{{ !cancelled() && hashFiles('contribaudit.sarif') != '' }}}}
                uses: github/codeql-action/upload-sarif@v4
                with:
                  sarif_file: contribaudit.sarif
                  category: contribaudit
              - name: Keep the evidence
                if: ${{{{ !cancelled() }}}}
                uses: actions/upload-artifact@v6
                with:
                  name: evidence
                  path: evidence/
                  if-no-files-found: ignore
                  retention-days: 90
        """)


def container(recipe: Recipe, *, image: str) -> str:
    """One command for Docker or Podman: any user ID, a root that cannot be written, the key as a mounted file."""
    key = ["--api-key-file", "/run/secrets/api-key"] if recipe.key else []
    words = ["audit", "--format", "line", *key, *_org(recipe)]
    if recipe.key:
        told, mounted = "The key is a file of mode 600 that you own.", f"{recipe.key_file}:/run/secrets/api-key:ro"
    else:
        told = 'The keys are files of mode 600 in contribaudit-keys; in config.toml: api_key_file = "/run/secrets/NAME"'
        mounted = "./contribaudit-keys:/run/secrets:ro"
    variables = "".join(f" --env {shlex.quote(f'{name}={value}')}" for name, value in _elsewhere(recipe))
    return dedent(f"""\
        # contribaudit in a container; Podman takes the same words. Once, in the clone:
        #   docker build -t {image} -f Containerfile .
        #   mkdir -p contribaudit-data && chmod 700 contribaudit-data
        # Copy config.toml and policy.toml into the folder; the history goes there too.
        # {told}
        docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \\
          --user "$(id -u):$(id -g)" \\
          --volume "$PWD/contribaudit-data:{_DATA}" \\
          --volume {shlex.quote(mounted)} \\
          --env CONTRIBAUDIT_CONFIG={_DATA}/config.toml --env CONTRIBAUDIT_TRIGGER=schedule{variables} \\
          {image} {shlex.join(words)}
        """)


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
