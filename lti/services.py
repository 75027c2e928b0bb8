"""One call to a service of a platform: only to its own hosts, with a token of least scope, asked once more
when the token had been withdrawn. `grades.py` and `rosters.py` are built on it."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from lti.errors import AddressRefused, AnswerUnreadable
from lti.http import Answer, HttpClient
from lti.stores import Platform
from lti.tokens import AccessTokens

PAGES = 500  # pages of one list that we are ready to read

# One link-value of RFC 8288: <address> and its parameters. Moodle 4.5 writes curly quotes and &amp;.
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r";\s*rel\s*=\s*(\"[^\"]*\"|“[^”]*”|[^\s;,\"]+)", re.IGNORECASE)


class Services:
    """HTTP client and tokens together; keep one for the life of the process."""

    def __init__(self, http: HttpClient, tokens: AccessTokens) -> None:
        self._http = http
        self._tokens = tokens

    def call(
        self,
        platform: Platform,
        method: str,
        url: str,
        *,
        scope: str,
        accept: str,
        body: bytes | None = None,
        content_type: str | None = None,
    ) -> Answer:
        """Call and return an answer below 300.

        Raises AddressRefused (not on the platform's hosts), PlatformRefused, and what the token costs.
        """
        self.check(platform, url)
        headers = {"Accept": accept} | ({"Content-Type": content_type} if content_type else {})
        token = self._tokens.get(platform, [scope])
        answer = self._send(method, url, headers, token, body)
        if answer.status == 401:  # withdrawn before its time; nothing was done, so asking again is safe
            self._tokens.drop(platform, [scope], token)
            answer = self._send(method, url, headers, self._tokens.get(platform, [scope]), body)
        if not 200 <= answer.status < 300:
            raise answer.refusal()
        return answer

    def check(self, platform: Platform, url: str) -> None:
        """Raises AddressRefused unless an address is on one of the platform's own hosts."""
        if not platform.serves(url):
            raise _foreign(platform)

    def pages(self, platform: Platform, url: str, *, scope: str, accept: str) -> Iterator[Answer]:
        """The pages of a list, by their "next" links.

        Raises what `call` raises, and AnswerUnreadable when the list runs in circles or never ends.
        """
        seen: set[str] = set()
        following: str | None = url
        while following is not None:
            if following in seen or len(seen) >= PAGES:
                raise AnswerUnreadable("the pages of this list do not end")
            seen.add(following)
            answer = self.call(platform, "GET", following, scope=scope, accept=accept)
            yield answer
            following = next_page(answer.headers.get("Link", ""), following)

    def _send(self, method: str, url: str, headers: dict[str, str], token: str, body: bytes | None) -> Answer:
        # "Bearer" is capitalised: Blackboard refuses it otherwise.
        return self._http.send(method, url, headers={**headers, "Authorization": f"Bearer {token}"}, body=body)


def next_page(header: str, base: str) -> str | None:
    """The address of the next page in a Link header, or None; as `linked`."""
    return linked(header, base, "next")


def linked(header: str, base: str, relation: str) -> str | None:
    """The address that a Link header (RFC 8288) gives for a relation, or None.

    Letters keep their case, parameters may stand in any order, quotes may be missing, straight or curly,
    and "&amp;" in an address means "&". Raises AnswerUnreadable for an address that is none.
    """
    for address, parameters in _LINK.findall(_decoded(header)):
        rel = _REL.search(parameters)
        if rel and relation in rel[1].strip('"“”').lower().split():
            return _joined(base, address.strip().replace("&amp;", "&"))
    return None


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError as error:
        raise AnswerUnreadable("an address in the Link header cannot be read") from error


def _decoded(header: str) -> str:
    """Header bytes come as Latin-1; curly quotes were UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _foreign(platform: Platform) -> AddressRefused:
    return AddressRefused(
        "host-unknown",
        "Your LMS named a service on a host that is not registered for it, so it was not called. The people "
        "who run this tool can add the host to the LMS's registration.",
        f"platform {platform.id}",
    )
