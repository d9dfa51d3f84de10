from __future__ import annotations

import datetime as dt
import hashlib
import http.client
import socket
import subprocess
from urllib.parse import urlsplit

import pytest
from asn1crypto import core, tsp
from tests.provenance.world import NOW

from medici.provenance import authority, timestamp

THEN = dt.datetime(2026, 11, 23, 12, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def root():
    return authority.found("Bottega", NOW - dt.timedelta(days=1))


@pytest.fixture(scope="module")
def stamper(root):
    return authority.issue_time_stamper(root, NOW - dt.timedelta(days=1))


def request(data, algorithm="sha256", nonce=7):
    return tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": algorithm},
                "hashed_message": hashlib.new(algorithm, data).digest(),
            },
            "nonce": nonce,
            "cert_req": True,
        }
    ).dump()


def test_openssl_accepts_the_stamp(root, stamper, tmp_path):
    asked = request(b"work")
    (tmp_path / "q").write_bytes(asked)
    (tmp_path / "a").write_bytes(timestamp.respond(asked, stamper, NOW))
    (tmp_path / "root.pem").write_text(root.root_pem)
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-queryfile", "q", "-in", "a", "-CAfile", "root.pem"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Verification: OK" in done.stdout, done.stderr


def test_the_stamp_says_the_time_it_was_given_and_what_was_asked(stamper):
    answer = tsp.TimeStampResp.load(timestamp.respond(request(b"work"), stamper, THEN))
    assert answer["status"]["status"].native == "granted"
    info = answer["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed.native
    assert info["gen_time"] == THEN
    assert info["nonce"] == 7
    assert info["message_imprint"]["hashed_message"] == hashlib.sha256(b"work").digest()


@pytest.mark.parametrize("asked", [b"", b"junk", request(b"work")[:-3], request(b"x", "sha1")])
def test_a_bad_request_is_rejected_not_stamped(stamper, asked):
    answer = core.Sequence.load(timestamp.respond(asked, stamper, THEN), strict=True)
    status = tsp.PKIStatusInfo.load(answer.contents, strict=True)
    assert status["status"].native == "rejection"


def test_the_port_is_open_as_long_as_the_block_and_on_loopback_only(stamper):
    with timestamp.serving(stamper, lambda: THEN) as url:
        place = urlsplit(url)
        assert place.hostname == "127.0.0.1"
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
        connection.request("POST", "/", request(b"work"))
        body = connection.getresponse().read()
        connection.close()
        assert tsp.TimeStampResp.load(body)["status"]["status"].native == "granted"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname, place.port), 1)
