"""The only door to HTTP: a client that can read, and nothing else.

`calls` says what may be sent, `connect` opens a `client`, which sends through `sender`; `paging` follows cursors,
`limiter` and `retry` wait, `answers` and `unreachable` tell what went wrong, `ledger` remembers.
"""
