"""The tool's own keys and their rota."""

from datetime import timedelta

import pytest
from joserfc import jwk, jwt

from lti import keys
from lti.keys import KeyDates, rota
from tests.lti.peer import NOW

DAY = timedelta(days=1)


def test_a_new_key_signs_what_its_published_half_verifies() -> None:
    pair = keys.make()
    signed = keys.load(pair.private_pem).sign({"a": 1})
    public = jwk.RSAKey.import_key(dict(pair.public_jwk))
    token = jwt.decode(signed, public, algorithms=["RS256"])
    assert token.claims == {"a": 1}
    assert token.header["kid"] == pair.kid == public.thumbprint()


def test_the_published_half_holds_nothing_private() -> None:
    pair = keys.make()
    assert set(pair.public_jwk) == {"kty", "use", "alg", "kid", "n", "e"}
    assert (pair.public_jwk["use"], pair.public_jwk["alg"]) == ("sig", "RS256")
    assert keys.document([pair.public_jwk]) == {"keys": [dict(pair.public_jwk)]}
    assert "PRIVATE" not in repr(pair)


@pytest.mark.parametrize("text", ["", "odd", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----"])
def test_what_is_no_private_key_is_said_so(text: str) -> None:
    with pytest.raises(ValueError, match="RSA private key"):
        keys.load(text)


def test_a_public_key_or_a_curve_is_not_loaded() -> None:
    public = jwk.RSAKey.generate_key(2048).as_pem(private=False).decode()
    curve = jwk.ECKey.generate_key("P-256").as_pem(private=True).decode()
    for text in (public, curve):
        with pytest.raises(ValueError, match="RSA private key"):
            keys.load(text)


def test_without_a_key_one_is_due() -> None:
    assert rota([], NOW) == keys.Rota(signing=None, published=(), is_due=True)


def test_the_first_key_signs_at_once() -> None:
    assert rota([KeyDates("a", NOW)], NOW) == keys.Rota("a", ("a",), is_due=False)


def test_the_next_key_is_published_a_day_before_it_signs_and_the_last_one_two_weeks_after() -> None:
    both = [KeyDates("a", NOW - 90 * DAY), KeyDates("b", NOW)]
    for days, signing, published in [
        (0.0, "a", ("a", "b")),
        (0.99, "a", ("a", "b")),
        (1.0, "b", ("a", "b")),
        (14.99, "b", ("a", "b")),
        (15.0, "b", ("b",)),
    ]:
        found = rota(both, NOW + days * DAY)
        assert (found.signing, found.published) == (signing, published)


def test_a_new_key_is_due_after_ninety_days() -> None:
    assert not rota([KeyDates("a", NOW)], NOW + 89 * DAY).is_due
    assert rota([KeyDates("a", NOW)], NOW + 90 * DAY).is_due
    assert not rota([KeyDates("a", NOW - 90 * DAY), KeyDates("b", NOW)], NOW).is_due


def test_a_revoked_key_neither_signs_nor_is_published() -> None:
    both = [KeyDates("a", NOW - 90 * DAY, revoked_at=NOW), KeyDates("b", NOW)]
    assert rota(both, NOW) == keys.Rota("b", ("b",), is_due=False)
    assert rota([both[0]], NOW).signing is None


def test_several_young_keys_leave_the_oldest_signing() -> None:
    found = rota([KeyDates("b", NOW), KeyDates("a", NOW - timedelta(hours=2))], NOW)
    assert (found.signing, found.published) == ("a", ("a", "b"))
