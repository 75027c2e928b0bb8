"""Two sites over https on this computer, as in life: a tool and an LMS whose registrable domains differ.

Names below `.example` lead to the loopback, for this process and for Chromium, and an authority of the run's own
vouches for both. What browsers do with cookies depends on all three: the scheme, the site, and who frames whom.
"""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TOOL, LMS = "learn.practicum.example", "lms.riverbend.example"
HERE = "127.0.0.1"


class Authority:
    """Makes certificates for this run; `bundle` is the file to trust, `fingerprints` what Chromium is told of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests of one run")])
        self._serials = 0
        self.fingerprints: list[str] = []
        certificate = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0))
        self.bundle = folder / "authority.pem"
        self.bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, host: str) -> ssl.SSLContext:
        """For a server that answers for this host."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._signed(
            name,
            key,
            x509.BasicConstraints(ca=False, path_length=None),
            x509.SubjectAlternativeName([x509.DNSName(host)]),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        )
        self.fingerprints.append(_fingerprint(key))
        chain = self._folder / f"{host}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        chain.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context

    @property
    def chromium_flags(self) -> list[str]:
        """What makes Chromium find these sites and believe them."""
        return [
            f"--host-resolver-rules=MAP *.example {HERE}",
            f"--ignore-certificate-errors-spki-list={','.join(self.fingerprints)}",
        ]

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *said: x509.ExtensionType) -> x509.Certificate:
        now = datetime.now(UTC)
        self._serials += 1
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(self._serials)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
        )
        for extension in said:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self._key, hashes.SHA256())


def _fingerprint(key: ec.EllipticCurvePrivateKey) -> str:
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b64encode(sha256(public).digest()).decode()


@contextmanager
def two_sites(folder: Path) -> Iterator[Authority]:
    """Names below `.example` lead here, and this process trusts the authority; applications are made inside."""
    authority = Authority(folder)
    found = socket.getaddrinfo

    def lead_here(host: Any, *about: Any, **more: Any) -> Any:
        return found(HERE if str(host).endswith(".example") else host, *about, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lead_here)
        patch.setenv("SSL_CERT_FILE", str(authority.bundle))
        yield authority
