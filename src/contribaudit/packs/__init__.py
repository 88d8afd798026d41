"""The shipped policy packs: policy files that others extend."""
