"""Typed client of the contract `TimelockController`.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from medici.ledger.contract import Contract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medici.ledger.calls import Call
    from medici.records import Address, Digest


class TimelockController(Contract):
    """The contract `TimelockController` of a firm."""

    name: ClassVar[str] = "TimelockController"

    def cancel(self, id_: Digest) -> Call:
        """Prepare `cancel`."""
        return self.prepare("cancel", id_)

    def canceller_role(self, *, block: int | str = "latest") -> Digest:
        """Read `CANCELLER_ROLE`."""
        return cast("Digest", self.read("CANCELLER_ROLE", block=block))

    def default_admin_role(self, *, block: int | str = "latest") -> Digest:
        """Read `DEFAULT_ADMIN_ROLE`."""
        return cast("Digest", self.read("DEFAULT_ADMIN_ROLE", block=block))

    def execute(
        self,
        target: Address,
        value: int,
        payload: bytes,
        predecessor: Digest,
        salt: Digest,
        *,
        wei: int = 0,
    ) -> Call:
        """Prepare `execute`."""
        return self.prepare("execute", target, value, payload, predecessor, salt, value=wei)

    def execute_batch(
        self,
        targets: Sequence[Address],
        values: Sequence[int],
        payloads: Sequence[bytes],
        predecessor: Digest,
        salt: Digest,
        *,
        wei: int = 0,
    ) -> Call:
        """Prepare `executeBatch`."""
        return self.prepare("executeBatch", targets, values, payloads, predecessor, salt, value=wei)

    def executor_role(self, *, block: int | str = "latest") -> Digest:
        """Read `EXECUTOR_ROLE`."""
        return cast("Digest", self.read("EXECUTOR_ROLE", block=block))

    def get_min_delay(self, *, block: int | str = "latest") -> int:
        """Read `getMinDelay`."""
        return cast("int", self.read("getMinDelay", block=block))

    def get_operation_state(self, id_: Digest, *, block: int | str = "latest") -> int:
        """Read `getOperationState`."""
        return cast("int", self.read("getOperationState", id_, block=block))

    def get_role_admin(self, role: Digest, *, block: int | str = "latest") -> Digest:
        """Read `getRoleAdmin`."""
        return cast("Digest", self.read("getRoleAdmin", role, block=block))

    def get_timestamp(self, id_: Digest, *, block: int | str = "latest") -> int:
        """Read `getTimestamp`."""
        return cast("int", self.read("getTimestamp", id_, block=block))

    def grant_role(self, role: Digest, account: Address) -> Call:
        """Prepare `grantRole`."""
        return self.prepare("grantRole", role, account)

    def hash_operation(
        self,
        target: Address,
        value: int,
        data: bytes,
        predecessor: Digest,
        salt: Digest,
        *,
        block: int | str = "latest",
    ) -> Digest:
        """Read `hashOperation`."""
        return cast(
            "Digest",
            self.read("hashOperation", target, value, data, predecessor, salt, block=block),
        )

    def hash_operation_batch(
        self,
        targets: Sequence[Address],
        values: Sequence[int],
        payloads: Sequence[bytes],
        predecessor: Digest,
        salt: Digest,
        *,
        block: int | str = "latest",
    ) -> Digest:
        """Read `hashOperationBatch`."""
        return cast(
            "Digest",
            self.read(
                "hashOperationBatch", targets, values, payloads, predecessor, salt, block=block
            ),
        )

    def has_role(self, role: Digest, account: Address, *, block: int | str = "latest") -> bool:
        """Read `hasRole`."""
        return cast("bool", self.read("hasRole", role, account, block=block))

    def is_operation(self, id_: Digest, *, block: int | str = "latest") -> bool:
        """Read `isOperation`."""
        return cast("bool", self.read("isOperation", id_, block=block))

    def is_operation_done(self, id_: Digest, *, block: int | str = "latest") -> bool:
        """Read `isOperationDone`."""
        return cast("bool", self.read("isOperationDone", id_, block=block))

    def is_operation_pending(self, id_: Digest, *, block: int | str = "latest") -> bool:
        """Read `isOperationPending`."""
        return cast("bool", self.read("isOperationPending", id_, block=block))

    def is_operation_ready(self, id_: Digest, *, block: int | str = "latest") -> bool:
        """Read `isOperationReady`."""
        return cast("bool", self.read("isOperationReady", id_, block=block))

    def on_erc1155_batch_received(
        self,
        argument0: Address,
        argument1: Address,
        argument2: Sequence[int],
        argument3: Sequence[int],
        argument4: bytes,
    ) -> Call:
        """Prepare `onERC1155BatchReceived`."""
        return self.prepare(
            "onERC1155BatchReceived", argument0, argument1, argument2, argument3, argument4
        )

    def on_erc1155_received(
        self,
        argument0: Address,
        argument1: Address,
        argument2: int,
        argument3: int,
        argument4: bytes,
    ) -> Call:
        """Prepare `onERC1155Received`."""
        return self.prepare(
            "onERC1155Received", argument0, argument1, argument2, argument3, argument4
        )

    def on_erc721_received(
        self, argument0: Address, argument1: Address, argument2: int, argument3: bytes
    ) -> Call:
        """Prepare `onERC721Received`."""
        return self.prepare("onERC721Received", argument0, argument1, argument2, argument3)

    def proposer_role(self, *, block: int | str = "latest") -> Digest:
        """Read `PROPOSER_ROLE`."""
        return cast("Digest", self.read("PROPOSER_ROLE", block=block))

    def renounce_role(self, role: Digest, caller_confirmation: Address) -> Call:
        """Prepare `renounceRole`."""
        return self.prepare("renounceRole", role, caller_confirmation)

    def revoke_role(self, role: Digest, account: Address) -> Call:
        """Prepare `revokeRole`."""
        return self.prepare("revokeRole", role, account)

    def schedule(
        self,
        target: Address,
        value: int,
        data: bytes,
        predecessor: Digest,
        salt: Digest,
        delay: int,
    ) -> Call:
        """Prepare `schedule`."""
        return self.prepare("schedule", target, value, data, predecessor, salt, delay)

    def schedule_batch(
        self,
        targets: Sequence[Address],
        values: Sequence[int],
        payloads: Sequence[bytes],
        predecessor: Digest,
        salt: Digest,
        delay: int,
    ) -> Call:
        """Prepare `scheduleBatch`."""
        return self.prepare("scheduleBatch", targets, values, payloads, predecessor, salt, delay)

    def supports_interface(self, interface_id: bytes, *, block: int | str = "latest") -> bool:
        """Read `supportsInterface`."""
        return cast("bool", self.read("supportsInterface", interface_id, block=block))

    def update_delay(self, new_delay: int) -> Call:
        """Prepare `updateDelay`."""
        return self.prepare("updateDelay", new_delay)
