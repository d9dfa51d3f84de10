"""Typed clients, one a contract.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from medici.ledger.clients.anchors import Anchors
from medici.ledger.clients.market import Market
from medici.ledger.clients.model_registry import ModelRegistry
from medici.ledger.clients.revenue import Revenue
from medici.ledger.clients.shares import Shares
from medici.ledger.clients.test_dollar import TestDollar
from medici.ledger.clients.timelock_controller import TimelockController
from medici.ledger.clients.transfer_validator import TransferValidator
from medici.ledger.clients.works import Works

__all__ = [
    "Anchors",
    "Market",
    "ModelRegistry",
    "Revenue",
    "Shares",
    "TestDollar",
    "TimelockController",
    "TransferValidator",
    "Works",
]
