from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import replace

import pytest
from tests.provenance.world import NOW, T0, World

from medici.provenance import authority, timestamp
from medici.provenance.register import Token
from medici.records import Digest


@pytest.fixture(scope="session")
def new_world():
    """Make firms; each has its own time-stamp authority under its own root."""
    with contextlib.ExitStack() as stack:

        def make(name: str, salt: int) -> World:
            world = World(name, salt)
            stamps = authority.issue_time_stamper(world.root, NOW)
            world.stamps = stack.enter_context(
                timestamp.serving(stamps, lambda: dt.datetime.now(dt.UTC))
            )
            return world

        yield make


@pytest.fixture(scope="session")
def firm(new_world):
    """A firm with eight anchored works, the first of them minted; `files` are as delivered."""
    world = new_world("Bottega", 1)
    world.made = [world.make(seed) for seed in range(8)]
    world.files = world.anchor(world.made)
    first = world.works[world.made[0].attestation.work]
    world.works[world.made[0].attestation.work] = replace(
        first,
        token=Token(world.record.id, world.artist.address, T0 + 200, Digest("11" * 32)),
    )
    return world


@pytest.fixture(scope="session")
def stranger(new_world):
    """Another firm, whole and honest, which is not the one asked about."""
    world = new_world("Stranger", 2)
    world.made = [world.make(0)]
    world.files = world.anchor(world.made)
    return world
