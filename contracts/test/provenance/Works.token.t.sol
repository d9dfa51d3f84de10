// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC721} from "solady/tokens/ERC721.sol";

import {TransferValidator} from "medici/provenance/TransferValidator.sol";
import {Works} from "medici/provenance/Works.sol";
import {IERC7007} from "medici/provenance/interfaces/IERC7007.sol";
import {IGoverned, IPausable} from "medici/provenance/interfaces/IGoverned.sol";
import {
    ICreatorToken,
    IRoyaltyValidator,
    ITransferValidator
} from "medici/provenance/interfaces/ITransferValidator.sol";
import {Attestation, IWorks} from "medici/provenance/interfaces/IWorks.sol";

import {Firm} from "./Firm.sol";

/// @dev A program that holds works: a wrapper that would sell them on without a royalty.
contract Wrapper {
    function take(Works works, address from, uint256 tokenId) external {
        works.transferFrom(from, address(this), tokenId);
    }

    function give(Works works, address to, uint256 tokenId) external {
        works.transferFrom(address(this), to, tokenId);
    }

    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC721Received.selector;
    }
}

/// @dev The worst validator that governance could choose.
contract Refusal {
    error Never();

    function validateTransfer(address, address, address, uint256) external pure {
        revert Never();
    }
}

/// @notice The work as a token: moving, burning, royalties, what it says of itself.
contract WorksTokenTest is Firm {
    uint256 private work;

    function setUp() public override {
        super.setUp();
        work = mintNamed("the work", collector);
    }

    // ------------------------------------------------------------------ exits

    function test_pausedWorksStillMoveAndBurn() public {
        uint256 other = mintNamed("other", collector);
        vm.prank(guardian);
        works.pause();
        vm.startPrank(collector);
        works.transferFrom(collector, artist, work);
        works.burn(other);
        vm.stopPrank();
        assertEq(works.ownerOf(work), artist);
        assertEq(works.balanceOf(collector), 0);
    }

    function testFuzz_onlyOwnerOrApprovedBurns(address stranger) public {
        vm.assume(stranger != collector);
        vm.prank(stranger);
        vm.expectRevert(ERC721.NotOwnerNorApproved.selector);
        works.burn(work);
        vm.prank(collector);
        works.approve(stranger, work);
        vm.prank(stranger);
        works.burn(work);
        vm.expectRevert(ERC721.TokenDoesNotExist.selector);
        works.ownerOf(work);
    }

    function test_theCreatorCannotBurnWhatWasSold() public {
        vm.prank(artist);
        vm.expectRevert(ERC721.NotOwnerNorApproved.selector);
        works.burn(work);
    }

    function test_aBurntWorkIsGoneButNotForgotten() public {
        IWorks.Provenance memory before = works.provenanceOf(work);
        vm.prank(collector);
        works.burn(work);
        IWorks.Provenance memory known = works.provenanceOf(work);
        assertTrue(known.burnt);
        known.burnt = false;
        assertEq(keccak256(abi.encode(known)), keccak256(abi.encode(before)));
        vm.expectRevert(ERC721.TokenDoesNotExist.selector);
        works.tokenURI(work);
        vm.expectRevert(ERC721.TokenDoesNotExist.selector);
        works.saleTerms(work);
    }

    // ------------------------------------------------------------------ terms of a sale

    function testFuzz_royaltyGoesToTheSplitsWallet(uint96 price) public view {
        (address receiver, uint256 amount) = works.royaltyInfo(work, price);
        assertEq(receiver, splits.walletOf(splits.splitIndex(SPLIT)));
        assertEq(amount, uint256(price) * ROYALTY / 10_000);
        assertLe(amount, price);
    }

    function test_theFirstSaleIsTheCreatorsOwn() public {
        uint256 own = mintNamed("own", artist);
        (uint32 split, uint16 bps, bool first) = works.saleTerms(own);
        assertEq(split, splits.splitIndex(SPLIT));
        assertEq(bps, ROYALTY);
        assertTrue(first);
        (,, first) = works.saleTerms(work);
        assertFalse(first, "minted to another than the creator");

        vm.prank(artist);
        works.transferFrom(artist, collector, own);
        (,, first) = works.saleTerms(own);
        assertFalse(first, "moved");
        vm.prank(collector);
        works.transferFrom(collector, artist, own);
        (,, first) = works.saleTerms(own);
        assertFalse(first, "came back");
        (split,,) = works.saleTerms(own);
        assertEq(split, splits.splitIndex(SPLIT));
    }

    function testFuzz_royaltyHasACeiling(uint16 bps) public {
        bps = uint16(bound(bps, 2501, type(uint16).max));
        vm.expectRevert(abi.encodeWithSelector(IWorks.RoyaltyTooHigh.selector, bps, 2500));
        new Works(governance, anchors, splits, bps, "", "", "");
    }

    // ------------------------------------------------------------------ the validator

    function validate() private {
        vm.prank(governance);
        works.setTransferValidator(address(validator));
    }

    function allow(address operator) private {
        vm.prank(governance);
        validator.setOperator(operator, true);
    }

    function test_personsGiveFreely() public {
        validate();
        vm.prank(collector);
        works.transferFrom(collector, thief, work);
        assertEq(works.ownerOf(work), thief);
    }

    function test_anUnknownOperatorMovesNothing() public {
        validate();
        vm.prank(collector);
        works.setApprovalForAll(market, true);
        vm.prank(market);
        vm.expectRevert(abi.encodeWithSelector(IRoyaltyValidator.OperatorNotAllowed.selector, market));
        works.transferFrom(collector, thief, work);
        allow(market);
        vm.prank(market);
        works.transferFrom(collector, thief, work);
        assertEq(works.ownerOf(work), thief);
    }

    function test_theValidatorDoesNotReplaceApproval() public {
        validate();
        allow(market);
        vm.prank(market);
        vm.expectRevert(ERC721.NotOwnerNorApproved.selector);
        works.transferFrom(collector, market, work);
    }

    function test_aWrapperReceivesNothing() public {
        validate();
        Wrapper wrapper = new Wrapper();
        vm.prank(collector);
        works.setApprovalForAll(address(wrapper), true);
        vm.expectRevert(
            abi.encodeWithSelector(IRoyaltyValidator.OperatorNotAllowed.selector, address(wrapper))
        );
        wrapper.take(works, collector, work);
        vm.startPrank(collector);
        bytes memory refused =
            abi.encodeWithSelector(IRoyaltyValidator.ReceiverNotAllowed.selector, address(wrapper));
        vm.expectRevert(refused);
        works.transferFrom(collector, address(wrapper), work);
        vm.expectRevert(refused);
        works.safeTransferFrom(collector, address(wrapper), work);
    }

    function test_anAllowedVenueTakesAndGives() public {
        validate();
        Wrapper venue = new Wrapper();
        Wrapper wrapper = new Wrapper();
        allow(address(venue));
        vm.prank(collector);
        works.setApprovalForAll(address(venue), true);
        venue.take(works, collector, work);
        venue.give(works, address(wrapper), work);
        assertEq(works.ownerOf(work), address(wrapper));
        // A program that came to hold a work can always give it to a person.
        wrapper.give(works, thief, work);
        assertEq(works.ownerOf(work), thief);
    }

    function test_smartWalletsReceiveIfTheirCodeIsAllowed() public {
        validate();
        Wrapper wallet = new Wrapper();
        vm.prank(governance);
        validator.setWalletCode(address(wallet).codehash, true);
        vm.prank(collector);
        works.transferFrom(collector, address(wallet), work);
        assertEq(works.ownerOf(work), address(wallet));
    }

    function test_aPersonWithDelegatedCodeIsAPerson() public {
        validate();
        vm.etch(thief, abi.encodePacked(hex"ef0100", address(works)));
        vm.prank(collector);
        works.transferFrom(collector, thief, work);
        assertEq(works.ownerOf(work), thief);
        address almost = makeAddr("almost");
        vm.etch(almost, abi.encodePacked(hex"600100", address(works)));
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IRoyaltyValidator.ReceiverNotAllowed.selector, almost));
        works.transferFrom(thief, almost, work);
    }

    function test_theWorstValidatorTrapsNothing() public {
        Refusal refusal = new Refusal();
        vm.prank(governance);
        works.setTransferValidator(address(refusal));
        vm.startPrank(collector);
        works.setApprovalForAll(market, true);
        vm.stopPrank();
        vm.prank(market);
        vm.expectRevert(Refusal.Never.selector);
        works.transferFrom(collector, thief, work);
        vm.prank(collector);
        works.transferFrom(collector, thief, work);
        vm.prank(thief);
        works.burn(work);
    }

    function test_aValidatorMustBeAContract() public {
        vm.startPrank(governance);
        vm.expectRevert(abi.encodeWithSelector(IWorks.NotAContract.selector, thief));
        works.setTransferValidator(thief);
        vm.expectEmit(address(works));
        emit ICreatorToken.TransferValidatorUpdated(address(0), address(validator));
        works.setTransferValidator(address(validator));
        assertEq(works.getTransferValidator(), address(validator));
        works.setTransferValidator(address(0));
        vm.stopPrank();
        (bytes4 selector, bool isView) = works.getTransferValidationFunction();
        assertEq(bytes32(selector), bytes32(bytes4(0xcaee23ea)));
        assertTrue(isView);
    }

    function test_theValidatorBelongsToGovernance() public {
        bytes memory denied = abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, thief);
        vm.startPrank(thief);
        vm.expectRevert(denied);
        validator.setOperator(thief, true);
        vm.expectRevert(denied);
        validator.setWalletCode(keccak256("wallet"), true);
        vm.expectRevert(IGoverned.ZeroAddress.selector);
        new TransferValidator(address(0));
    }

    // ------------------------------------------------------------------ what the collection says

    function test_tokenURIIsTheIdentifierOfItsMetadata() public {
        Attestation memory a = attest("empty metadata");
        a.metadataDigest = sha256("");
        bytes memory signature = sign(modelKey, a);
        vm.prank(artist);
        works.mint(a, originals(), collector, signature);
        assertEq(
            works.tokenURI(a.tokenId), "ipfs://bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
        );
    }

    function test_interfaces() public view {
        bytes4[8] memory known = [
            bytes4(0x01ffc9a7), // ERC-165
            bytes4(0x80ac58cd), // ERC-721
            bytes4(0x5b5e139f), // ERC-721 metadata
            bytes4(0x2a55205a), // ERC-2981
            bytes4(0x49064906), // ERC-4906
            bytes4(0x702c55a6), // ERC-7007
            bytes4(0xad0d7f6c), // ERC-721C
            type(ICreatorToken).interfaceId
        ];
        for (uint256 i = 0; i < known.length; ++i) {
            assertTrue(works.supportsInterface(known[i]), vm.toString(i));
        }
        assertFalse(works.supportsInterface(0xffffffff));
    }

    function test_nameAndDescription() public {
        assertEq(works.name(), "Bottega");
        assertEq(works.symbol(), "BOT");
        assertEq(works.contractURI(), "ipfs://collection");
        vm.prank(governance);
        vm.expectEmit(address(works));
        emit IWorks.ContractURIUpdated();
        works.setContractURI("ipfs://other");
        assertEq(works.contractURI(), "ipfs://other");
    }

    function test_ownersAskForARefresh() public {
        vm.prank(collector);
        vm.expectEmit(address(works));
        emit IWorks.MetadataUpdate(work);
        works.refreshMetadata(work);
        vm.prank(governance);
        works.refreshMetadata(work);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, thief));
        works.refreshMetadata(work);
    }

    function test_theUnknownIsRefusedEverywhere() public {
        uint256 never = uint256(sha256("never minted"));
        assertFalse(works.wasMinted(never));
        bytes4 unknown = ERC721.TokenDoesNotExist.selector;
        vm.expectRevert(unknown);
        works.tokenURI(never);
        vm.expectRevert(unknown);
        works.royaltyInfo(never, 1);
        vm.expectRevert(unknown);
        works.saleTerms(never);
        vm.expectRevert(unknown);
        works.provenanceOf(never);
        vm.expectRevert(unknown);
        works.refreshMetadata(never);
    }

    // ------------------------------------------------------------------ admin

    function testFuzz_strangersHoldNoPower(address stranger) public {
        vm.assume(stranger != governance && stranger != guardian);
        bytes memory denied = abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(denied);
        works.setTransferValidator(address(0));
        vm.expectRevert(denied);
        works.setContractURI("");
        vm.expectRevert(denied);
        works.setGuardian(stranger);
        vm.expectRevert(denied);
        works.unpause();
        vm.expectRevert(denied);
        works.transferGovernance(stranger);
        vm.expectRevert(abi.encodeWithSelector(IPausable.OnlyGuardian.selector, stranger));
        works.pause();
    }

    function test_theGuardianOnlyPauses() public {
        vm.startPrank(guardian);
        works.pause();
        assertTrue(works.paused());
        bytes memory denied = abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, guardian);
        vm.expectRevert(denied);
        works.unpause();
        vm.expectRevert(denied);
        works.setGuardian(thief);
        vm.expectRevert(denied);
        works.setTransferValidator(address(0));
        vm.expectRevert(denied);
        works.transferGovernance(guardian);
    }
}

/// @notice The generation shown on the chain, in the form of ERC-7007.
contract WorksGenerationTest is Firm {
    bytes private constant CONTENT = "RGBA8, width, height and the pixels";
    bytes private constant RECORD = '{"schema":"medici/generation/1","seed":7}';

    Attestation private a;
    bytes private bySignature;
    bytes private byProof;

    function setUp() public override {
        super.setUp();
        Attestation memory made = attest("generated");
        made.tokenId = uint256(sha256(CONTENT));
        made.recordDigest = sha256(RECORD);
        (bytes32 root, bytes32[] memory proof) = plant(works.leafOf(made), 4);
        anchorRoot(MODEL, modelKey, root, 16);
        a = made;
        bySignature = abi.encode(made, sign(modelKey, made), bytes32(0), new bytes32[](0));
        byProof = abi.encode(made, "", root, proof);
    }

    function test_bothProofsVerify() public view {
        assertTrue(works.verify(RECORD, CONTENT, bySignature));
        assertTrue(works.verify(RECORD, CONTENT, byProof));
    }

    function testFuzz_otherBytesDoNot(bytes calldata other) public view {
        vm.assume(keccak256(other) != keccak256(CONTENT) && keccak256(other) != keccak256(RECORD));
        assertFalse(works.verify(other, CONTENT, bySignature));
        assertFalse(works.verify(RECORD, other, bySignature));
        assertFalse(works.verify(other, CONTENT, byProof));
        assertFalse(works.verify(RECORD, other, byProof));
    }

    function test_anEndedModelsSignatureProvesNoMoreButItsAnchorDoes() public {
        skip(10);
        vm.prank(governance);
        registry.revoke(MODEL, "key stolen");
        assertFalse(works.verify(RECORD, CONTENT, bySignature));
        assertTrue(works.verify(RECORD, CONTENT, byProof));
    }

    function test_forgeriesDoNotVerify() public {
        authoriseOther();
        Attestation memory forged = a;
        bytes32[] memory none = new bytes32[](0);
        assertFalse(
            works.verify(RECORD, CONTENT, abi.encode(forged, sign(otherKey, forged), bytes32(0), none))
        );
        assertFalse(works.verify(RECORD, CONTENT, abi.encode(forged, hex"00", bytes32(0), none)));
        assertFalse(works.verify(RECORD, CONTENT, abi.encode(forged, "", works.leafOf(forged), none)));
        bytes32 known = keccak256("a root of the model that does not hold the leaf");
        anchorRoot(MODEL, modelKey, known, 2);
        assertFalse(works.verify(RECORD, CONTENT, abi.encode(forged, "", known, none)));
    }

    function test_itIsShownOnlyForAWorkThatStandsAndVerifies() public {
        vm.expectRevert(ERC721.TokenDoesNotExist.selector);
        works.addAigcData(a.tokenId, RECORD, CONTENT, byProof);
        bytes memory signature = sign(modelKey, a);
        vm.prank(artist);
        works.mint(a, originals(), collector, signature);
        vm.expectEmit(address(works));
        emit IERC7007.AigcData(a.tokenId, RECORD, CONTENT, byProof);
        vm.prank(thief);
        works.addAigcData(a.tokenId, RECORD, CONTENT, byProof);

        vm.expectRevert(abi.encodeWithSelector(IWorks.NotVerified.selector, a.tokenId));
        works.addAigcData(a.tokenId, "{}", CONTENT, byProof);
        uint256 other = mintNamed("another work", collector);
        vm.expectRevert(abi.encodeWithSelector(IWorks.NotVerified.selector, other));
        works.addAigcData(other, RECORD, CONTENT, byProof);
    }
}
