// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IGoverned, IPausable} from "./interfaces/IGoverned.sol";

/// @notice One account with every admin power, which it can hand over. There is no other power to forget.
abstract contract Governed is IGoverned {
    /// @inheritdoc IGoverned
    address public governance;

    constructor(address governance_) {
        if (governance_ == address(0)) revert ZeroAddress();
        governance = governance_;
        emit GovernanceTransferred(address(0), governance_);
    }

    modifier onlyGovernance() {
        if (msg.sender != governance) revert OnlyGovernance(msg.sender);
        _;
    }

    /// @inheritdoc IGoverned
    function transferGovernance(address to) external onlyGovernance {
        if (to == address(0)) revert ZeroAddress();
        emit GovernanceTransferred(governance, to);
        governance = to;
    }
}

/// @notice Governed, with a guardian who can stop new entries.
abstract contract Pausable is Governed, IPausable {
    /// @inheritdoc IPausable
    address public guardian;

    /// @inheritdoc IPausable
    bool public paused;

    modifier whenOpen() {
        if (paused) revert IsPaused();
        _;
    }

    /// @inheritdoc IPausable
    function setGuardian(address to) external onlyGovernance {
        emit GuardianChanged(guardian, to);
        guardian = to;
    }

    /// @inheritdoc IPausable
    function pause() external {
        if (msg.sender != guardian && msg.sender != governance) revert OnlyGuardian(msg.sender);
        paused = true;
        emit Paused(msg.sender);
    }

    /// @inheritdoc IPausable
    function unpause() external onlyGovernance {
        paused = false;
        emit Unpaused(msg.sender);
    }
}
