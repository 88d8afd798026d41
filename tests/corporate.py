"""A corporate network for tests: an authority of its own, a gateway in https, a proxy that asks who somebody is.

The gateway answers in https for `HOST`, whose certificate the authority signed, and passes requests on to a simulator.
The proxy takes CONNECT for that name alone, and leads it to the gateway.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "admin-api.corp.example"
USER, PASSWORD = "svc-audit", "pa%ss:w@rd S3cret"


@dataclass(frozen=True, slots=True)
class Certificate:
    """In PEM, with its key; `path` holds both, `certificate` and `key` one each."""

    name: str
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / f"{self.name}-both.pem"

    @property
    def certificate(self) -> Path:
        return self.folder / f"{self.name}.pem"

    @property
    def key(self) -> Path:
        return self.folder / f"{self.name}-key.pem"


class Authority:
    """Signs certificates for servers and clients."""

    def __init__(self, folder: Path, name: str = "Corporate CA") -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = folder / f"{name.replace(' ', '-')}.pem"
        signed = self._sign(self._name, self._key.public_key(), authority=True)
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> Certificate:
        """For a host, an address, or a client of that name."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signed = self._sign(subject, key.public_key(), name=name).public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        found = Certificate(name, self.folder)
        found.certificate.write_bytes(signed)
        for path, data in ((found.key, private), (found.path, signed + private)):
            path.write_bytes(data)
            path.chmod(0o600)
        return found

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, name: str = "", authority: bool = False
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if authority:
            usage = dict.fromkeys(
                ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
            )
            built = built.add_extension(
                x509.KeyUsage(
                    digital_signature=True, key_cert_sign=True, crl_sign=True,
                    encipher_only=False, decipher_only=False, **usage,
                ),
                critical=True,
            )  # fmt: skip
        else:
            try:
                alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
            except ValueError:
                alternative = x509.DNSName(name)
            built = built.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        return built.sign(self._key, hashes.SHA256())


@dataclass
class Proxy:
    """A forward proxy on loopback, and what it was asked."""

    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Target and the credentials that came with it, "" for none."""

    def url(self, user: str = USER, password: str = PASSWORD) -> str:
        from urllib.parse import quote

        return f"http://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{self.port}"


@contextmanager
def gateway(behind: str, certificate: Certificate, *, clients: Path | None = None) -> Iterator[int]:
    """The simulator at `behind` in https on loopback; gives the port. `clients` signed those who may come in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    to = urlsplit(behind)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = await asyncio.open_connection(to.hostname, to.port)
        await _both_ways((reader, writer), far)

    with _running(serve, context) as port:
        yield port


@contextmanager
def proxy(to: Callable[[], int], *, wanted: tuple[str, str] | None = (USER, PASSWORD)) -> Iterator[Proxy]:
    """A proxy that leads CONNECT for `HOST` to the port on loopback; for others and without `wanted` it refuses."""
    told = Proxy()
    header = base64.b64encode(":".join(wanted).encode()).decode() if wanted is not None else ""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        method, target, _ = head[0].split()
        given = next((one.partition(": ")[2] for one in head if one.lower().startswith("proxy-authorization:")), "")
        told.asked.append((target, given))
        if wanted is not None and given != f"Basic {header}":
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n")
        elif method != "CONNECT" or target != f"{HOST}:443":
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        else:
            far = await asyncio.open_connection("127.0.0.1", to())
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _both_ways((reader, writer), far)
            return
        with suppress(OSError):
            await writer.drain()
        writer.close()

    with _running(serve, None) as told.port:
        yield told


async def _both_ways(
    near: tuple[asyncio.StreamReader, asyncio.StreamWriter], far: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _ended_with_it(writer), suppress(OSError, ssl.SSLError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    await asyncio.gather(pump(near[0], far[1]), pump(far[0], near[1]))


@contextmanager
def _ended_with_it(writer: asyncio.StreamWriter) -> Iterator[None]:
    """The connection ends where the block is cancelled: left open, it would be told of in whatever test runs then."""
    try:
        yield
    except asyncio.CancelledError:
        writer.transport.abort()
        raise


@contextmanager
def _running(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], context: ssl.SSLContext | None
) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, _context: None)  # clients that hang up are what is tested

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _ended_with_it(writer):
            await serve(reader, writer)

    async def started() -> asyncio.Server:
        return await asyncio.start_server(served, sock=listener, ssl=context)

    server = loop.run_until_complete(started())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(_stopped(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stopped() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.05)  # connections say goodbye
