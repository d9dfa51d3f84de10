// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Locked
/// @notice One transient lock for all functions of a contract that move money.
/// @dev `locked` holds the lock while the function runs. `unlocked` only asks that nobody holds it: for functions that
/// end with their one payment, having booked it before, so that whoever is called finds nothing unfinished.
abstract contract Locked {
    /// @notice Called from within a call that is still moving money.
    error Reentrancy();

    /// @dev "medici.lock" in ASCII.
    uint256 private constant LOCK = 0x6d65646963692e6c6f636b;

    modifier locked() {
        _requireUnlocked();
        assembly ("memory-safe") {
            tstore(LOCK, 1)
        }
        _;
        assembly ("memory-safe") {
            tstore(LOCK, 0)
        }
    }

    modifier unlocked() {
        _requireUnlocked();
        _;
    }

    function _requireUnlocked() private view {
        assembly ("memory-safe") {
            if tload(LOCK) {
                mstore(0x00, 0xab143c06) // Reentrancy()
                revert(0x1c, 0x04)
            }
        }
    }
}
