"""Who or what a value is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of subject, widest first. `company` spans the organizations named in the configuration."""

    COMPANY = "company"
    ORGANIZATION = "organization"
    SITE = "site"
    APP = "app"
    SPACE = "space"
    CONNECTOR = "connector"
    GROUP = "group"
    USER = "user"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One thing that settings belong to. Identity is `id`; names are aliases and live in observations.

    `organization` is the organization's ID, "" for the company. `id` is an ARI (apps, spaces), a cloud ID or host
    (sites), or the ID that the API gives.
    """

    organization: str
    kind: Kind
    id: str


COMPANY = Subject("", Kind.COMPANY, "company")


def organization_subject(organization: str) -> Subject:
    """The organization itself as a subject."""
    return Subject(organization, Kind.ORGANIZATION, organization)
