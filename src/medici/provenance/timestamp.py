"""A time-stamp authority of the firm's own (RFC 3161), reached over the loopback interface.

Without a time-stamp a file's credentials turn invalid the second its certificate expires; with one
they stay valid. The signer library asks over HTTP only, so `serving` opens a port on 127.0.0.1 for
as long as it signs. The time is only as good as the firm's clock; to strangers, the chain proves.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from medici.provenance.authority import Identity

# An OID under the UUID arc (2.25), as RFC 3161 demands a policy and we own no enterprise number.
POLICY = "2.25.1835361"
_MAX_REQUEST = 64 * 1024


def respond(request: bytes, identity: Identity, now: dt.datetime) -> bytes:
    """Answer a DER TimeStampReq with a DER TimeStampResp, granted or rejected.

    Args:
        request: what the client sent.
        identity: a certificate of `authority.issue_time_stamper` with its key.
        now: the time to certify.
    """
    try:
        asked = tsp.TimeStampReq.load(request, strict=True)
        imprint = asked["message_imprint"]
        algorithm = imprint["hash_algorithm"]["algorithm"].native
        size = hashlib.new(algorithm).digest_size if algorithm.startswith("sha") else 0
        if len(imprint["hashed_message"].native) != size or algorithm == "sha1":
            return _rejected("bad_alg")
        nonce = asked["nonce"].native
    except (ValueError, TypeError):
        return _rejected("bad_data_format")
    info = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": imprint,
        "serial_number": secrets.randbits(63),
        "gen_time": now.astimezone(dt.UTC).replace(microsecond=0),
    }
    if nonce is not None:
        info["nonce"] = nonce
    granted = {
        "status": {"status": "granted"},
        "time_stamp_token": _token(tsp.TSTInfo(info).dump(), identity, info["gen_time"]),
    }
    return bytes(tsp.TimeStampResp(granted).dump())


def _rejected(why: str) -> bytes:
    # asn1crypto knows no response without a token, so the outer sequence is put around by hand.
    status = bytes(tsp.PKIStatusInfo({"status": "rejection", "fail_info": {why}}).dump())
    return b"\x30" + bytes([len(status)]) + status


def _token(info: bytes, identity: Identity, now: object) -> cms.ContentInfo:
    """CMS SignedData over the info, with the certificate inside. Source: RFC 5652, RFC 5816."""
    der = identity.certificate.public_bytes(serialization.Encoding.DER)
    certificate = asn1_x509.Certificate.load(der)
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "signing_time", "values": [cms.Time({"utc_time": now})]},
            {"type": "message_digest", "values": [hashlib.sha256(info).digest()]},
            {
                "type": "signing_certificate_v2",
                "values": [{"certs": [{"cert_hash": hashlib.sha256(der).digest()}]}],
            },
        ]
    )
    signature = identity.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": {
                        "issuer": certificate.issuer,
                        "serial_number": certificate.serial_number,
                    }
                }
            ),
            "digest_algorithm": sha256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": signature,
        }
    )
    chain = [c.public_bytes(serialization.Encoding.DER) for c in identity.chain]
    return cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    "version": "v3",
                    "digest_algorithms": [sha256],
                    "encap_content_info": {
                        "content_type": "tst_info",
                        "content": core.ParsableOctetString(info),
                    },
                    "certificates": [asn1_x509.Certificate.load(c) for c in chain],
                    "signer_infos": [signer],
                }
            ),
        }
    )


@contextlib.contextmanager
def serving(identity: Identity, clock: Callable[[], dt.datetime]) -> Iterator[str]:
    """Serve time-stamps on a free loopback port for the length of the block; yields the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout: ClassVar[float] = 10

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            if not 0 < length <= _MAX_REQUEST:
                self.send_error(413)
                return
            body = respond(self.rfile.read(length), identity, clock())
            # One write: headers and body in two would wait 40 ms for a delayed acknowledgement.
            head = (
                "HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\n"
                f"content-length: {len(body)}\r\n\r\n"
            )
            self.wfile.write(head.encode() + body)

        def log_message(self, *_: object) -> None:
            """Silence: a library must not write to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
