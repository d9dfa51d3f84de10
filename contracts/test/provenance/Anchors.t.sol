// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Anchors} from "medici/provenance/Anchors.sol";
import {IAnchors} from "medici/provenance/interfaces/IAnchors.sol";
import {IModelRegistry} from "medici/provenance/interfaces/IModelRegistry.sol";

import {Firm} from "./Firm.sol";

contract AnchorsTest is Firm {
    bytes32 private constant ROOT = keccak256("root");

    function signBatch(uint256 key, bytes32 modelId, bytes32 root, uint64 count)
        private
        view
        returns (bytes memory)
    {
        return signDigest(key, anchors.batchDigest(modelId, root, count));
    }

    function testFuzz_anyoneMayBringABatch(address relayer, bytes32 root, uint64 count) public {
        vm.assume(root != 0 && count != 0);
        bytes memory signature = signBatch(modelKey, MODEL, root, count);
        string memory cid = anchors.cidOf(root);
        vm.expectEmit(address(anchors));
        emit IAnchors.Commit(modelSigner, cid, cid);
        vm.prank(relayer);
        uint40 time = anchors.anchor(MODEL, root, count, signature);
        assertEq(time, block.timestamp);
        assertEq(anchors.anchoredAt(MODEL, root), block.timestamp);
        (uint40 at, uint64 size, uint16 model) = anchors.anchorOf(MODEL, root);
        assertEq(at, block.timestamp);
        assertEq(size, count);
        assertEq(model, 1);
        assertEq(anchors.anchoredModel(MODEL, root), 1);
    }

    function testFuzz_theFirstTimeStands(uint32 later) public {
        anchorRoot(MODEL, modelKey, ROOT, 3);
        uint40 first = anchors.anchoredAt(MODEL, ROOT);
        skip(later);
        bytes memory again = signBatch(modelKey, MODEL, ROOT, 5);
        vm.expectRevert(abi.encodeWithSelector(IAnchors.AlreadyAnchored.selector, MODEL, ROOT, first));
        anchors.anchor(MODEL, ROOT, 5, again);
        assertEq(anchors.anchoredAt(MODEL, ROOT), first);
    }

    function test_anotherModelCannotTakeARootAway() public {
        authoriseOther();
        anchorRoot(OTHER_MODEL, otherKey, ROOT, 1);
        assertEq(anchors.anchoredAt(MODEL, ROOT), 0);
        anchorRoot(MODEL, modelKey, ROOT, 3);
        assertEq(anchors.anchoredModel(MODEL, ROOT), 1);
        assertEq(anchors.anchoredModel(OTHER_MODEL, ROOT), 2);
    }

    function testFuzz_onlyTheModelsOwnKeyCounts(uint256 key) public {
        key = bound(key, 1, 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140);
        vm.assume(key != modelKey);
        bytes memory signature = signBatch(key, MODEL, ROOT, 1);
        vm.expectRevert(abi.encodeWithSelector(IAnchors.WrongSigner.selector, vm.addr(key), modelSigner));
        anchors.anchor(MODEL, ROOT, 1, signature);
    }

    function test_anotherModelsSignatureDoesNotCount() public {
        authoriseOther();
        bytes memory signature = signBatch(otherKey, MODEL, ROOT, 1);
        vm.expectRevert(abi.encodeWithSelector(IAnchors.WrongSigner.selector, otherSigner, modelSigner));
        anchors.anchor(MODEL, ROOT, 1, signature);
    }

    function test_theCountIsSigned() public {
        bytes memory signature = signBatch(modelKey, MODEL, ROOT, 3);
        vm.expectPartialRevert(IAnchors.WrongSigner.selector);
        anchors.anchor(MODEL, ROOT, 4, signature);
    }

    function test_aSignatureForAnotherChainOrContractDoesNotCount() public {
        bytes memory signature = signBatch(modelKey, MODEL, ROOT, 3);
        Anchors elsewhere = new Anchors(registry);
        vm.expectPartialRevert(IAnchors.WrongSigner.selector);
        elsewhere.anchor(MODEL, ROOT, 3, signature);
        vm.chainId(999);
        vm.expectPartialRevert(IAnchors.WrongSigner.selector);
        anchors.anchor(MODEL, ROOT, 3, signature);
    }

    function test_malformedSignatures() public {
        bytes32 digest = anchors.batchDigest(MODEL, ROOT, 3);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(modelKey, digest);
        bytes32 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes memory highS =
            abi.encodePacked(r, bytes32(uint256(order) - uint256(s)), v == 27 ? 28 : uint8(27));
        bytes memory wrong = abi.encodeWithSelector(IAnchors.WrongSigner.selector, address(0), modelSigner);
        vm.expectRevert(wrong);
        anchors.anchor(MODEL, ROOT, 3, highS);
        vm.expectRevert(wrong);
        anchors.anchor(MODEL, ROOT, 3, "");
        vm.expectRevert(wrong);
        anchors.anchor(MODEL, ROOT, 3, abi.encodePacked(r, s));
        vm.expectRevert(wrong);
        anchors.anchor(MODEL, ROOT, 3, abi.encodePacked(r, s, v, v));
        vm.expectRevert(wrong);
        anchors.anchor(MODEL, ROOT, 3, abi.encodePacked(r, s, uint8(0)));
        anchors.anchor(MODEL, ROOT, 3, abi.encodePacked(r, s, v));
    }

    function test_emptyBatches() public {
        vm.expectRevert(IAnchors.EmptyBatch.selector);
        anchors.anchor(MODEL, 0, 1, "");
        vm.expectRevert(IAnchors.EmptyBatch.selector);
        anchors.anchor(MODEL, ROOT, 0, "");
    }

    function test_anEndedOrUnknownModelAnchorsNothing() public {
        bytes memory signature = signBatch(modelKey, MODEL, ROOT, 3);
        vm.prank(governance);
        registry.retire(MODEL);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelNotAuthorised.selector, MODEL, IModelRegistry.State.Retired
            )
        );
        anchors.anchor(MODEL, ROOT, 3, signature);
        vm.prank(governance);
        registry.revoke(MODEL, "");
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelNotAuthorised.selector, MODEL, IModelRegistry.State.Revoked
            )
        );
        anchors.anchor(MODEL, ROOT, 3, signature);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelNotAuthorised.selector, OTHER_MODEL, IModelRegistry.State.Unknown
            )
        );
        anchors.anchor(OTHER_MODEL, ROOT, 3, signature);
    }

    function test_theIdentifierOfARootIsThatOfItsNode() public view {
        // base32(01 55 1b 20 ‖ keccak-256("")), computed with Python's base64.
        assertEq(anchors.cidOf(keccak256("")), "bafkrwigf2jdadbxxem6je7t5wlomoa6a4ualmu6kqittw6723acf3bneoa");
        assertEq(bytes(anchors.cidOf(bytes32(0))).length, 59);
    }
}
