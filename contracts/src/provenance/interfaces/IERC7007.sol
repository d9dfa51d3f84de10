// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// @title ERC-7007, verifiable AI-generated content token (Final; interface id 0x702c55a6)
/// @notice `prompt` is the generation record (canonical JSON), `aigcData` the content in canonical form and
/// `proof` the ABI encoding of (Attestation, bytes signature, bytes32 root, bytes32[] proof): either the
/// model's signature, or with an empty signature a Merkle proof into an anchored batch.
interface IERC7007 {
    /// @notice The generation of a minted work was shown in full.
    event AigcData(uint256 indexed tokenId, bytes indexed prompt, bytes indexed aigcData, bytes proof);

    /// @notice Shows the generation of a minted work on the chain. Anyone; it must verify.
    function addAigcData(
        uint256 tokenId,
        bytes calldata prompt,
        bytes calldata aigcData,
        bytes calldata proof
    ) external;

    /// @notice Whether an authorised model attests that this record made this content.
    function verify(bytes calldata prompt, bytes calldata aigcData, bytes calldata proof)
        external
        view
        returns (bool success);
}
