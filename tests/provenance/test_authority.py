from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from medici.errors import UnreadableFile, WrongPassword, WrongUse
from medici.provenance import authority
from medici.records import Address

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
SIGNER = Address("0x" + "1" * 40)


@pytest.fixture(scope="module")
def root():
    return authority.found("Bottega", NOW)


def test_a_model_is_bound_to_its_account_on_the_chain(root):
    model = authority.issue_model(root, "portraits", SIGNER, 31337, NOW)
    model.certificate.verify_directly_issued_by(root.certificate)
    assert authority.signer_named_by(model.certificate) == (31337, SIGNER)
    assert authority.signer_named_by(root.certificate) is None
    purposes = model.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    basic = model.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not basic.ca
    assert model.pem.count("BEGIN CERTIFICATE") == 2


def test_every_certificate_has_a_key_of_its_own(root):
    issued = [authority.issue_model(root, "m", SIGNER, 1, NOW) for _ in range(3)]
    assert len({i.key_digest for i in issued}) == 3
    assert len({i.certificate.serial_number for i in issued}) == 3


def test_a_renewed_certificate_keeps_the_key_that_the_registry_knows(root):
    old = authority.issue_model(root, "m", SIGNER, 1, NOW)
    new = authority.renew(root, old, NOW + dt.timedelta(days=1000))
    assert new.key_digest == old.key_digest
    assert new.certificate.not_valid_after_utc > old.certificate.not_valid_after_utc
    assert new.certificate.serial_number != old.certificate.serial_number
    assert authority.signer_named_by(new.certificate) == (1, SIGNER)
    new.certificate.verify_directly_issued_by(root.certificate)


def test_keys_rest_under_a_password(root):
    model = authority.issue_model(root, "m", SIGNER, 1, NOW)
    sealed = model.seal("correct horse")
    assert b"ENCRYPTED" in sealed
    assert authority.Identity.unseal(sealed, "correct horse").chain == model.chain
    with pytest.raises(WrongPassword):
        authority.Identity.unseal(sealed, "battery staple")
    with pytest.raises(WrongPassword):
        authority.Identity.unseal(sealed, "")
    with pytest.raises(WrongUse):
        model.seal("")


def test_what_is_no_sealed_identity_is_refused(root):
    other = authority.issue_model(root, "m", SIGNER, 1, NOW)
    mixed = other.seal("p").split(b"-----BEGIN CERT")[0] + root.pem.encode()
    with pytest.raises(UnreadableFile):
        authority.Identity.unseal(mixed, "p")
    for junk in (b"", b"hello", root.pem.encode()[:200]):
        with pytest.raises(UnreadableFile):
            authority.Identity.unseal(junk, "p")
