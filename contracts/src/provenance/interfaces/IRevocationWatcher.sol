// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// @title Somebody whom the registry tells of revocations in the same transaction
/// @notice It may then take for granted that nothing was revoked until it is told. Works saves a question to the
/// registry in every lazy mint that way.
interface IRevocationWatcher {
    /// @notice The registry begins (or ceases) to tell. Registry only.
    /// @param clean Whether no model was revoked so far.
    function onWatch(bool watching, bool clean) external;

    /// @notice A model was revoked. Registry only.
    function onRevocation() external;
}
