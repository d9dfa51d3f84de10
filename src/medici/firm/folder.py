"""The firm's folder: made by ``medici init``, found again from anywhere inside it."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from medici import settings
from medici.errors import MissingPart, WrongUse
from medici.store import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = ("portraits", "ink", "textures", "icons", "chorales")

_TOML = Template("""\
# A firm that Medici runs. Every key has a default; `medici doctor` checks the whole.
# Any key can be overridden in the environment: MEDICI_AUCTION__RESERVE=80

network = "local"          # the chain in use; others are described below

[firm]
name = "$name"
symbol = "$symbol"
description = "$description"

[studio]
model = "$model"           # a shipped model's name, or a folder that `medici train` made
style_version = 1
[studio.style]             # steering parameters, checked against the model's ranges

[round]
candidates = 64            # generated
vetted = 8                 # kept by the filter, certified and anchored
auctioned = 3              # of these, under the hammer

[auction]
reserve = "100"            # units of the currency
duration = 3600            # seconds
minimum_raise = 500        # basis points over the standing bid
extension = 300            # a bid in the last so many seconds moves the end

[money]                    # basis points of every income; must sum to 10000
artist = 5000
shareholders = 3000
treasury = 2000
royalty = 750              # of every resale

[shares]
supply = 1000000
artist = 6000              # basis points of the supply; the treasury holds the rest

[collectors]               # SIMULATED collectors: they bid on a local chain only
count = 6
budget = "5000"
median = "140"
resales = 2500             # basis points of owned works offered again each round
shares = 1000              # basis points of the firm's shares, held together from the start

[networks.local]           # kept by Medici itself (anvil); `medici up` starts it
chain_id = 31337
port = 0                   # 0 chooses a free one

# [networks.base]
# rpc_url = "https://…"
# chain_id = 8453
# currency = "0x…"         # the settlement ERC-20, for example USDC
# confirmations = 3
""")


def init(folder: Path, template: str = "portraits", name: str = "") -> settings.Settings:
    """Make a firm in this folder.

    Args:
        folder: made if needed; must not hold a firm already.
        template: which kind of firm.
        name: the firm's name; the folder's by default.

    Raises:
        WrongUse: the folder already holds a firm, is a file, or the template is unknown.
        MissingPart: the template's model is not shipped.
    """
    if template not in TEMPLATES:
        raise WrongUse(f"unknown template {template!r}", f"one of: {', '.join(TEMPLATES)}")
    from medici.studio.families import shipped

    if template not in shipped():
        ready = [t for t in TEMPLATES if t in shipped()]
        raise MissingPart(
            f"no {template} model is shipped with this version",
            f"ready now: {', '.join(ready)}; or train a model of your own with medici train",
        )
    if folder.is_file():
        raise WrongUse(f"{folder} is a file", "name a folder")
    path = folder / settings.FILE
    if path.exists():
        raise WrongUse(f"{folder} already holds a firm", "medici status shows it")
    name = name or folder.absolute().name.replace("-", " ").title() or "Medici"
    if any(c in name for c in '"\\\n\r\t$') or len(name) > 60:
        raise WrongUse(f"{name!r} cannot be a firm's name", "up to 60 plain characters")
    letters = "".join(c for c in name.upper() if "A" <= c <= "Z")
    text = _TOML.substitute(
        name=name,
        symbol=(letters or "MDC")[:4],
        description=f"{name}: works by a generative model, each with its proof.",
        model=template,
    )
    atomic_write(path, text.encode())
    ignore = folder / ".gitignore"
    if not ignore.exists():
        atomic_write(ignore, b".medici/\nout/\n")
    return settings.load(folder)
