"""Settings: ``medici.toml`` in the firm's folder, overridden by ``MEDICI_<SECTION>__<KEY>``.

Everything has a default that works on one machine. Unknown keys are errors, with the nearest known
name as the hint: a misspelt royalty must not be a silent default.
"""

from __future__ import annotations

import difflib
import os
import tomllib
import types
from collections.abc import Mapping  # noqa: TC003 - read at run time by get_type_hints
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from medici.errors import BadSettings, NoFirm
from medici.records import FULL_BPS, Money

FILE = "medici.toml"


@dataclass(frozen=True, slots=True)
class FirmSettings:
    """Who the firm is."""

    name: str = "Medici"
    symbol: str = "MDC"
    description: str = "An algorithmic creative firm."


@dataclass(frozen=True, slots=True)
class StudioSettings:
    """Which model makes the works and under which style.

    Attributes:
        model: name of a shipped model, or a path (relative to the firm's folder).
        style: style parameters handed to the generator.
        style_version: version of the style that records name.
    """

    model: str = "portraits"
    style: Mapping[str, Any] = field(default_factory=dict)
    style_version: int = 1


@dataclass(frozen=True, slots=True)
class RoundSettings:
    """One autonomous round: how much is made, how much survives the filter, what is auctioned.

    Attributes:
        candidates: works generated a round.
        vetted: works that the filter keeps; all of them are certified and anchored.
        auctioned: of these, the best go under the hammer.
    """

    candidates: int = 64
    vetted: int = 8
    auctioned: int = 3


@dataclass(frozen=True, slots=True)
class AuctionSettings:
    """Terms of the firm's English auctions.

    Attributes:
        reserve: least first bid, in units of the currency like ``"100"``.
        duration: seconds from start to end.
        minimum_raise: least step over the standing bid, basis points of it.
        extension: a bid in the last so many seconds moves the end so far ahead.
    """

    reserve: str = "100"
    duration: int = 3600
    minimum_raise: int = 500
    extension: int = 300


@dataclass(frozen=True, slots=True)
class MoneySettings:
    """How income is shared, in basis points that sum to 10,000, and the resale royalty."""

    artist: int = 5000
    shareholders: int = 3000
    treasury: int = 2000
    royalty: int = 750


@dataclass(frozen=True, slots=True)
class SharesSettings:
    """The firm's shares at launch.

    Attributes:
        supply: whole shares issued.
        artist: of these, basis points that the artist holds; the treasury holds the rest.
    """

    supply: int = 1_000_000
    artist: int = 6000


@dataclass(frozen=True, slots=True)
class CollectorsSettings:
    """Simulated collectors, on a local chain only; they are called simulated wherever they show.

    Attributes:
        count: how many.
        budget: money each is given at the start, in units of the currency.
        median: median of what a collector thinks a work is worth, in units of the currency.
        resales: share of works owned that a collector offers again a round, basis points.
        shares: part of the firm's shares they hold together from the start, basis points.
    """

    count: int = 6
    budget: str = "5000"
    median: str = "140"
    resales: int = 2500
    shares: int = 1000


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """One chain the firm may stand on.

    Attributes:
        rpc_url: JSON-RPC address; empty means the local chain that Medici keeps itself.
        chain_id: expected EIP-155 id; 0 accepts what the node says.
        currency: address of the settlement ERC-20; empty on the local chain (TestDollar).
        confirmations: blocks to wait for before a transaction counts as done.
        port: port of the local chain; 0 chooses a free one.
    """

    rpc_url: str = ""
    chain_id: int = 0
    currency: str = ""
    confirmations: int = 1
    port: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one firm.

    Attributes:
        folder: the folder that holds ``medici.toml``.
        network: name of the network in use, a key of `networks`.
    """

    folder: Path = Path()
    network: str = "local"
    firm: FirmSettings = FirmSettings()
    studio: StudioSettings = StudioSettings()
    round: RoundSettings = RoundSettings()
    auction: AuctionSettings = AuctionSettings()
    money: MoneySettings = MoneySettings()
    shares: SharesSettings = SharesSettings()
    collectors: CollectorsSettings = CollectorsSettings()
    networks: Mapping[str, NetworkSettings] = field(
        default_factory=lambda: {"local": NetworkSettings(chain_id=31337)}
    )

    @property
    def state(self) -> Path:
        """Folder of everything the firm keeps: chain, keys, deployments, store, journal."""
        return self.folder / ".medici"

    @property
    def active_network(self) -> NetworkSettings:
        """The network in use.

        Raises:
            BadSettings: no network of that name is described.
        """
        if self.network not in self.networks:
            known = ", ".join(sorted(self.networks))
            raise BadSettings(
                f"network {self.network!r} is not described", f"known networks: {known}"
            )
        return self.networks[self.network]

    def __post_init__(self) -> None:
        money, auction, shares = self.money, self.auction, self.shares
        if money.artist + money.shareholders + money.treasury != FULL_BPS:
            raise BadSettings("money: artist, shareholders and treasury must sum to 10000")
        for name, value, low, high in (
            ("money.artist", money.artist, 0, FULL_BPS),
            ("money.shareholders", money.shareholders, 0, FULL_BPS),
            ("money.treasury", money.treasury, 0, FULL_BPS),
            ("money.royalty", money.royalty, 0, 5000),
            ("shares.artist", shares.artist, 0, FULL_BPS),
            ("shares.supply", shares.supply, 1, 300_000_000),
            ("auction.minimum_raise", auction.minimum_raise, 1, FULL_BPS),
            ("auction.duration", auction.duration, 60, 90 * 86400),
            ("auction.extension", auction.extension, 0, 86400),
            ("round.candidates", self.round.candidates, 1, 100_000),
            ("round.vetted", self.round.vetted, 1, self.round.candidates),
            ("round.auctioned", self.round.auctioned, 0, self.round.vetted),
            ("collectors.count", self.collectors.count, 0, 100),
            ("collectors.resales", self.collectors.resales, 0, FULL_BPS),
            ("collectors.shares", self.collectors.shares, 0, FULL_BPS - shares.artist),
        ):
            if not low <= value <= high:
                raise BadSettings(f"{name} = {value} is out of range", f"{low} to {high}")
        for name, text in (
            ("auction.reserve", auction.reserve),
            ("collectors.budget", self.collectors.budget),
            ("collectors.median", self.collectors.median),
        ):
            try:
                Money.parse(text)
            except Exception as error:
                raise BadSettings(f"{name}: {error}") from error


def find_firm(start: Path) -> Path:
    """The nearest folder, here or above, that holds ``medici.toml``.

    Raises:
        NoFirm: there is none, or no such folder, which would else mean the one around it.
    """
    start = start.absolute()
    if not start.is_dir():
        raise NoFirm(f"{start} is no folder", "medici init DIR makes a firm")
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise NoFirm(f"no {FILE} in {start} or above", "medici init DIR makes a firm")


def load(folder: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings of the firm in this folder.

    Raises:
        NoFirm: the folder holds no ``medici.toml``.
        BadSettings: the file or a variable cannot be used; the message names the key.
    """
    path = folder / FILE
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise NoFirm(f"no {FILE} in {folder}", "medici init DIR makes a firm") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} is not valid TOML: {error}") from error
    for name, value in environ.items():
        section, separator, key = name.removeprefix("MEDICI_").lower().partition("__")
        if name.startswith("MEDICI_") and separator:
            data.setdefault(section, {})[key] = value
    if "MEDICI_NETWORK" in environ:
        data["network"] = environ["MEDICI_NETWORK"]
    networks = {"local": {"chain_id": 31337}} | data.pop("networks", {})
    known = {name: _build(NetworkSettings, n, f"networks.{name}") for name, n in networks.items()}
    return _build(Settings, data | {"networks": known, "folder": folder}, "")


T = TypeVar("T")


def _build(cls: type[T], data: Mapping[str, Any], where: str) -> T:
    names = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    hints = get_type_hints(cls)
    if not isinstance(data, dict):
        raise BadSettings(f"[{where}] must be a table")
    values = {}
    for key, value in data.items():
        if key not in names:
            near = difflib.get_close_matches(key, names, 1)
            label = f"{where}.{key}".lstrip(".")
            raise BadSettings(
                f"unknown setting {label}", f"did you mean {near[0]}?" if near else ""
            )
        values[key] = _convert(hints[key], value, f"{where}.{key}".lstrip("."))
    return cls(**values)


def _convert(kind: Any, value: Any, where: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return value if isinstance(value, kind) else _build(kind, value, where)
    if kind is int and not isinstance(value, bool):
        try:
            return int(str(value))
        except ValueError:
            raise BadSettings(f"{where} = {value!r} is not a whole number") from None
    if kind is str and isinstance(value, str | int | float):
        return str(value)
    if kind is Path or isinstance(value, dict | types.MappingProxyType):
        return value
    raise BadSettings(f"{where} = {value!r} has the wrong type")
