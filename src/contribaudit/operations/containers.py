"""Recipes for platforms that bring their own account: Kubernetes, GitHub Actions, Docker or Podman, and macOS' launchd.

Each gives the audit a key that nobody else reads, a place for its history, and a file system that it cannot change.
Kubernetes and containers may run it under any user ID.
"""

from __future__ import annotations

import plistlib
import shlex
from textwrap import dedent

from contribaudit.operations.schedules import Recipe

IMAGE = "contribaudit:latest"
"""What `docker build -t contribaudit -f Containerfile .` makes."""
_DATA = "/data"


def kubernetes(recipe: Recipe, *, image: str, namespace: str) -> str:
    """A CronJob with its volume claim; comments say how the secret and the configuration come about."""
    organization = f", --org, {recipe.organization}" if recipe.organization else ""
    return dedent(f"""\
        # contribaudit: an audit every day. Before it, once, beside config.toml and policy.toml:
        #   docker build -t {image} -f Containerfile .   # in the clone; --image names one that your nodes can pull
        #   kubectl create namespace {namespace}
        #   kubectl -n {namespace} create secret generic contribaudit --from-file=api-key=FILE
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
                      args: [audit, --format, line, --api-key-file, /run/secrets/contribaudit/api-key{organization}]
                      env:
                        - name: CONTRIBAUDIT_CONFIG
                          value: /etc/contribaudit/config.toml
                        - name: CONTRIBAUDIT_STORE
                          value: {_DATA}/history.db
                        - name: CONTRIBAUDIT_TRIGGER
                          value: schedule
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
                          mountPath: /run/secrets/contribaudit
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
    organization = f" --org {recipe.organization}" if recipe.organization else ""
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
              - uses: actions/checkout@v4
                with:
                  persist-credentials: false
              - uses: actions/setup-python@v5
                with:
                  python-version: "3.12"
              - run: pip install "contribaudit[postgres] @ git+https://github.com/contribaudit/contribaudit"
              - name: Audit
                env:
                  CONTRIBAUDIT_API_KEY: ${{{{ secrets.CONTRIBAUDIT_API_KEY }}}}
                  CONTRIBAUDIT_STORE: ${{{{ secrets.CONTRIBAUDIT_STORE }}}}
                  CONTRIBAUDIT_CONFIG: config.toml
                  CONTRIBAUDIT_TRIGGER: schedule
                run: contribaudit audit --format sarif --output contribaudit.sarif{organization}
              - name: Upload findings
                if: ${{{{ !cancelled() && hashFiles('contribaudit.sarif') != '' }}}}
                uses: github/codeql-action/upload-sarif@v3
                with:
                  sarif_file: contribaudit.sarif
                  category: contribaudit
              - name: Keep the evidence
                if: ${{{{ !cancelled() }}}}
                uses: actions/upload-artifact@v4
                with:
                  name: evidence
                  path: evidence/
                  if-no-files-found: ignore
                  retention-days: 90
        """)


def container(recipe: Recipe, *, image: str) -> str:
    """One command for Docker or Podman: any user ID, a root that cannot be written, the key as a mounted file."""
    organization = ["--org", recipe.organization] if recipe.organization else []
    words = ["audit", "--format", "line", "--api-key-file", "/run/secrets/api-key", *organization]
    return dedent(f"""\
        # contribaudit in a container; Podman takes the same words. Once, in the clone:
        #   docker build -t {image} -f Containerfile .
        #   mkdir -p contribaudit-data && chmod 700 contribaudit-data
        # Copy config.toml and policy.toml into the folder; the history goes there too.
        # The key is a file of mode 600 that you own.
        docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \\
          --user "$(id -u):$(id -g)" \\
          --volume "$PWD/contribaudit-data:{_DATA}" \\
          --volume {shlex.quote(f"{recipe.key_file}:/run/secrets/api-key:ro")} \\
          --env CONTRIBAUDIT_CONFIG={_DATA}/config.toml --env CONTRIBAUDIT_TRIGGER=schedule \\
          {image} {shlex.join(words)}
        """)


def launchd(recipe: Recipe, *, log_file: str) -> str:
    """An agent of the user's launchd, as a property list."""
    words = [*recipe.audit, *recipe.planned, "--api-key-file", str(recipe.key_file)]
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
