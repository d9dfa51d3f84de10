"""Any EVM network by name: where it is, which chain it must be, whose money it uses."""

from __future__ import annotations

import os
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medici.errors import BadSettings, NoNode, WrongChain
from medici.ledger.node import LOCAL_CHAIN_ID, Node
from medici.ledger.rpc import Rpc
from medici.records import Address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from medici.settings import NetworkSettings, Settings


@dataclass(frozen=True, slots=True)
class Network:
    """One chain the firm may stand on.

    Attributes:
        name: its name in the settings.
        rpc_url: address of a node; empty for the local chain that Medici keeps.
        chain_id: EIP-155 id it must have; 0 accepts any.
        currency: the settlement ERC-20; none on the local chain before deployment.
        confirmations: blocks to wait for before a transaction counts as done, at least 1.
        port: port of the local chain; 0 chooses a free one.
    """

    name: str
    rpc_url: str
    chain_id: int
    currency: Address | None
    confirmations: int
    port: int

    @property
    def kept(self) -> bool:
        """Whether Medici itself starts and stops this chain."""
        return not self.rpc_url


def network(
    settings: Settings, name: str | None = None, environ: Mapping[str, str] = os.environ
) -> Network:
    """The network of this name, or the one in use.

    ``${NAME}`` in an address is filled from the environment, so that no secret stands in
    ``medici.toml``; ``MEDICI_RPC_URL`` replaces the address of the network in use.

    Raises:
        BadSettings: it is not described, or its description cannot be used.
    """
    chosen = name or settings.network
    if chosen not in settings.networks:
        known = ", ".join(sorted(settings.networks))
        raise BadSettings(f"network {chosen!r} is not described", f"known networks: {known}")
    return _network(chosen, settings.networks[chosen], environ, chosen == settings.network)


def _network(
    name: str, given: NetworkSettings, environ: Mapping[str, str], in_use: bool
) -> Network:
    url = given.rpc_url
    if in_use and environ.get("MEDICI_RPC_URL"):
        url = environ["MEDICI_RPC_URL"]
    try:
        url = string.Template(url).substitute(environ)
    except (KeyError, ValueError) as error:
        raise BadSettings(
            f"networks.{name}.rpc_url needs the environment variable {error}"
        ) from error
    if url and not url.startswith(("http://", "https://")):
        raise BadSettings(f"networks.{name}.rpc_url must begin with http:// or https://")
    if given.confirmations < 1:
        raise BadSettings(f"networks.{name}.confirmations must be at least 1")
    return Network(
        name=name,
        rpc_url=url,
        chain_id=given.chain_id or (0 if url else LOCAL_CHAIN_ID),
        currency=Address(given.currency) if given.currency else None,
        confirmations=given.confirmations,
        port=given.port,
    )


def local_node(net: Network, folder: Path, environ: Mapping[str, str] = os.environ) -> Node:
    """The keeper of a network that Medici starts itself.

    Args:
        net: a network with `Network.kept`.
        folder: the firm's state folder (``.medici``).
        environ: where anvil is looked for.
    """
    return Node(folder / "chain", chain_id=net.chain_id, environ=environ)


def connect(net: Network, folder: Path) -> Rpc:
    """A connection to the network, its chain id checked.

    Args:
        net: which network.
        folder: the firm's state folder (``.medici``), where the local chain is kept.

    Raises:
        NoNode: the local chain is not up, or no node answers.
        WrongChain: the node serves another chain.
    """
    url = net.rpc_url
    if net.kept:
        running = local_node(net, folder).running()
        if running is None:
            raise NoNode("the local chain is not running", "medici up starts it")
        url = running.url
    rpc = Rpc(url)
    chain_id = int(rpc.call("eth_chainId"), 16)
    if net.chain_id not in (0, chain_id):
        rpc.close()
        raise WrongChain(
            f"network {net.name!r} is chain {net.chain_id}, but the node at {rpc.shown_url} "
            f"serves chain {chain_id}",
            f"check networks.{net.name}.rpc_url and chain_id in medici.toml",
        )
    return rpc
