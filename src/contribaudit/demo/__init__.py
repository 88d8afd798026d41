"""The whole job on an embedded simulated organization: real HTTP on loopback, a real history, no key, no network."""
