"""Ed25519 signatures of manifests in the formats of OpenSSL: PEM keys, and signatures of 64 raw bytes."""

from __future__ import annotations

import base64
import contextlib
import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contribaudit.errors import ConfigurationError, CredentialError, EvidenceDamaged, OutputError, UsageError
from contribaudit.files import refuse_shared, unreadable, write_new

PublicKey = Ed25519PublicKey


class Signer:
    """A private key, represented in messages by its fingerprint alone."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return f"Signer({self.fingerprint})"

    @classmethod
    def new(cls) -> Signer:
        """A new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, name: str) -> Signer:
        """The key in a PEM text. Raises ConfigurationError, whose message calls the text `name`."""
        problem = ""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            problem = f"{name} holds no private key in PEM form without a password"
        else:
            if isinstance(key, Ed25519PrivateKey):
                return cls(key)
            problem = f"{name} holds a key that is not Ed25519"
        # Raised outside the except block, because the original error may quote the key.
        raise ConfigurationError(problem, hint="Make one with `contribaudit evidence keygen`")

    @classmethod
    def from_file(cls, path: Path) -> Signer:
        """The key in a file that only its owner may read. Raises ConfigurationError."""
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                refuse_shared("signing key", path, status)
                pem = file.read(16_384)
        except CredentialError as error:
            raise ConfigurationError(error.message, hint=error.hint) from None
        except OSError as error:
            raise ConfigurationError(
                f"The signing key {path} cannot be read: {unreadable(error).reason}", hint="Check evidence.signing_key"
            ) from error
        return cls.from_pem(pem, f"The signing key {path}")

    @classmethod
    def from_line(cls, line: str) -> Signer:
        """The key from the text that `line` returned. Raises ConfigurationError."""
        with contextlib.suppress(ValueError):
            return cls(Ed25519PrivateKey.from_private_bytes(base64.b64decode(line, validate=True)))
        raise ConfigurationError(
            "The keyring's signing key is not a usable key",
            hint="Make a new one with `contribaudit evidence keygen --replace`",
        )

    @property
    def line(self) -> str:
        """The private key on one line, as stored in the keyring. Anyone who has it can sign."""
        raw = self._key.private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        )
        return base64.b64encode(raw).decode("ascii")

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the public key's DER form."""
        return fingerprint(self._key.public_key())

    def sign(self, data: bytes) -> bytes:
        """The signature of the bytes, 64 bytes long."""
        return self._key.sign(data)

    def private_pem(self) -> bytes:
        """The private key in PEM form (PKCS 8), without a password. Anyone who has it can sign."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def public_pem(self) -> bytes:
        """The public key in PEM form (SubjectPublicKeyInfo), for `openssl pkeyutl -pubin`."""
        return public_pem(self._key.public_key())

    def save(self, path: Path) -> None:
        """Write the private key to a new file that only its owner may read. Raises UsageError or OutputError."""
        try:
            write_new(path, self.private_pem())
        except FileExistsError:
            raise UsageError(f"{path} exists", hint="A key is never overwritten: name another file") from None
        except OSError as error:
            raise OutputError(f"{path} could not be written: {error.strerror}", hint="Choose another file") from error


def read_public_key(pem: bytes, name: str) -> Ed25519PublicKey:
    """The public key in a PEM text. Raises EvidenceDamaged for anything else."""
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise EvidenceDamaged(f"{name} holds no Ed25519 public key in PEM form", hint="Ask the signer for their key")
    return key


def signed_by(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    """True when the owner of this key signed exactly these bytes."""
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 (hex) of the key's DER form: what `openssl pkey -pubin -outform DER | sha256sum` prints."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return sha256(der).hexdigest()


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The public key in PEM form (SubjectPublicKeyInfo)."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
