"""What is configured, where it is found, and the keys and tokens that go with it."""
