// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Anchors} from "medici/provenance/Anchors.sol";
import {ModelRegistry} from "medici/provenance/ModelRegistry.sol";
import {TransferValidator} from "medici/provenance/TransferValidator.sol";
import {Works} from "medici/provenance/Works.sol";
import {IModelRegistry} from "medici/provenance/interfaces/IModelRegistry.sol";
import {ISplits} from "medici/provenance/interfaces/ISplits.sol";
import {Attestation} from "medici/provenance/interfaces/IWorks.sol";

import {Test} from "medici-test/base/Test.sol";

/// @dev Stands in for `Revenue`: the same two answers from the same storage cost, no money.
contract SplitBook is ISplits {
    mapping(bytes32 splitId => uint32) public splitIndex;
    uint32 private _last;

    function add(bytes32 splitId) external {
        splitIndex[splitId] = ++_last;
    }

    function walletOf(uint32 index) external view returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(this, index)))));
    }
}

/// @notice A firm with one authorised model, one known split, and the helpers to attest, anchor and mint.
abstract contract Firm is Test {
    bytes32 internal constant MODEL = keccak256("model one");
    bytes32 internal constant OTHER_MODEL = keccak256("model two");
    bytes32 internal constant SPLIT = keccak256("split one");
    uint16 internal constant ROYALTY = 750;

    address internal governance;
    address internal guardian;
    address internal artist;
    address internal collector;
    address internal market;
    address internal thief;
    address internal modelSigner;
    uint256 internal modelKey;
    address internal otherSigner;
    uint256 internal otherKey;

    ModelRegistry internal registry;
    Anchors internal anchors;
    SplitBook internal splits;
    Works internal works;
    TransferValidator internal validator;

    function setUp() public virtual {
        governance = makeAddr("governance");
        guardian = makeAddr("guardian");
        artist = makeAddr("artist");
        collector = makeAddr("collector");
        market = makeAddr("market");
        thief = makeAddr("thief");
        (modelSigner, modelKey) = makeKey("model one");
        (otherSigner, otherKey) = makeKey("model two");

        registry = new ModelRegistry(governance);
        anchors = new Anchors(registry);
        splits = new SplitBook();
        works = new Works(governance, anchors, splits, ROYALTY, "Bottega", "BOT", "ipfs://collection");
        validator = new TransferValidator(governance);
        splits.add(SPLIT);
        vm.startPrank(governance);
        registry.setWatcher(address(works), true);
        works.setGuardian(guardian);
        vm.stopPrank();
        authorise(modelDetails(MODEL, modelSigner));
    }

    // ------------------------------------------------------------------ models

    function modelDetails(bytes32 id, address signer) internal pure returns (IModelRegistry.Model memory) {
        return IModelRegistry.Model({
            id: id,
            predecessor: 0,
            signer: signer,
            weightsDigest: keccak256(abi.encode("weights", id)),
            dataRoot: keccak256(abi.encode("data", id)),
            recordDigest: keccak256(abi.encode("record", id)),
            biasReportDigest: keccak256(abi.encode("bias", id)),
            certificateKeyDigest: keccak256(abi.encode("certificate", id)),
            dataLicence: "CC0-1.0"
        });
    }

    function authorise(IModelRegistry.Model memory model) internal {
        registry.propose(model);
        vm.prank(governance);
        registry.authorise(model);
    }

    function authoriseOther() internal {
        authorise(modelDetails(OTHER_MODEL, otherSigner));
    }

    // ------------------------------------------------------------------ attestations

    /// @dev An original by the artist; `name` makes its content, record and metadata.
    function attest(string memory name) internal view returns (Attestation memory) {
        return Attestation({
            tokenId: uint256(sha256(bytes(name))),
            recordDigest: keccak256(abi.encode("record", name)),
            modelId: MODEL,
            metadataDigest: keccak256(abi.encode("metadata", name)),
            splitId: splitOf(),
            parentsDigest: 0,
            creator: artist
        });
    }

    /// @dev The split of every attested work.
    function splitOf() internal view virtual returns (bytes32) {
        return SPLIT;
    }

    function originals() internal pure returns (uint256[] memory) {
        return new uint256[](0);
    }

    function sign(uint256 key, Attestation memory attestation) internal view returns (bytes memory) {
        return signDigest(key, works.attestationDigest(attestation));
    }

    function mintNamed(string memory name, address to) internal returns (uint256 tokenId) {
        Attestation memory attestation = attest(name);
        bytes memory signature = sign(modelKey, attestation);
        vm.prank(artist);
        works.mint(attestation, originals(), to, signature);
        return attestation.tokenId;
    }

    // ------------------------------------------------------------------ batches

    function anchorRoot(bytes32 modelId, uint256 key, bytes32 root, uint64 count) internal {
        bytes memory signature = signDigest(key, anchors.batchDigest(modelId, root, count));
        anchors.anchor(modelId, root, count, signature);
    }

    function hashPair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    /// @dev A tree in which `leaf` stands under `depth` other nodes, as in a batch of 2^depth records.
    function plant(bytes32 leaf, uint256 depth) internal pure returns (bytes32 root, bytes32[] memory proof) {
        proof = new bytes32[](depth);
        root = leaf;
        for (uint256 i = 0; i < depth; ++i) {
            proof[i] = keccak256(abi.encode("sibling", leaf, i));
            root = hashPair(root, proof[i]);
        }
    }

    function anchorNamed(string memory name, uint256 depth)
        internal
        returns (Attestation memory attestation, bytes32 root, bytes32[] memory proof)
    {
        attestation = attest(name);
        (root, proof) = plant(works.leafOf(attestation), depth);
        anchorRoot(MODEL, modelKey, root, uint64(1 << depth));
    }
}
