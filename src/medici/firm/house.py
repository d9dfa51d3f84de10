"""The firm as one object: its settings, folders, keys, model, and what it knows of its works.

Opening a firm reads its settings and nothing else; keys, model and chain are reached for when they
are first needed.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from medici import settings as settings_
from medici.errors import UnreadableFile
from medici.firm.catalogue import Catalogue, Entry
from medici.records import Cid
from medici.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from medici.ledger.accounts import Key, Keyring
    from medici.ledger.networks import Network
    from medici.provenance.media import Content
    from medici.records import Rendering
    from medici.settings import Settings
    from medici.studio.families import Generator

ROLES = ("artist", "deployer", "guardian")
"""The keys a firm has of its own."""


def model_at(folder: Path, name: str) -> Generator:
    """A model by its folder, relative to this one, or by the name it is shipped under.

    Raises:
        NoWeights: there is none.
        BadWeights: what is there is damaged.
    """
    from medici.studio.families import load_model

    own = folder / name
    return load_model(own if own.is_dir() else name)


def _picture(file: Path) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    from medici.studio.data.picture import FORMATS

    try:
        with Image.open(file, formats=FORMATS) as image:
            return np.asarray(image.convert("RGBA"))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableFile(f"{file} cannot be read as a picture: {error}") from error


class Firm:
    """One firm.

    Args:
        settings: as `medici.settings.load` gave them.
        prompt: asks a person for the key store's password; None when nobody can be asked.
        environ: where passwords, programs and node addresses are looked up.
    """

    def __init__(
        self,
        settings: Settings,
        prompt: Callable[[], str] | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.settings = settings
        self.prompt = prompt
        self.environ = environ
        self.folder: Path = settings.folder
        self.catalogue = Catalogue(settings.state / "works")
        self.store = Store(settings.state / "store")

    @classmethod
    def open(
        cls,
        start: Path,
        network: str | None = None,
        prompt: Callable[[], str] | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> Firm:
        """The firm in this folder or the nearest above.

        Args:
            start: where to begin looking.
            network: the chain to use, instead of the one in the settings.
            prompt: asks for the password.
            environ: the environment.

        Raises:
            NoFirm, BadSettings: as `medici.settings` says.
        """
        if network is not None:
            environ = {**environ, "MEDICI_NETWORK": network}
        return cls(settings_.load(settings_.find_firm(start), environ), prompt, environ)

    @cached_property
    def network(self) -> Network:
        """The chain in use."""
        from medici.ledger.networks import network

        return network(self.settings, environ=self.environ)

    @cached_property
    def password(self) -> Callable[[], str]:
        """Asks for the password of keys and certificates, once.

        On the local chain, whose money is worth nothing, a random one is kept beside the keys so
        that nobody need type it; on any other it must be given.
        """
        from medici.ledger.accounts import make_password_file, password_source

        file = self.keys / "password"
        given = {"MEDICI_PASSWORD", "MEDICI_PASSWORD_FILE"} & set(self.environ)
        if self.network.kept and not given and not any(self.keys.glob("*.json")):
            make_password_file(file)
        return password_source(self.environ, file if self.network.kept else None, self.prompt)

    @property
    def keys(self) -> Path:
        """The folder of the keys for the chain in use."""
        return self.settings.state / "keys" / self.settings.network

    @cached_property
    def keyring(self) -> Keyring:
        """The firm's encrypted keys."""
        from medici.ledger.accounts import Keyring

        cost: Literal["light", "standard"] = "light" if self.network.kept else "standard"
        return Keyring(self.keys, self.password, cost=cost)

    @property
    def trusted_roots(self) -> tuple[str, ...]:
        """The certificates, as PEM, at which the firm's Content Credentials must end."""
        path = self.settings.state / "certificates" / "root.crt"
        return (path.read_text("ascii"),) if path.exists() else ()

    def key(self, role: str) -> Key:
        """The unlocked key of a role.

        Raises:
            NoKey, WrongPassword: it is not there, or does not open.
        """
        return self.keyring.unlock(role)

    def collectors(self) -> dict[str, Key]:
        """The SIMULATED collectors by name; none but on a chain that Medici keeps itself."""
        if not self.network.kept:
            return {}
        keys = self.keyring.simulated(self.settings.collectors.count)
        return {f"collector-{place}": key for place, key in enumerate(keys, 1)}

    @cached_property
    def generator(self) -> Generator:
        """The model in use.

        Raises:
            NoWeights: it is neither shipped nor in that folder.
        """
        return model_at(self.folder, self.settings.studio.model)

    def render(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """Make these works under the firm's style, with changes.

        Raises:
            BadStyle: a style key is unknown or out of range.
        """
        steered = {**self.settings.studio.style, **(style or {})}
        return self.generator.sample_many(list(seeds), steered)

    def rendering(self, entry: Entry) -> Rendering:
        """A work of the firm's as it was seen when it was rendered, without its sound."""
        from medici.records import Rendering

        said = entry.record
        return Rendering(self.pixels(entry), said.seed, said.style, said.kind)

    def pixels(self, entry: Entry) -> NDArray[np.uint8]:
        """What a work of the firm's looks like, (h, w, 4) uint8: its file's picture, or its cover.

        Raises:
            UnreadableFile: the picture is missing or damaged.
        """
        file = self.store.path(Cid(entry.cover)) if entry.cover else self.folder / entry.file
        return _picture(file)

    def decode(self, file: Path) -> Content:
        """The picture or the sound in a file of the firm's own.

        Raises:
            UnreadableFile: it is missing, or neither.
        """
        from medici.provenance import sounds

        try:
            with file.open("rb") as opened:
                heard = sounds.known(opened.read(16))
            return sounds.decode(file.read_bytes()).content if heard else _picture(file)
        except OSError as error:
            raise UnreadableFile(f"{file} cannot be read: {error.strerror}") from error
