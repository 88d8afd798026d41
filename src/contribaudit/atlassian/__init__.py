"""The only door to HTTP: a client that can read, and nothing else.

`calls` says what may be sent, `connect` opens a `client`, which sends through `transport`: limits, retries and the
ledger are there. `paging` follows cursors, `sites` reads sites with an API token, `body` reads an answer within a
limit, and `responses` tells what an answer means and what went wrong.
"""
