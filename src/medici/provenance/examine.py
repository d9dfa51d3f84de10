"""Looking into a stranger's file without being harmed by it: a child process with limits does it.

Decoders and credential readers are large, native and fed by strangers; a crafted file once took a
C2PA reader to 12 GB. So the file goes into a child that may use little memory, little time, and
may write nothing; what comes back is one line of JSON, read as data.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medici.errors import UnreadableFile
from medici.provenance.claims import AnchorClaim, GenerationClaim
from medici.provenance.media import MEDIA, Medium
from medici.provenance.prints import AnyQuery, query_from_json
from medici.records import Digest, WorkId

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_FILE_BYTES = 64 << 20
MEMORY_BYTES = 3 << 30
CPU_SECONDS = 20
WALL_SECONDS = 60
_MAX_ANSWER = 4 << 20


@dataclass(frozen=True, slots=True)
class Findings:
    """What stands in a file.

    Attributes:
        medium: whether it is a picture or a sound.
        work: digest of the decoded content.
        query: fingerprints to look for its original.
        credentials: ``trusted``, ``untrusted``, ``tampered`` or ``missing``, by the roots given.
        pinned: key digest of the certificate that signed, when trusted.
        own: the active manifest makes a claim of ours itself.
        claimed: the generation claim.
        anchor: the anchor claim.
        problems: what failed in the credentials, as C2PA codes.
        display: why people see or hear something else than the decoded content; empty if not.
        limits: a sentence when this system could not hold the child to its memory limit.
    """

    medium: Medium
    work: WorkId
    query: AnyQuery
    credentials: str
    pinned: Digest | None
    own: bool
    claimed: GenerationClaim | None
    anchor: AnchorClaim | None
    problems: tuple[str, ...]
    display: tuple[str, ...]
    limits: str


def examine(source: Path | bytes, roots: Sequence[str] = ()) -> Findings:
    """Decode, digest, fingerprint and read the credentials of an untrusted file.

    Args:
        source: path of the file, or its bytes.
        roots: PEM certificates whose credentials are trusted.

    Raises:
        UnreadableFile: missing, too large, no picture or sound, or it broke the child's limits.
    """
    name = str(source) if isinstance(source, Path) else "the upload"
    data = _bytes_of(source, name)
    command = [sys.executable, "-I", "-m", "medici.provenance.examiner", json.dumps(list(roots))]
    environment = {
        key: os.environ[key]
        for key in ("PATH", "HOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
        if key in os.environ
    }
    # One thread: a thread pool's stacks would be counted against the memory limit.
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as child:
        try:
            out, _ = child.communicate(data, timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise UnreadableFile(
                f"{name} took more than {WALL_SECONDS} s to decode", "it may be crafted to"
            ) from None
    if child.returncode != 0 or len(out) > _MAX_ANSWER:
        raise UnreadableFile(
            f"{name} broke the decoder (status {child.returncode})",
            "it may be damaged, or crafted to use up memory or time",
        )
    try:
        answer = json.loads(out)
        if "error" in answer:
            raise UnreadableFile(f"{name}: {answer['error']}", answer.get("hint", ""))
        return _findings(answer)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFile(f"{name} made the decoder answer nonsense: {error}") from error


def examine_here(data: bytes, roots: Sequence[str] = ()) -> Findings:
    """The same without the child process: quicker, and only for files one made oneself.

    Raises:
        UnreadableFile: it is no picture or sound.
    """
    from medici.provenance.examiner import answer

    found = answer(data, list(roots))
    if "error" in found:
        raise UnreadableFile(f"the file: {found['error']}", found["hint"])
    return _findings(found | {"limits": ""})


def _bytes_of(source: Path | bytes, name: str) -> bytes:
    if isinstance(source, Path):
        try:
            if not source.is_file():
                raise UnreadableFile(f"{name} is no file" if source.exists() else f"no file {name}")
            with source.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise UnreadableFile(f"{name} cannot be read: {error.strerror}") from error
    else:
        data = source
    if not data:
        raise UnreadableFile(f"{name} is empty")
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableFile(f"{name} is larger than {MAX_FILE_BYTES >> 20} MiB")
    return data


def _findings(answer: dict[str, Any]) -> Findings:
    claimed = anchor = None
    if answer["generation"]:
        claimed = GenerationClaim.from_json(answer["generation"])
    if answer["anchor"]:
        anchor = AnchorClaim.from_json(answer["anchor"])
    return Findings(
        medium=MEDIA[answer["medium"]],
        work=WorkId(answer["work"]),
        query=query_from_json(answer["query"]),
        credentials=answer["credentials"],
        pinned=Digest(answer["pinned"]) if answer["pinned"] else None,
        own=answer["own"],
        claimed=claimed,
        anchor=anchor,
        problems=tuple(answer["problems"]),
        display=tuple(answer["display"]),
        limits=answer["limits"],
    )
