// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC721} from "solady/tokens/ERC721.sol";

import {Works} from "medici/provenance/Works.sol";
import {IModelRegistry} from "medici/provenance/interfaces/IModelRegistry.sol";
import {Attestation, IWorks} from "medici/provenance/interfaces/IWorks.sol";
import {IPausable} from "medici/provenance/interfaces/IGoverned.sol";

import {Firm} from "./Firm.sol";

/// @dev A receiver that counts whether it is called back.
contract Counting {
    uint256 public called;

    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        ++called;
        return this.onERC721Received.selector;
    }
}

/// @notice Minting from the model's signature.
contract WorksMintTest is Firm {
    function tryMint(address caller, Attestation memory a, uint256[] memory parents, bytes memory signature)
        private
    {
        vm.prank(caller);
        works.mint(a, parents, collector, signature);
    }

    // ------------------------------------------------------------------ what a mint does

    function testFuzz_aMintedWorkIsWhatWasAttested(
        bytes32 content,
        bytes32 record,
        bytes32 metadata,
        address to
    ) public {
        vm.assume(to != address(0));
        Attestation memory a = attest("fuzzed");
        (a.tokenId, a.recordDigest, a.metadataDigest) = (uint256(content), record, metadata);
        bytes memory signature = sign(modelKey, a);
        vm.expectEmit(address(works));
        emit IWorks.Minted(a.tokenId, artist, record);
        vm.prank(artist);
        works.mint(a, originals(), to, signature);

        assertEq(works.ownerOf(a.tokenId), to);
        assertEq(works.balanceOf(to), 1);
        assertTrue(works.wasMinted(a.tokenId));
        IWorks.Provenance memory known = works.provenanceOf(a.tokenId);
        assertEq(known.modelId, MODEL);
        assertEq(known.mintedAt, block.timestamp);
        assertEq(known.splitIndex, splits.splitIndex(SPLIT));
        assertEq(known.metadataDigest, metadata);
        assertFalse(known.burnt);
        assertEq(works.parentsOf(a.tokenId).length, 0);
    }

    function test_theModelStandsInTheToken() public {
        authoriseOther();
        Attestation memory a = attest("second model");
        a.modelId = OTHER_MODEL;
        tryMint(artist, a, originals(), sign(otherKey, a));
        assertEq(works.provenanceOf(a.tokenId).modelId, OTHER_MODEL);
    }

    // ------------------------------------------------------------------ who may mint

    function testFuzz_aStrangerCannotMintEvenWithAGoodSignature(address stranger) public {
        vm.assume(stranger != artist);
        Attestation memory a = attest("seen in the mempool");
        bytes memory signature = sign(modelKey, a);
        vm.expectRevert(abi.encodeWithSelector(IWorks.NotCreatorNorOperator.selector, stranger, artist));
        tryMint(stranger, a, originals(), signature);
    }

    function test_anApprovedOperatorMints() public {
        Attestation memory a = attest("sold");
        bytes memory signature = sign(modelKey, a);
        vm.prank(artist);
        works.setApprovalForAll(market, true);
        tryMint(market, a, originals(), signature);
        assertEq(works.ownerOf(a.tokenId), collector);
    }

    function test_anOperatorOfOneCreatorMintsNothingOfAnother() public {
        vm.prank(thief);
        works.setApprovalForAll(market, true);
        Attestation memory a = attest("not the thief's");
        bytes memory signature = sign(modelKey, a);
        vm.expectRevert(abi.encodeWithSelector(IWorks.NotCreatorNorOperator.selector, market, artist));
        tryMint(market, a, originals(), signature);
    }

    function test_anOperatorWhoseApprovalEndedMintsNothing() public {
        Attestation memory a = attest("ended");
        bytes memory signature = sign(modelKey, a);
        vm.startPrank(artist);
        works.setApprovalForAll(market, true);
        works.setApprovalForAll(market, false);
        vm.stopPrank();
        vm.expectPartialRevert(IWorks.NotCreatorNorOperator.selector);
        tryMint(market, a, originals(), signature);
    }

    function test_theOwnerOfAnotherWorkOfTheArtistIsNoOperator() public {
        mintNamed("first", collector);
        Attestation memory a = attest("second");
        bytes memory signature = sign(modelKey, a);
        vm.expectPartialRevert(IWorks.NotCreatorNorOperator.selector);
        tryMint(collector, a, originals(), signature);
    }

    function test_aCreatorOfZeroMintsNothing() public {
        Attestation memory a = attest("nobody's");
        a.creator = address(0);
        bytes memory signature = sign(modelKey, a);
        vm.expectPartialRevert(IWorks.NotCreatorNorOperator.selector);
        tryMint(artist, a, originals(), signature);
    }

    // ------------------------------------------------------------------ what was signed

    function testFuzz_everyFieldIsSigned(uint8 field, uint256 other) public {
        Attestation memory a = attest("signed");
        bytes memory signature = sign(modelKey, a);
        splits.add(bytes32(other));
        field = uint8(bound(field, 0, 4));
        if (field == 0) a.tokenId = other;
        if (field == 1) a.recordDigest = bytes32(other);
        if (field == 2) a.metadataDigest = bytes32(other);
        if (field == 3) a.splitId = bytes32(other);
        address caller = artist;
        if (field == 4) caller = a.creator = thief;
        vm.assume(keccak256(abi.encode(a)) != keccak256(abi.encode(attest("signed"))));
        vm.expectPartialRevert(IWorks.WrongSigner.selector);
        tryMint(caller, a, originals(), signature);
    }

    function test_theModelIsSigned() public {
        authoriseOther();
        Attestation memory a = attest("of model one");
        bytes memory signature = sign(modelKey, a);
        a.modelId = OTHER_MODEL;
        vm.expectPartialRevert(IWorks.WrongSigner.selector);
        tryMint(artist, a, originals(), signature);
    }

    function test_parentsAreSigned() public {
        uint256 parent = mintNamed("parent", collector);
        Attestation memory a = attest("child");
        bytes memory signature = sign(modelKey, a);
        uint256[] memory parents = new uint256[](1);
        parents[0] = parent;
        bytes32 given = keccak256(abi.encodePacked(parents));
        vm.expectRevert(abi.encodeWithSelector(IWorks.WrongParents.selector, given, bytes32(0)));
        tryMint(artist, a, parents, signature);
        a.parentsDigest = given;
        vm.expectPartialRevert(IWorks.WrongSigner.selector);
        tryMint(artist, a, parents, signature);
        signature = sign(modelKey, a);
        vm.expectRevert(abi.encodeWithSelector(IWorks.WrongParents.selector, bytes32(0), given));
        tryMint(artist, a, originals(), signature);
    }

    function test_anotherModelsKeyDoesNotCount() public {
        authoriseOther();
        Attestation memory a = attest("forged");
        bytes memory signature = sign(otherKey, a);
        vm.expectRevert(abi.encodeWithSelector(IWorks.WrongSigner.selector, otherSigner, modelSigner));
        tryMint(artist, a, originals(), signature);
    }

    function test_aSignatureForAnotherContractOrChainDoesNotCount() public {
        Attestation memory a = attest("replayed");
        bytes memory signature = sign(modelKey, a);
        Works elsewhere = new Works(governance, anchors, splits, ROYALTY, "Twin", "TWIN", "");
        vm.prank(artist);
        vm.expectPartialRevert(IWorks.WrongSigner.selector);
        elsewhere.mint(a, originals(), collector, signature);
        vm.chainId(10);
        vm.expectPartialRevert(IWorks.WrongSigner.selector);
        tryMint(artist, a, originals(), signature);
    }

    function test_malformedSignatures() public {
        Attestation memory a = attest("malformed");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(modelKey, works.attestationDigest(a));
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes memory wrong = abi.encodeWithSelector(IWorks.WrongSigner.selector, address(0), modelSigner);
        vm.expectRevert(wrong);
        tryMint(
            artist, a, originals(), abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? 28 : uint8(27))
        );
        vm.expectRevert(wrong);
        tryMint(artist, a, originals(), "");
        vm.expectRevert(wrong);
        tryMint(artist, a, originals(), abi.encodePacked(r, s));
        vm.expectRevert(wrong);
        tryMint(artist, a, originals(), abi.encodePacked(r, s, uint8(99)));
        tryMint(artist, a, originals(), abi.encodePacked(r, s, v));
    }

    // ------------------------------------------------------------------ once, and only while it counts

    function test_aSignatureMintsOnce() public {
        Attestation memory a = attest("once");
        bytes memory signature = sign(modelKey, a);
        tryMint(artist, a, originals(), signature);
        vm.expectRevert(abi.encodeWithSelector(IWorks.AlreadyMinted.selector, a.tokenId));
        tryMint(artist, a, originals(), signature);
    }

    function test_theSameContentMintsOnceWhateverElseIsAttested() public {
        mintNamed("content", collector);
        authoriseOther();
        Attestation memory a = attest("content");
        a.modelId = OTHER_MODEL;
        a.metadataDigest = keccak256("a nicer title");
        a.creator = thief;
        bytes memory signature = sign(otherKey, a);
        vm.expectRevert(abi.encodeWithSelector(IWorks.AlreadyMinted.selector, a.tokenId));
        tryMint(thief, a, originals(), signature);
    }

    function test_aBurntWorkNeverReturns() public {
        Attestation memory a = attest("ashes");
        bytes memory signature = sign(modelKey, a);
        tryMint(artist, a, originals(), signature);
        vm.prank(collector);
        works.burn(a.tokenId);
        vm.expectRevert(abi.encodeWithSelector(IWorks.AlreadyMinted.selector, a.tokenId));
        tryMint(artist, a, originals(), signature);
        assertTrue(works.provenanceOf(a.tokenId).burnt);
        assertTrue(works.wasMinted(a.tokenId));
    }

    function test_anEndedModelMintsNothing() public {
        Attestation memory a = attest("late");
        bytes memory signature = sign(modelKey, a);
        vm.prank(governance);
        registry.retire(MODEL);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelNotAuthorised.selector, MODEL, IModelRegistry.State.Retired
            )
        );
        tryMint(artist, a, originals(), signature);
    }

    function test_aProposedModelMintsNothing() public {
        registry.propose(modelDetails(OTHER_MODEL, otherSigner));
        Attestation memory a = attest("early");
        a.modelId = OTHER_MODEL;
        bytes memory signature = sign(otherKey, a);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelNotAuthorised.selector, OTHER_MODEL, IModelRegistry.State.Proposed
            )
        );
        tryMint(artist, a, originals(), signature);
    }

    function test_aSplitMustExist() public {
        Attestation memory a = attest("no split");
        a.splitId = keccak256("never created");
        bytes memory signature = sign(modelKey, a);
        vm.expectRevert(abi.encodeWithSelector(IWorks.UnknownSplit.selector, a.splitId));
        tryMint(artist, a, originals(), signature);
    }

    function test_aWorkNeedsAReceiver() public {
        Attestation memory a = attest("to nobody");
        bytes memory signature = sign(modelKey, a);
        vm.prank(artist);
        vm.expectRevert(ERC721.TransferToZeroAddress.selector);
        works.mint(a, originals(), address(0), signature);
    }

    function test_noReceiverIsCalledBack() public {
        Counting receiver = new Counting();
        mintNamed("quiet", address(receiver));
        assertEq(receiver.called(), 0);
    }

    function test_pausedNothingIsMinted() public {
        Attestation memory a = attest("paused");
        bytes memory signature = sign(modelKey, a);
        vm.prank(guardian);
        works.pause();
        vm.expectRevert(IPausable.IsPaused.selector);
        tryMint(artist, a, originals(), signature);
        vm.prank(governance);
        works.unpause();
        tryMint(artist, a, originals(), signature);
    }

    // ------------------------------------------------------------------ derivatives

    function derive(string memory name, uint256[] memory parents)
        private
        view
        returns (Attestation memory a)
    {
        a = attest(name);
        a.parentsDigest = keccak256(abi.encodePacked(parents));
    }

    function testFuzz_parentsAreKeptInOrder(uint8 count) public {
        uint256[] memory parents = new uint256[](bound(count, 1, 16));
        for (uint256 i = 0; i < parents.length; ++i) {
            parents[i] = mintNamed(string.concat("parent ", vm.toString(i)), collector);
        }
        // A burnt parent stays a parent.
        vm.prank(collector);
        works.burn(parents[0]);
        Attestation memory a = derive("child", parents);
        bytes memory signature = sign(modelKey, a);
        vm.expectEmit(address(works));
        emit IWorks.Derived(a.tokenId, parents);
        tryMint(artist, a, parents, signature);
        assertEq(works.parentsOf(a.tokenId), parents);
    }

    function test_impossibleParents() public {
        uint256[] memory parents = new uint256[](2);
        parents[0] = mintNamed("parent", collector);
        parents[1] = uint256(sha256("never minted"));
        Attestation memory a = derive("child", parents);
        bytes memory signature = sign(modelKey, a);
        vm.expectRevert(abi.encodeWithSelector(IWorks.UnknownParent.selector, parents[1]));
        tryMint(artist, a, parents, signature);

        parents[1] = parents[0];
        a = derive("child", parents);
        signature = sign(modelKey, a);
        vm.expectRevert(abi.encodeWithSelector(IWorks.DuplicateParent.selector, parents[0]));
        tryMint(artist, a, parents, signature);

        parents[1] = a.tokenId;
        a = derive("child", parents);
        signature = sign(modelKey, a);
        vm.expectRevert(abi.encodeWithSelector(IWorks.UnknownParent.selector, a.tokenId));
        tryMint(artist, a, parents, signature);

        parents = new uint256[](17);
        a = derive("child", parents);
        signature = sign(modelKey, a);
        vm.expectRevert(abi.encodeWithSelector(IWorks.TooManyParents.selector, 17, 16));
        tryMint(artist, a, parents, signature);
    }
}
