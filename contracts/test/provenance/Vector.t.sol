// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MerkleProofLib} from "solady/utils/MerkleProofLib.sol";

import {Anchors} from "medici/provenance/Anchors.sol";
import {Works} from "medici/provenance/Works.sol";
import {Attestation} from "medici/provenance/interfaces/IWorks.sol";

import {Firm} from "./Firm.sol";

/// @notice The vector of docs/spec/attestation.md, made with eth-account and hashlib, against the contracts.
contract VectorTest is Firm {
    string private json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("contracts/test/provenance/attestation-vector.json");
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        // Put the contracts where the vector was signed for. Their storage starts empty there.
        address at = vm.parseJsonAddress(json, ".anchors");
        vm.etch(at, address(anchors).code);
        anchors = Anchors(at);
        at = vm.parseJsonAddress(json, ".works");
        vm.etch(at, address(works).code);
        works = Works(at);
    }

    function word(string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, key);
    }

    function attestation() private view returns (Attestation memory) {
        return Attestation({
            tokenId: uint256(word(".attestation.tokenId")),
            recordDigest: word(".attestation.recordDigest"),
            modelId: word(".attestation.modelId"),
            metadataDigest: word(".attestation.metadataDigest"),
            splitId: word(".attestation.splitId"),
            parentsDigest: word(".attestation.parentsDigest"),
            creator: vm.parseJsonAddress(json, ".attestation.creator")
        });
    }

    function signed(string memory name) private view returns (bytes memory) {
        return signDigest(uint256(word(".modelKey")), word(string.concat(".", name, "Digest")));
    }

    function test_digests() public view {
        Attestation memory a = attestation();
        assertEq(bytes32(a.tokenId), sha256(vm.parseJsonBytes(json, ".content")));
        assertEq(a.recordDigest, sha256(bytes(vm.parseJsonString(json, ".record"))));
        assertEq(a.metadataDigest, sha256(bytes(vm.parseJsonString(json, ".metadata"))));
        assertEq(a.parentsDigest, keccak256(abi.encodePacked(vm.parseJsonBytes32Array(json, ".parents"))));
        assertEq(works.leafOf(a), word(".leaf"));
        assertEq(works.attestationDigest(a), word(".attestationDigest"));
        assertEq(
            works.generationDigest(bytes32(a.tokenId), a.recordDigest, a.modelId), word(".generationDigest")
        );
        assertEq(anchors.batchDigest(a.modelId, word(".root"), 3), word(".batchDigest"));
    }

    function test_signatures() public view {
        assertEq(vm.addr(uint256(word(".modelKey"))), vm.parseJsonAddress(json, ".modelSigner"));
        assertEq(signed("attestation"), vm.parseJsonBytes(json, ".attestationSignature"));
        assertEq(signed("generation"), vm.parseJsonBytes(json, ".generationSignature"));
        assertEq(signed("batch"), vm.parseJsonBytes(json, ".batchSignature"));
    }

    function test_tree() public view {
        bytes32[] memory leaves = vm.parseJsonBytes32Array(json, ".leaves");
        bytes32 root = hashPair(hashPair(leaves[0], leaves[1]), leaves[2]);
        assertEq(root, word(".root"));
        assertTrue(MerkleProofLib.verify(vm.parseJsonBytes32Array(json, ".proof"), root, word(".leaf")));
        assertEq(anchors.cidOf(root), vm.parseJsonString(json, ".rootCid"));
    }

    function test_theContractsAcceptTheSignatures() public {
        Attestation memory a = attestation();
        authorise(modelDetails(a.modelId, vm.parseJsonAddress(json, ".modelSigner")));
        splits.add(a.splitId);
        // Parents of the vector are not minted here, so the anchored batch is what can be shown whole.
        anchors.anchor(a.modelId, word(".root"), 3, vm.parseJsonBytes(json, ".batchSignature"));
        assertEq(anchors.anchoredAt(a.modelId, word(".root")), block.timestamp);
        bytes memory proof =
            abi.encode(a, vm.parseJsonBytes(json, ".attestationSignature"), bytes32(0), new bytes32[](0));
        bytes memory record = bytes(vm.parseJsonString(json, ".record"));
        assertTrue(works.verify(record, vm.parseJsonBytes(json, ".content"), proof));
    }
}
