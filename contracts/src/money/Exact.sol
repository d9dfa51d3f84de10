// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title Exact
/// @notice Moves the settlement token in so that what was told is what arrives, and out so that nobody can stop others.
library Exact {
    /// @notice The token moved another amount than it was told to: it takes fees or rebases.
    error InexactTransfer(uint256 told, uint256 moved);

    /// @notice The payer has less than that.
    error MoneyTooLow(address payer, uint256 balance, uint256 needed);
    /// @notice The payer lets this contract take less than that.
    error AllowanceTooLow(address payer, address taker, uint256 allowance, uint256 needed);
    /// @notice The token refused a payment for a reason of its own.
    error PaymentRefused(address payer, uint256 amount);

    /// @notice Gas for a payment that may fail: enough for a proxied token with a block list, too little to hurt.
    uint256 internal constant PUSH_GAS = 200_000;

    /// @dev Pulls by allowance; tokens that return nothing are fine, tokens that keep a part are not.
    function pull(address token, address from, uint256 amount) internal {
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        if (!SafeTransferLib.trySafeTransferFrom(token, from, address(this), amount)) {
            _explain(token, from, amount);
        }
        uint256 moved = SafeTransferLib.balanceOf(token, address(this)) - before;
        if (moved != amount) revert InexactTransfer(amount, moved);
    }

    function _explain(address token, address from, uint256 amount) private view {
        uint256 balance = IERC20(token).balanceOf(from);
        if (balance < amount) revert MoneyTooLow(from, balance, amount);
        uint256 allowed = IERC20(token).allowance(from, address(this));
        if (allowed < amount) revert AllowanceTooLow(from, address(this), allowed, amount);
        revert PaymentRefused(from, amount);
    }

    /// @dev Pays if the token lets it, with bounded gas; never reverts, so that no receiver can stop the caller.
    function tryPush(address token, address to, uint256 amount) internal returns (bool paid) {
        uint256 budget = PUSH_GAS;
        assembly ("memory-safe") {
            mstore(0x14, to)
            mstore(0x34, amount)
            mstore(0x00, 0xa9059cbb000000000000000000000000) // transfer(address,uint256)
            paid := call(budget, token, 0, 0x10, 0x44, 0x00, 0x20)
            // Nothing returned counts as success, as with tokens older than the standard; `false` does not.
            if returndatasize() { paid := and(paid, eq(mload(0x00), 1)) }
            mstore(0x34, 0)
        }
    }
}
