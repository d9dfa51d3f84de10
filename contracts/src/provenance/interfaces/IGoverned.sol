// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// @title Who may change the rules
/// @notice Governance holds every admin power: after launch that is the timelock, and nothing else.
interface IGoverned {
    /// @notice Governance passed from `previous` to `current`.
    event GovernanceTransferred(address indexed previous, address indexed current);

    /// @notice The caller is not governance.
    error OnlyGovernance(address caller);

    /// @notice An address that must be set is zero.
    error ZeroAddress();

    /// @notice The account that holds every admin power.
    function governance() external view returns (address);

    /// @notice Hands all admin power over. Governance only.
    function transferGovernance(address to) external;
}

/// @title Who may stop new entries
/// @notice A guardian may pause and do nothing more; only governance lifts a pause or names the guardian.
/// A pause never stops an exit.
interface IPausable is IGoverned {
    /// @notice The guardian was changed; zero means that there is none.
    event GuardianChanged(address indexed previous, address indexed current);

    /// @notice New entries are stopped.
    event Paused(address indexed by);

    /// @notice New entries are open again.
    event Unpaused(address indexed by);

    /// @notice The caller is neither guardian nor governance.
    error OnlyGuardian(address caller);

    /// @notice The contract is paused; exits still work.
    error IsPaused();

    /// @notice The account that may pause.
    function guardian() external view returns (address);

    /// @notice Whether new entries are stopped.
    function paused() external view returns (bool);

    /// @notice Names the guardian, or none with zero. Governance only.
    function setGuardian(address to) external;

    /// @notice Stops new entries. Guardian or governance.
    function pause() external;

    /// @notice Opens new entries again. Governance only.
    function unpause() external;
}
