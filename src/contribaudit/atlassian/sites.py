"""Reads of sites with a person's or service account's API token, which the organization's key cannot do.

Tokens with scopes, and all tokens of service accounts, work at https://api.atlassian.com/ex/PRODUCT/CLOUD_ID; a
person's classic token works at the site's own host. A token is sent nowhere else: hosts named in answers only select
among the configured ones.
https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from contribaudit.atlassian import calls, graphql, paging
from contribaudit.atlassian.calls import Call
from contribaudit.atlassian.client import Page, PageReader
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.transport import IN_FLIGHT, Ledger, Sender, Wire

_CLOUD_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_cloud_id(text: str) -> bool:
    """Whether the text is a possible cloud ID: a UUID. Any other text would change the path."""
    return _CLOUD_ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Access:
    """How a site is read: with which token, and whether at its own host."""

    credential: Credential | None
    """None when there is no token for the site; `missing` then says why."""
    direct: bool = False
    missing: str = ""
    origin: str = ""
    """Where the token was found, for messages."""

    @property
    def visible_to(self) -> str:
        """The owner of the token, because a listing shows only what that account may see. "" without a token."""
        if self.credential is None:
            return ""
        return self.credential.email or "a service account"


SPACES = "spaces"
ON_GATEWAY = frozenset(("ai", "trials", "regions"))
READS = ON_GATEWAY | {SPACES}
"""What can be read of a site with an API token; all but spaces comes from the GraphQL gateway."""


@dataclass(frozen=True, slots=True)
class Accesses:
    """The configured access to sites: to some by host (in lower case), and to all others together."""

    others: Access
    by_host: Mapping[str, Access] = field(default_factory=dict)
    reads: frozenset[str] = READS
    """The parts of READS that are read of each site."""

    def of(self, host: str) -> Access:
        """How to read the site at this host, as an answer named it; "" means an unknown host."""
        return self.by_host.get(host.strip().casefold(), self.others)

    def names(self, host: str) -> bool:
        """Whether the configuration names this site."""
        return host.strip().casefold() in self.by_host

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """Every token that was found, each once."""
        every = (one.credential for one in (self.others, *self.by_host.values()))
        return tuple(dict.fromkeys(one for one in every if one is not None))


class SiteClient:
    """Reads lists of sites, each with the site's configured token.

    At most 10 requests are in flight for all sites together; each is tried up to 5 times, waiting as long as the API
    asks. `ledger` records every request. Raises ConfigurationError for an invalid `api_url`, and CredentialError for a
    token that no header can hold.
    """

    def __init__(self, wire: Wire, *, accesses: Accesses, ledger: Ledger | None = None) -> None:
        self.ledger = Ledger() if ledger is None else ledger
        self._accesses = accesses
        slots = asyncio.Semaphore(IN_FLIGHT)

        def reader(credential: Credential, direct: str = "") -> PageReader:
            return PageReader(
                Sender(
                    replace(wire, api_url=f"https://{direct}") if direct else wire,
                    organization="",
                    credential=credential,
                    allowed=calls.ON_SITES,
                    refusal=graphql.refusal,
                    limit_in_ok=graphql.cost_limit,
                    direct=bool(direct),
                    ledger=self.ledger,
                    slots=slots,
                )
            )

        self._gateways = {credential: reader(credential) for credential in accesses.credentials}
        self._direct = {
            host: reader(access.credential, host)
            for host, access in accesses.by_host.items()
            if access.direct and access.credential is not None
        }

    def __repr__(self) -> str:
        return f"SiteClient({len(self._gateways)} tokens, {len(self._direct)} direct hosts)"

    @property
    def reads(self) -> frozenset[str]:
        """The parts of READS that the configuration wants of each site."""
        return self._accesses.reads

    def host_of(self, hosts: Sequence[str]) -> str:
        """The host of a site that the configuration names, else its first host; "" without any."""
        return next((host for host in hosts if self._accesses.names(host)), hosts[0] if hosts else "")

    def access(self, host: str) -> Access:
        """How to read the site at this host."""
        return self._accesses.of(host)

    def pages(
        self, chain: paging.Chain, *, host: str, start: paging.Request | None = None
    ) -> AsyncGenerator[Page, None]:
        """Every page of the chain, in order, from `start` (default: the first); see `site_chain`.

        Raises AdminApiError after yielding the pages before the failure, ValueError for a site without a token.
        """
        return self._reader(host).pages(chain, start)

    async def ask(self, question: graphql.Question, *, host: str) -> graphql.SiteAnswer:
        """The gateway's answer about the site at this host, including the parts that it refused.

        Raises AdminApiError, including QueryRefused when no part was answered, and ValueError for a site without a
        token.
        """
        reader = self._reader(host)
        document = await reader.document(calls.ASK_GATEWAY, question.request())
        return graphql.answer_of(document, reader.quote)

    def requests(self, chain: paging.Chain, *, host: str) -> int:
        """The number of requests sent for the chain, including failed attempts."""
        return self._reader(host).requests(chain)

    def _reader(self, host: str) -> PageReader:
        access = self._accesses.of(host)
        if access.credential is None:
            raise ValueError("there is no token for this site")
        return self._direct[host.strip().casefold()] if access.direct else self._gateways[access.credential]

    async def aclose(self) -> None:
        """Cancel every page that is still being fetched."""
        for reader in (*self._gateways.values(), *self._direct.values()):
            await reader.aclose()


def site_chain(call: Call, cloud_id: str, max_pages: int = paging.MAX_PAGES) -> paging.Chain:
    """The pages of a list of one site. Raises ValueError for an invalid cloud ID."""
    if not is_cloud_id(cloud_id):
        raise ValueError("the cloud ID is not valid")
    return paging.Chain(call, max_pages, ((calls.SITE, cloud_id.lower()),))
