// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// @title What the works must know of the firm's revenue
/// @notice Two questions, so that provenance depends on no other room. `market/Revenue` answers them.
interface ISplits {
    /// @notice The short number of a split, given once for ever; zero when the split is not known.
    function splitIndex(bytes32 splitId) external view returns (uint32);

    /// @notice The deposit address of a split: what arrives there is income of the split.
    function walletOf(uint32 splitIndex) external view returns (address);
}
