import httpx
import pytest

from medici.web.guard import HEADERS, MAX_FILE


@pytest.mark.parametrize(
    "path", ["/", "/verify", "/static/medici.css", "/nope", "/api/v1/firm", "/api/nope", "/healthz"]
)
def test_every_answer_carries_the_headers(visitor, path):
    answer = visitor.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "server" not in answer.headers or "uvicorn" in answer.headers["server"]


def test_a_policy_that_trusts_nobody_else():
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_file_too_large_is_refused_before_it_is_read(knock):
    answer = knock(
        b"POST /api/v1/verify HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: %d\r\n\r\n--x" % (MAX_FILE * 4)
    )
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"too-large"' in answer


@pytest.mark.parametrize("path", ["/api/v1/verify", "/verify"])
def test_a_file_too_large_is_refused_while_it_comes(visitor, path):
    def body():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        for _ in range(MAX_FILE // (1 << 20) + 2):
            yield b"\0" * (1 << 20)
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}  # and no length: chunked
    try:
        answer = visitor.post(path, headers=headers, content=body())
    except httpx.WriteError:
        return  # the server hung up on us, as it may
    assert answer.status_code == 413
