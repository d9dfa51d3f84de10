"""The child process of `examine`: reads one file from standard input, answers one line of JSON.

Run as ``python -I -m medici.provenance.examiner ROOTS``; nothing here may be trusted to survive.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any


def limit(memory: int, cpu: int) -> str:
    """Hold this process to its limits; the sentence to show when the system cannot."""
    try:
        import resource
    except ImportError:
        return "this system sets no limits on the process that decoded the file"
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return "this system does not enforce the memory limit on the process that decoded the file"
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    return ""


def answer(data: bytes, roots: list[str]) -> dict[str, Any]:
    """Everything `examine.Findings` holds, as JSON values, or ``{"error", "hint"}``."""
    from medici.content import digest
    from medici.errors import UnreadableFile
    from medici.provenance import pictures, prints, sounds
    from medici.provenance.credentials import read

    try:
        decoded = sounds.decode(data) if sounds.known(data) else pictures.decode(data)
    except UnreadableFile as error:
        known = ", ".join([*pictures.FORMATS, *sounds.FORMATS])
        return {"error": error.message, "hint": error.hint or f"known: {known}"}
    found = read(data, decoded.mime, roots) if decoded.mime else None
    return {
        "medium": decoded.medium.name,
        "work": digest(decoded.content),
        "query": prints.query(decoded.content).as_json(),
        "credentials": found.state if found else "missing",
        "pinned": found.pinned if found else None,
        "own": bool(found and found.own),
        "generation": found.generation.as_json() if found and found.generation else None,
        "anchor": found.anchor.as_json() if found and found.anchor else None,
        "problems": list(found.problems) if found else [],
        "display": list(decoded.display),
    }


def main() -> int:
    """Read, answer, and leave as soon as anything is odd."""
    from medici.provenance.examine import CPU_SECONDS, MEMORY_BYTES

    limits = limit(MEMORY_BYTES, CPU_SECONDS)
    warnings.simplefilter("ignore")
    data = sys.stdin.buffer.read()
    try:
        found = answer(data, json.loads(sys.argv[1]))
    except MemoryError:
        found = {"error": "it needs more memory than a work should"}
    sys.stdout.write(json.dumps(found | {"limits": limits}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
