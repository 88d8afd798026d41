"""The only door to HTTP: a client that can read, and nothing else.

`calls` says what may be sent, `connect` opens a `client`, which sends through `transport`: limits, retries and the
ledger are there. `paging` follows cursors, `sites` reads sites with an API token, `body` reads an answer within a
limit, and `responses` decides what an answer means and what went wrong.
"""

import sys
from importlib.util import find_spec

# httpx has a command line of its own, which brings rich and pygments along: a tenth of the time in which ours starts.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
if "sniffio" not in sys.modules and find_spec("sniffio") is None:
    # httpcore imports it several times a request. A module that is not there would be looked for anew each time.
    sys.modules["sniffio"] = None  # type: ignore[assignment]
