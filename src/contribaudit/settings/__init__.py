"""The configuration file and environment variables, and the API keys and tokens that go with them."""
