"""The firm's own certificate authority: who may sign Content Credentials, and who tells the time.

One root (P-256) a firm. Each model gets a leaf certificate that names its chain account, the
time-stamp authority one for itself. Roots are what a verifier trusts; keys rest encrypted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from medici.errors import UnreadableFile, WrongPassword, WrongUse
from medici.records import Address, Digest

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT_YEARS = 30
LEAF_YEARS = 5
_DID_PREFIX = "did:pkh:eip155:"


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its private key and the certificates above it.

    Attributes:
        key: P-256 private key of the certificate.
        chain: the certificate first, then its issuers, the root last.
    """

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate itself."""
        return self.chain[0]

    @property
    def pem(self) -> str:
        """The chain as C2PA wants it: leaf first."""
        return "".join(certificate_pem(c) for c in self.chain)

    @property
    def root_pem(self) -> str:
        """The root, which verifiers put into their trust anchors."""
        return certificate_pem(self.chain[-1])

    @property
    def key_digest(self) -> Digest:
        """SHA-256 of the certificate's public key, as `ModelRegistry` stores it."""
        return public_key_digest(self.certificate)

    @property
    def key_pem(self) -> str:
        """The private key in clear (PKCS #8); only for handing it to a signer in memory."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def seal(self, password: str) -> bytes:
        """Chain and encrypted key as one PEM file.

        Raises:
            WrongUse: the password is empty.
        """
        if not password:
            raise WrongUse("a key is never written without a password", "choose one")
        sealed = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode()),
        )
        return sealed + self.pem.encode()

    @classmethod
    def unseal(cls, data: bytes, password: str) -> Identity:
        """Read what `seal` wrote.

        Raises:
            WrongPassword: the password does not open it.
            UnreadableFile: it is no sealed identity, or key and certificate do not belong together.
        """
        try:
            chain = tuple(x509.load_pem_x509_certificates(data))
        except ValueError as error:
            raise UnreadableFile(f"not a sealed identity: {error}") from error
        try:
            key = serialization.load_pem_private_key(data, password.encode() or None)
        except (ValueError, TypeError) as error:
            raise WrongPassword("the password does not open the certificate's key") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise UnreadableFile("the sealed key is not an elliptic-curve key")
        if key.public_key() != chain[0].public_key():
            raise UnreadableFile("the sealed key is not the certificate's")
        return cls(key, chain)


def certificate_pem(certificate: x509.Certificate) -> str:
    """The certificate as PEM text."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def public_key_digest(certificate: x509.Certificate) -> Digest:
    """SHA-256 of the DER SubjectPublicKeyInfo."""
    return Digest.of(
        certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def model_did(chain_id: int, signer: Address) -> str:
    """The decentralised identifier of a chain account. Source: CAIP-10, did:pkh."""
    return f"{_DID_PREFIX}{chain_id}:{signer}"


def signer_named_by(certificate: x509.Certificate) -> tuple[int, Address] | None:
    """Chain id and account in the certificate's subject alternative name, None without one."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    for uri in names.get_values_for_type(x509.UniformResourceIdentifier):
        chain, _, account = uri.removeprefix(_DID_PREFIX).partition(":")
        if uri.startswith(_DID_PREFIX) and chain.isdecimal():
            try:
                return int(chain), Address(account)
            except WrongUse:
                continue
    return None


def found(organisation: str, now: dt.datetime) -> Identity:
    """Make a firm's root.

    Args:
        organisation: the firm's name; stands as O and CN.
        now: aware time from which it is valid, for `ROOT_YEARS`.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(organisation, f"{organisation} root")
    certificate = (
        _builder(name, name, key, now, ROOT_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Identity(key, (certificate,))


def issue_model(
    root: Identity, model: str, signer: Address, chain_id: int, now: dt.datetime
) -> Identity:
    """A model's certificate for Content Credentials, bound to the model's chain account.

    The profile is what C2PA validators accept: emailProtection, digitalSignature, no CA.

    Args:
        root: the firm's root.
        model: the model's name; stands as CN.
        signer: the account that signs for the model on the chain; stands as did:pkh.
        chain_id: the chain of that account.
        now: aware time from which it is valid, for `LEAF_YEARS`.
    """
    did = x509.UniformResourceIdentifier(model_did(chain_id, signer))
    return _issue(
        root, model, now, [ExtendedKeyUsageOID.EMAIL_PROTECTION], x509.SubjectAlternativeName([did])
    )


def renew(root: Identity, model: Identity, now: dt.datetime) -> Identity:
    """A model's certificate with a new term for the same key, which the registry goes on knowing.

    Args:
        root: the firm's root, the issuer of the old certificate.
        model: the identity whose certificate runs out.
        now: aware time from which the new one is valid, for `LEAF_YEARS`.
    """
    old = model.certificate
    names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    common_name = str(old.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    usages = [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    return _issue(root, common_name, now, usages, names, model.key)


def issue_time_stamper(root: Identity, now: dt.datetime) -> Identity:
    """The certificate of the firm's time-stamp authority. Source: RFC 3161, section 2.3."""
    return _issue(root, "time-stamp authority", now, [ExtendedKeyUsageOID.TIME_STAMPING], None)


def _issue(
    root: Identity,
    common_name: str,
    now: dt.datetime,
    usages: Sequence[x509.ObjectIdentifier],
    names: x509.SubjectAlternativeName | None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Identity:
    key = key or ec.generate_private_key(ec.SECP256R1())
    issuer = root.certificate
    organisation = str(issuer.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
    # RFC 3161 demands that a time-stamper's only purpose be marked critical.
    stamping = ExtendedKeyUsageOID.TIME_STAMPING in usages
    years = ROOT_YEARS - 1 if stamping else LEAF_YEARS
    builder = (
        _builder(_name(organisation, common_name), issuer.subject, key, now, years)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=stamping)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()),
            critical=False,
        )
    )
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    return Identity(key, (builder.sign(root.key, hashes.SHA256()), *root.chain))


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
        ]
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
    years: int,
) -> x509.CertificateBuilder:
    start = now.astimezone(dt.UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=365 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
