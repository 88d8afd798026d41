"""The history on disk: what every run saw, stored compactly. `store.history` opens it; the package imports nothing."""
