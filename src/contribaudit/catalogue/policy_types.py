"""Which types of policies are known, and what a type that is not known may be another word for."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

RESIDENCY = "data-residency"
KNOWN = (
    RESIDENCY,
    "ip-allowlist",
    "data-security",
    "generative-ai",
    "ugc-data-use-preferences",
    "hipaa",
    "admin-notification-settings",
    "user-join-settings-default",
)
"""Documented or seen: https://developer.atlassian.com/cloud/admin/organization/rest/api-group-policies/"""
_STEMS = {
    "residency": RESIDENCY,
    "realm": RESIDENCY,
    "pinning": RESIDENCY,
    "allowlist": "ip-allowlist",
    "datasecurity": "data-security",
    "generativeai": "generative-ai",
    "genai": "generative-ai",
    "rovo": "generative-ai",
    "ugcdata": "ugc-data-use-preferences",
    "datause": "ugc-data-use-preferences",
    "contribution": "ugc-data-use-preferences",
    "hipaa": "hipaa",
    "notification": "admin-notification-settings",
    "userjoin": "user-join-settings-default",
}
"""What the words of a known type's spellings and successors contain, without case, spaces and signs."""


@lru_cache(maxsize=1000)
def kin_of(policy_type: str) -> str:
    """The known type of which this seems to be a spelling or a successor: `data_residency`, `dataResidency-v2`.

    The type itself where it is known; "" for one that resembles none, which may be about anything.
    """
    if policy_type in KNOWN:
        return policy_type
    folded = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", policy_type).casefold())
    return next((known for stem, known in _STEMS.items() if stem in folded), "")
