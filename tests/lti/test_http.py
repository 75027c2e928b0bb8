"""The one HTTP client: whom it calls, how long it waits, how much it reads."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lti.errors import AddressRefused, AnswerUnreadable, PlatformRefused, Unreachable
from lti.http import Answer, Guard, HttpClient
from tests.lti.peer import Reply, Server, http


@pytest.mark.parametrize(
    "url",
    [
        "http://lms.example.org/",
        "https://user@lms.example.org/",
        "https://user:pass@lms.example.org/",
        "ftp://lms.example.org/",
        "file:///etc/passwd",
        "https://lms.example.org/" + "x" * 4000,
        "not an address",
    ],
)
def test_outside_development_only_plain_https_addresses_are_called(url: str) -> None:
    with pytest.raises(AddressRefused):
        Guard().check(url)
    assert Guard().check("https://lms.example.org/x").host == "lms.example.org"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "fec0::1",
        "2001:0:7f00:1::",
        "::ffff:127.0.0.1",
        "::ffff:a00:1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
    ],
)
def test_no_private_address_is_called_whatever_it_is_dressed_as(host: str) -> None:
    with pytest.raises(AddressRefused):
        Guard().addresses(host, 443)


def test_public_addresses_are_called() -> None:
    assert Guard().addresses("93.184.216.34", 443) == ["93.184.216.34"]
    assert Guard().addresses("2606:4700::1", 443) == ["2606:4700::1"]
    assert Guard().addresses("64:ff9b::808:808", 443), "8.8.8.8 through a NAT64 gateway"


class Mixed(Guard):
    """A name with a public and a private address."""

    def resolve(self, host: str, port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.1"]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(AddressRefused):
        Mixed().addresses("lms.example.org", 443)


def test_the_guard_stops_a_request_before_it_leaves(server: Server) -> None:
    port = server.host.partition(":")[2]
    for url in (server.url, f"https://localhost:{port}/", f"https://127.0.0.1:{port}/"):
        with pytest.raises(AddressRefused):
            HttpClient().get(url, headers={})
    assert server.requests == []


def test_an_unknown_name_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        http().get("http://nobody.invalid/", headers={})
    with pytest.raises(Unreachable):
        http().get("http://" + "a" * 70 + ".example.org/", headers={})


def test_every_request_names_its_agent_and_connections_are_kept(server: Server) -> None:
    server.answers["GET /x"] = Reply({"a": 1})
    client = http()
    for _ in range(3):
        assert client.get(server.url + "/x?q=1", headers={"Accept": "application/json"}).json() == {"a": 1}
    assert {request.headers["User-Agent"] for request in server.requests} == {"practice/1"}
    assert {request.headers["Accept"] for request in server.requests} == {"application/json"}
    assert len(server.connections) == 1


def test_a_status_of_300_or_more_is_a_refusal_and_a_redirect_is_not_followed(server: Server) -> None:
    server.answers["GET /x"] = Reply(b"gone", status=302, headers={"Location": server.url + "/y"})
    server.answers["GET /y"] = Reply({"a": 1})
    with pytest.raises(PlatformRefused) as caught:
        http().get(server.url + "/x", headers={})
    assert (caught.value.answered, caught.value.excerpt) == (302, "gone")
    assert server.count("GET /y") == 0


def test_an_answer_that_is_too_long_is_not_read_to_its_end(server: Server) -> None:
    server.answers["GET /x"] = Reply(b"x" * 5000)
    with pytest.raises(AnswerUnreadable):
        http().get(server.url + "/x", headers={}, longest=4999)
    assert http().get(server.url + "/x", headers={}, longest=5000).body == b"x" * 5000


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends one byte every 50 ms, for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not ended.wait(0.05):
                try:
                    connection.sendall(b"1\r\nx\r\n")
                except OSError:
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    ended.set()
    thread.join()
    listener.close()


def test_a_dripping_answer_ends_at_the_deadline(dripping: str) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable):
        http().get(dripping, headers={}, seconds=0.3)
    assert time.monotonic() - began < 20


def test_nobody_listening_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        http().get("http://127.0.0.1:9/", headers={}, seconds=1)


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"\xff", b"", b"[" * 100_000])
def test_what_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(AnswerUnreadable):
        Answer(200, {"Content-Type": "text/html; charset=utf-8"}, body).json()


@pytest.mark.parametrize(
    ("value", "seconds"), [("", None), ("120", 120.0), ("soon", None), ("-5", None), ("9999999", 86400.0)]
)
def test_retry_after_is_read(value: str, seconds: float | None) -> None:
    assert Answer(429, {"Retry-After": value}, b"").retry_after == seconds


def test_retry_after_may_be_a_date() -> None:
    value = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    found = Answer(429, {"Retry-After": value}, b"").retry_after
    assert found is not None
    assert 80 < found <= 90


class Sending(Guard):
    """Sends every name to the loopback and lets only that through, counting the look-ups."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_up: list[str] = []

    def resolve(self, host: str, port: int) -> list[str]:
        self.looked_up.append(host)
        return ["127.0.0.1"]

    def permits(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return str(address) == "127.0.0.1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem and, for lms.example.org, a certificate with its key in server.pem."""
    folder = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lms.example.org")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("lms.example.org")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(public)
    (folder / "server.pem").write_bytes(private + public)
    return folder


@pytest.fixture
def secure(server: Server, authority: Path) -> Server:
    """The server, over TLS as lms.example.org."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    server.wrap(context)
    server.answers["GET /x"] = Reply({"a": 1})
    return server


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_tls_goes_to_the_checked_address_and_still_verifies_the_name(
    secure: Server, authority: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(authority / "ca.pem"))
    guard = Sending()
    client = HttpClient(guard=guard)
    port = secure.host.partition(":")[2]
    for _ in range(2):
        assert client.get(f"https://lms.example.org:{port}/x", headers={}).json() == {"a": 1}
    assert guard.looked_up == ["lms.example.org"], "one look-up, and no second one to connect"
    with pytest.raises(Unreachable):
        client.get(f"https://other.example.org:{port}/x", headers={})


def test_a_certificate_of_nobody_we_trust_is_unreachable(secure: Server) -> None:
    with pytest.raises(Unreachable):
        HttpClient(guard=Sending()).get(f"https://lms.example.org:{secure.host.partition(':')[2]}/x", headers={})
    assert secure.requests == []


def test_a_bundle_that_cannot_be_read_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(ValueError, match="REQUESTS_CA_BUNDLE"):
        HttpClient()


class Spare(Guard):
    """A name whose first address does not answer."""

    def resolve(self, host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]


def test_the_next_address_is_tried_when_the_first_does_not_answer(server: Server) -> None:
    server.answers["GET /x"] = Reply({"a": 1})
    client = HttpClient(guard=Spare(allow_private=True))
    port = server.host.partition(":")[2]
    assert client.get(f"http://lms.example.org:{port}/x", headers={}).json() == {"a": 1}
    assert server.requests[0].headers["Host"] == f"lms.example.org:{port}"
