"""What a site's refusal means to whoever gave the token: other statuses are as everywhere.

Bodies are `{code, message}` from the gateway, `{errorMessages, errors}` from Jira, `{errors: [{status, code, title}]}`
from Confluence.
"""

from __future__ import annotations

import httpx

from contribaudit.atlassian import responses
from contribaudit.atlassian.calls import Call
from contribaudit.errors import AccessDenied, AdminApiError, NotFound, TokenRefused

_TOKENS = "https://id.atlassian.com/manage-profile/security/api-tokens"


def refusal(call: Call, response: httpx.Response, quote: responses.Quote, asked_seconds: float | None) -> AdminApiError:
    """The error of a site's answer whose status is not 2xx; `asked_seconds` is the wait that it asks for, if any."""
    what, proxy = responses.told(call, response, quote)
    match response.status_code:
        case 401:
            hint = (
                f"The token is wrong, expired or revoked, is not of the account that `email` names, or lacks the scope "
                f"{call.scope}. Create one at {_TOKENS} and save it with `contribaudit login --site`{proxy}"
            )
            return TokenRefused(f"The site refused the API token: {what}", call=call.title, hint=hint)
        case 403:
            hint = f"Give the token that scope, and its account access to the site{proxy}"
            message = f"{what}; it needs the scope {call.scope}"
            return AccessDenied(message, call=call.title, hint=hint, missing_scope=call.scope)
        case 404:
            hint = f"The site may not have this app any more, or the token's account no access to it{proxy}"
            return NotFound(what, call=call.title, hint=hint)
        case status if 300 <= status < 400:
            hint = "A token goes to the configured addresses only: check api_url, `direct` and any proxy"
            return responses.redirected(call, response, quote, hint)
    return responses.refusal(call, response, quote, asked_seconds)
