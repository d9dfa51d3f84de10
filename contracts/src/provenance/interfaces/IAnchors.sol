// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {IModelRegistry} from "./IModelRegistry.sol";

/// @title Time stamps of generation records, thousands in one transaction
/// @notice A model signs the Merkle root of a batch of attestations (EIP-712 `Batch`); anyone may bring it.
/// The block time of the first anchoring is kept for ever.
interface IAnchors {
    /// @notice ERC-7053: a batch was anchored at the time of this block.
    /// @dev The asset is the root node of the tree: CIDv1, codec raw, multihash keccak-256, whose digest is the
    /// root itself. An indexed text stands in a log by its hash only, so the data repeats it in full; model, time
    /// and size are read from `registry` and `anchorOf`.
    /// @param recorder The signer of the model, on whose word the batch stands; not who brought it.
    /// @param assetCid The content identifier of the root.
    /// @param commitData The content identifier again, readable.
    event Commit(address indexed recorder, string indexed assetCid, string commitData);

    /// @notice The model anchored this root before; the first time stands.
    error AlreadyAnchored(bytes32 modelId, bytes32 root, uint40 time);

    /// @notice The signature over the batch is not the model's.
    error WrongSigner(address recovered, address expected);

    /// @notice A batch holds at least one record and has a root.
    error EmptyBatch();

    /// @notice Anchors a batch of an authorised model. Anyone may bring it.
    /// @param modelId The model that made the works and signed the batch.
    /// @param root Merkle root (keccak-256, sorted pairs) over the EIP-712 struct hashes of the attestations.
    /// @param count How many attestations the tree holds.
    /// @param signature The model's 65 bytes `r ‖ s ‖ v` over `Batch(bytes32 modelId,bytes32 root,uint64 count)`.
    /// @return time The block time that is now on record.
    function anchor(bytes32 modelId, bytes32 root, uint64 count, bytes calldata signature)
        external
        returns (uint40 time);

    /// @notice When the model anchored the root; zero if it did not.
    function anchoredAt(bytes32 modelId, bytes32 root) external view returns (uint40 time);

    /// @notice Time and size of an anchored batch, and the model's number; zeros if there is none.
    function anchorOf(bytes32 modelId, bytes32 root)
        external
        view
        returns (uint40 time, uint64 count, uint16 modelIndex);

    /// @notice The number of the model if it anchored the root, zero if it did not.
    function anchoredModel(bytes32 modelId, bytes32 root) external view returns (uint256 modelIndex);

    /// @notice The content identifier (CIDv1) under which `Commit` names a root.
    function cidOf(bytes32 root) external pure returns (string memory);

    /// @notice The EIP-712 digest that a model signs for a batch.
    function batchDigest(bytes32 modelId, bytes32 root, uint64 count) external view returns (bytes32);

    /// @notice The registry that says whose signature counts.
    function registry() external view returns (IModelRegistry);
}
