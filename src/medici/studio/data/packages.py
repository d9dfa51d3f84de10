"""Art that comes as a package of npm or PyPI: its pictures, with the licence the package states."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from medici.errors import BadData, MissingPart
from medici.studio.data import archives
from medici.studio.data.picture import load
from medici.studio.data.sidecars import Sidecars
from medici.studio.data.sources import Source, folder, gather
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def npm(name: str) -> Source:
    """An installed npm package, or a part of it: ``@tabler/icons/icons/outline``.

    The file that ``npm pack`` gives is taken as well.

    Raises:
        MissingPart: no ``node_modules`` here or above holds it.
        BadData: the file cannot be read.
    """
    if name.endswith(".tgz"):
        path = Path(name)
        if not path.is_file():
            raise BadData(f"nothing at {path}", "npm pack PACKAGE makes such a file")
        return archives.archive(path, f"npm:{path.name}")
    parts = name.split("/")
    own = 2 if name.startswith("@") else 1
    package, below = "/".join(parts[:own]), "/".join(parts[own:])
    for place in (Path.cwd(), *Path.cwd().parents):
        found = place / "node_modules" / package
        if (found / "package.json").is_file():
            version = _version(found / "package.json")
            return folder(found, f"npm:{name}@{version}", below)
    raise MissingPart(f"no npm package {package} is installed here", f"npm install {package}")


def pypi(name: str) -> Source:
    """The pictures in an installed Python package, or in a part: ``scikit-image/skimage/data``.

    Raises:
        MissingPart: it is not installed.
    """
    package, _, below = name.partition("/")
    try:
        found = metadata.distribution(package)
    except (metadata.PackageNotFoundError, ValueError) as error:
        raise MissingPart(
            f"no Python package {package!r} is installed here", f"pip install {package}"
        ) from error
    beside = Sidecars()
    about = dict(found.metadata.items())  # type: ignore[attr-defined]
    licence = about.get("License-Expression") or about.get("License")
    author = about.get("Author") or (about.get("Author-email") or "").split(" <")[0]
    beside.add("package.json", json.dumps({"license": licence, "author": author}).encode(), package)

    def entries() -> Iterator[tuple[str, Callable[[], bytes]]]:
        for file in sorted(found.files or []):
            path = Path(str(found.locate_file(file)))
            inside = not below or file.as_posix().startswith(below.rstrip("/") + "/")
            # Package lists of hand-made wheels may lead anywhere; pictures lie inside.
            if inside and ".." not in file.parts and path.is_file():
                yield file.as_posix(), lambda path=path: load(path)  # type: ignore[misc]

    return gather(f"pypi:{name}@{found.version}", f"{package}:", entries(), beside)


def _version(path: Path) -> str:
    try:
        return str(read_json(path.read_text("utf-8")).get("version", "unknown"))
    except (ValueError, AttributeError) as error:
        raise BadData(f"{path} is not a package description: {error}") from error
