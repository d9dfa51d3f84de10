// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "solady/utils/EIP712.sol";

import {ContentId} from "./ContentId.sol";
import {ModelSignature} from "./ModelSignature.sol";
import {IAnchors} from "./interfaces/IAnchors.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";

/// @notice Time stamps of the models' batches.
/// @dev It has no owner: nobody can stop a model's batch, change its time or take it away.
contract Anchors is IAnchors, EIP712 {
    bytes32 internal constant BATCH_TYPEHASH = keccak256("Batch(bytes32 modelId,bytes32 root,uint64 count)");

    /// @inheritdoc IAnchors
    IModelRegistry public immutable registry;

    /// @dev One word a batch, from the low bits: time 40, count 64, model's number 16. Kept by model and root, so
    /// that no other model can take a root away by anchoring it first.
    mapping(bytes32 modelId => mapping(bytes32 root => uint256)) private _anchored;

    constructor(IModelRegistry registry_) {
        registry = registry_;
    }

    /// @inheritdoc IAnchors
    function anchor(bytes32 modelId, bytes32 root, uint64 count, bytes calldata signature)
        external
        returns (uint40 time)
    {
        if (root == 0 || count == 0) revert EmptyBatch();
        mapping(bytes32 => uint256) storage batches = _anchored[modelId];
        if (batches[root] != 0) revert AlreadyAnchored(modelId, root, uint40(batches[root]));
        (address signer, uint16 index) = registry.currentSigner(modelId);
        address recovered = ModelSignature.recover(batchDigest(modelId, root, count), signature);
        if (recovered != signer) revert WrongSigner(recovered, signer);

        time = uint40(block.timestamp);
        batches[root] = uint256(time) | uint256(count) << 40 | uint256(index) << 104;
        _commit(signer, cidOf(root));
    }

    /// @dev `emit Commit(signer, cid, cid)` for a text of 59 bytes, 400 gas cheaper than what the compiler makes.
    function _commit(address signer, string memory cid) private {
        bytes32 topic = Commit.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, 0x20)
            mcopy(add(data, 0x20), cid, 0x60)
            log3(data, 0x80, topic, signer, keccak256(add(cid, 0x20), mload(cid)))
        }
    }

    /// @inheritdoc IAnchors
    function anchoredAt(bytes32 modelId, bytes32 root) external view returns (uint40) {
        return uint40(_anchored[modelId][root]);
    }

    /// @inheritdoc IAnchors
    function anchorOf(bytes32 modelId, bytes32 root) external view returns (uint40, uint64, uint16) {
        uint256 word = _anchored[modelId][root];
        return (uint40(word), uint64(word >> 40), uint16(word >> 104));
    }

    /// @inheritdoc IAnchors
    function anchoredModel(bytes32 modelId, bytes32 root) external view returns (uint256) {
        return _anchored[modelId][root] >> 104;
    }

    /// @inheritdoc IAnchors
    function cidOf(bytes32 root) public pure returns (string memory) {
        return ContentId.toString(ContentId.RAW_KECCAK256, root);
    }

    /// @inheritdoc IAnchors
    function batchDigest(bytes32 modelId, bytes32 root, uint64 count) public view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(BATCH_TYPEHASH, modelId, root, count)));
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Medici Anchors", "1");
    }
}
