"""The only access to HTTP: a client that can only read.

`calls` lists the requests that may be sent. `connect` opens a `client`, which sends through `transport` with its
limits, retries and ledger. `paging` follows cursors, `sites` reads sites with an API token, `body` reads an answer
within a limit, and `responses` decides what an answer means and what went wrong.
"""

import sys
from importlib.util import find_spec

# httpx imports its own command line, with rich and pygments: a tenth of our start-up time.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
if "sniffio" not in sys.modules and find_spec("sniffio") is None:
    # httpcore imports it several times per request, and would search for a missing module every time.
    sys.modules["sniffio"] = None  # type: ignore[assignment]
