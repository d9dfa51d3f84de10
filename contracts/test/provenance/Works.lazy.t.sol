// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC721} from "solady/tokens/ERC721.sol";

import {Works} from "medici/provenance/Works.sol";
import {IModelRegistry} from "medici/provenance/interfaces/IModelRegistry.sol";
import {Attestation, IWorks} from "medici/provenance/interfaces/IWorks.sol";
import {IPausable} from "medici/provenance/interfaces/IGoverned.sol";

import {Firm} from "./Firm.sol";

/// @notice Minting from a leaf of an anchored batch.
contract WorksLazyTest is Firm {
    Attestation private a;
    bytes32 private root;
    bytes32[] private proof;

    function setUp() public override {
        super.setUp();
        Attestation memory made;
        (made, root, proof) = anchorNamed("lazy", 3);
        a = made;
    }

    /// @dev `requireMintable` and `mintLazily` must always agree, so every refusal is asked of both.
    function refused(address caller, Attestation memory what, bytes memory reason) private {
        refused(caller, what, originals(), reason);
    }

    function refused(address caller, Attestation memory what, uint256[] memory parents, bytes memory reason)
        private
    {
        vm.prank(caller);
        vm.expectRevert(reason);
        works.requireMintable(what, parents, root, proof);
        vm.prank(caller);
        vm.expectRevert(reason);
        works.mintLazily(what, parents, root, proof, collector);
    }

    function accepted(address caller) private {
        vm.prank(caller);
        works.requireMintable(a, originals(), root, proof);
        vm.prank(caller);
        works.mintLazily(a, originals(), root, proof, collector);
        assertEq(works.ownerOf(a.tokenId), collector);
    }

    // ------------------------------------------------------------------ what is accepted

    function testFuzz_aLeafOfAnyDepthMints(uint8 depth) public {
        Attestation memory made;
        (made, root, proof) = anchorNamed("any depth", bound(depth, 0, 20));
        a = made;
        accepted(artist);
        IWorks.Provenance memory known = works.provenanceOf(a.tokenId);
        assertEq(known.modelId, MODEL);
        assertEq(known.metadataDigest, a.metadataDigest);
        assertEq(known.splitIndex, splits.splitIndex(SPLIT));
    }

    function test_theBuyersTransactionMints() public {
        vm.prank(artist);
        works.setApprovalForAll(market, true);
        accepted(market);
    }

    function test_aRetiredModelsAnchoredWorksStayMintable() public {
        vm.prank(governance);
        registry.retire(MODEL);
        accepted(artist);
    }

    function test_theBatchMayBeYearsOld() public {
        skip(3650 days);
        accepted(artist);
        assertEq(works.provenanceOf(a.tokenId).mintedAt, vm.getBlockTimestamp());
    }

    // ------------------------------------------------------------------ what is refused

    function testFuzz_aStranger(address stranger) public {
        vm.assume(stranger != artist);
        refused(stranger, a, abi.encodeWithSelector(IWorks.NotCreatorNorOperator.selector, stranger, artist));
    }

    function testFuzz_anythingChangedInTheLeaf(uint8 field, uint256 other) public {
        Attestation memory changed = a;
        splits.add(bytes32(other));
        field = uint8(bound(field, 0, 4));
        if (field == 0) changed.tokenId = other;
        if (field == 1) changed.recordDigest = bytes32(other);
        if (field == 2) changed.metadataDigest = bytes32(other);
        if (field == 3) changed.splitId = bytes32(other);
        if (field == 4) changed.creator = thief;
        bytes32 leaf = works.leafOf(changed);
        vm.assume(leaf != works.leafOf(a));
        refused(changed.creator, changed, abi.encodeWithSelector(IWorks.WrongProof.selector, leaf, root));
    }

    function test_aRootThatOnlyAnotherModelAnchored() public {
        authoriseOther();
        Attestation memory changed = a;
        changed.modelId = OTHER_MODEL;
        refused(artist, changed, abi.encodeWithSelector(IWorks.NotAnchored.selector, OTHER_MODEL, root));
    }

    function test_aBatchOfAnotherModelCannotSpeakForThisOne() public {
        authoriseOther();
        Attestation memory forged = attest("forged for model one");
        (root, proof) = plant(works.leafOf(forged), 3);
        anchorRoot(OTHER_MODEL, otherKey, root, 8);
        refused(artist, forged, abi.encodeWithSelector(IWorks.NotAnchored.selector, MODEL, root));
    }

    function test_anUnanchoredRoot() public {
        Attestation memory never = attest("never anchored");
        (root, proof) = plant(works.leafOf(never), 3);
        refused(artist, never, abi.encodeWithSelector(IWorks.NotAnchored.selector, MODEL, root));
    }

    function testFuzz_anotherProof(uint8 node, bytes32 other) public {
        node = uint8(bound(node, 0, 2));
        vm.assume(proof[node] != other);
        proof[node] = other;
        refused(artist, a, abi.encodeWithSelector(IWorks.WrongProof.selector, works.leafOf(a), root));
    }

    function test_aProofOfAnotherLength() public {
        bytes memory wrong = abi.encodeWithSelector(IWorks.WrongProof.selector, works.leafOf(a), root);
        bytes32 last = proof[2];
        proof.pop();
        refused(artist, a, wrong);
        proof.push(last);
        proof.push(bytes32(0));
        refused(artist, a, wrong);
    }

    function test_anInnerNodeIsNoLeaf() public {
        // An inner node is the hash of 64 bytes, a leaf that of 256: no attestation can stand for a node.
        bytes32 node = hashPair(works.leafOf(a), proof[0]);
        assertNotEq(works.leafOf(a), node);
        proof[0] = proof[1];
        proof[1] = proof[2];
        proof.pop();
        refused(artist, a, abi.encodeWithSelector(IWorks.WrongProof.selector, works.leafOf(a), root));
    }

    function test_theSameLeafTwice() public {
        accepted(artist);
        refused(artist, a, abi.encodeWithSelector(IWorks.AlreadyMinted.selector, a.tokenId));
    }

    function test_aLeafAfterADirectMint() public {
        bytes memory signature = sign(modelKey, a);
        vm.prank(artist);
        works.mint(a, originals(), collector, signature);
        refused(artist, a, abi.encodeWithSelector(IWorks.AlreadyMinted.selector, a.tokenId));
    }

    function test_aBurntWork() public {
        accepted(artist);
        vm.prank(collector);
        works.burn(a.tokenId);
        refused(artist, a, abi.encodeWithSelector(IWorks.AlreadyMinted.selector, a.tokenId));
    }

    function test_paused() public {
        vm.prank(guardian);
        works.pause();
        refused(artist, a, abi.encodeWithSelector(IPausable.IsPaused.selector));
    }

    function test_anUnknownSplit() public {
        Attestation memory made = attest("no split");
        made.splitId = keccak256("never created");
        (root, proof) = plant(works.leafOf(made), 2);
        anchorRoot(MODEL, modelKey, root, 4);
        refused(artist, made, abi.encodeWithSelector(IWorks.UnknownSplit.selector, made.splitId));
    }

    function test_parentsThatWereNotAttested() public {
        uint256[] memory parents = new uint256[](1);
        parents[0] = mintNamed("parent", collector);
        refused(
            artist,
            a,
            parents,
            abi.encodeWithSelector(
                IWorks.WrongParents.selector, keccak256(abi.encodePacked(parents)), bytes32(0)
            )
        );
    }

    function test_aWorkNeedsAReceiver() public {
        vm.prank(artist);
        vm.expectRevert(ERC721.TransferToZeroAddress.selector);
        works.mintLazily(a, originals(), root, proof, address(0));
    }

    // ------------------------------------------------------------------ revocation

    function revokedReason(bytes32 model) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IModelRegistry.ModelNotAuthorised.selector, model, IModelRegistry.State.Revoked
        );
    }

    function test_aRevokedModelsAnchoredWorks() public {
        vm.prank(governance);
        registry.revoke(MODEL, "key stolen");
        refused(artist, a, revokedReason(MODEL));
        // What it had anchored keeps its time: history is not rewritten.
        assertEq(anchors.anchoredAt(MODEL, root), block.timestamp);
    }

    function test_revocationAfterRetirement() public {
        vm.startPrank(governance);
        registry.retire(MODEL);
        registry.revoke(MODEL, "");
        vm.stopPrank();
        refused(artist, a, revokedReason(MODEL));
    }

    function test_anotherModelsRevocationDoesNotHurt() public {
        authoriseOther();
        vm.prank(governance);
        registry.revoke(OTHER_MODEL, "");
        accepted(artist);
    }

    function test_worksThatAreNotToldAskTheRegistryThemselves() public {
        Works untold = new Works(governance, anchors, splits, ROYALTY, "Untold", "UNT", "");
        vm.prank(governance);
        registry.revoke(MODEL, "");
        vm.prank(artist);
        vm.expectRevert(revokedReason(MODEL));
        untold.mintLazily(a, originals(), root, proof, collector);
    }

    function test_worksToldTooLateOrNoMoreAskTheRegistryThemselves() public {
        Works late = new Works(governance, anchors, splits, ROYALTY, "Late", "LAT", "");
        authoriseOther();
        vm.startPrank(governance);
        registry.setWatcher(address(works), false);
        registry.revoke(MODEL, "");
        registry.setWatcher(address(late), true);
        registry.setWatcher(address(works), true);
        vm.stopPrank();
        refused(artist, a, revokedReason(MODEL));
        vm.prank(artist);
        vm.expectRevert(revokedReason(MODEL));
        late.mintLazily(a, originals(), root, proof, collector);
    }

    function testFuzz_onlyTheRegistryBringsNews(address stranger) public {
        vm.assume(stranger != address(registry));
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IWorks.OnlyRegistry.selector, stranger));
        works.onWatch(true, true);
        vm.expectRevert(abi.encodeWithSelector(IWorks.OnlyRegistry.selector, stranger));
        works.onRevocation();
    }

    function test_newsAndPauseStandInOneWord() public {
        // `_requireNew` reads both flags with one load: that is right only while they share a slot.
        vm.prank(guardian);
        works.pause();
        vm.prank(governance);
        registry.revoke(MODEL, "");
        refused(artist, a, abi.encodeWithSelector(IPausable.IsPaused.selector));
        vm.prank(governance);
        works.unpause();
        refused(artist, a, revokedReason(MODEL));
    }
}
