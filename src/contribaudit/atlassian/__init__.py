"""The only door to HTTP: a client that can read, and nothing else.

`calls` says what may be sent, `connect` opens a `client`, which sends through `sender`; `paging` follows cursors,
`sites` reads sites with an API token, `limiter` and `retry` wait, `answers`, `site_answers` and `unreachable` tell what
went wrong, `ledger` remembers.
"""
