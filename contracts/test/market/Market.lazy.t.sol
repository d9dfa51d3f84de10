// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMarket, LazyWork} from "medici/market/interfaces/IMarket.sol";
import {IWorks} from "medici/provenance/interfaces/IWorks.sol";

import {House} from "./House.sol";

/// @notice Auctions of works that the settlement mints.
contract MarketLazyTest is House {
    LazyWork private work;
    uint256 private tokenId;
    uint256 private lot;

    function setUp() public override {
        super.setUp();
        work = lazyWork("lazy");
        tokenId = work.attestation.tokenId;
        lot = openLazy(work);
    }

    function settleBy(address who) private {
        vm.prank(who);
        auctions.settleLazy(lot, work);
    }

    function test_settlementMintsToTheWinner() public {
        bids(bidder, lot, 200 * DOLLAR);
        passEnd(lot);
        settleBy(thief);
        assertEq(works.ownerOf(tokenId), bidder);
        assertEq(revenue.received(split), 200 * DOLLAR);
        (,, bool firstSale) = works.saleTerms(tokenId);
        assertFalse(firstSale);
    }

    function test_onlyTheCreatorOrItsOperatorOffers() public {
        LazyWork memory other = lazyWork("other");
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotTheSeller.selector, thief, artist));
        auctions.openLazyAuction(other, plainTerms());
        vm.prank(artist);
        works.setApprovalForAll(curator, true);
        vm.prank(curator);
        uint256 second = auctions.openLazyAuction(other, plainTerms());
        assertEq(auctions.lotOf(second).seller, artist);
        vm.prank(artist);
        vm.expectRevert(abi.encodeWithSelector(IMarket.SellerCannotBid.selector, second));
        auctions.bid(second, 200 * DOLLAR);
    }

    function test_aWorkThatCannotBeMintedIsNotOffered() public {
        LazyWork memory other = made2("never anchored");
        vm.prank(artist);
        vm.expectPartialRevert(IWorks.NotAnchored.selector);
        auctions.openLazyAuction(other, plainTerms());
        other = lazyWork("forged proof");
        other.proof[3] = keccak256("forged");
        vm.prank(artist);
        vm.expectPartialRevert(IWorks.WrongProof.selector);
        auctions.openLazyAuction(other, plainTerms());
        other = lazyWork("not approved");
        vm.startPrank(artist);
        works.setApprovalForAll(address(auctions), false);
        vm.expectPartialRevert(IWorks.NotCreatorNorOperator.selector);
        auctions.openLazyAuction(other, plainTerms());
    }

    function made2(string memory name) private view returns (LazyWork memory other) {
        other.attestation = made(name);
        other.parents = originals();
        other.root = keccak256("nowhere");
    }

    function test_theSameWorkIsOfferedOnce() public {
        vm.prank(artist);
        vm.expectRevert(abi.encodeWithSelector(IMarket.AlreadyOffered.selector, tokenId, lot));
        auctions.openLazyAuction(work, plainTerms());
        vm.prank(artist);
        auctions.cancel(lot);
        openLazy(work);
    }

    function test_onlyTheOfferedWorkSettles() public {
        bids(bidder, lot, 200 * DOLLAR);
        passEnd(lot);
        vm.expectRevert(abi.encodeWithSelector(IMarket.WrongSettlement.selector, lot, true));
        auctions.settle(lot);
        LazyWork memory other = work;
        other.proof[0] = 0;
        vm.prank(bidder);
        vm.expectRevert(abi.encodeWithSelector(IMarket.WrongWork.selector, lot));
        auctions.settleLazy(lot, other);
    }

    function test_withoutABidNothingIsMinted() public {
        passEnd(lot);
        settleBy(thief);
        assertFalse(works.wasMinted(tokenId));
        assertFalse(isOpen(lot));
    }

    // ------------------------------------------------------------------ works that can be delivered no more

    function mintElsewhere() private {
        vm.prank(artist);
        works.mintLazily(work.attestation, work.parents, work.root, work.proof, collector);
    }

    function test_theWinnerOfAnUndeliverableWorkIsMadeWholeAtOnce() public {
        bids(bidder, lot, 200 * DOLLAR);
        mintElsewhere();
        passEnd(lot);
        vm.expectEmit(address(auctions));
        emit IMarket.AuctionVoided(lot, tokenId, bidder);
        settleBy(bidder);
        assertEq(dollar.balanceOf(bidder), 1_000_000 * DOLLAR);
        assertEq(revenue.received(split), 0);
    }

    function test_anybodyVoidsItAfterTheGraceTime() public {
        bids(bidder, lot, 200 * DOLLAR);
        vm.prank(artist);
        works.setApprovalForAll(address(auctions), false);
        passEnd(lot);
        vm.expectPartialRevert(IMarket.Undeliverable.selector);
        settleBy(thief);
        skip(7 days - 1);
        vm.expectPartialRevert(IMarket.Undeliverable.selector);
        settleBy(artist);
        skip(1);
        settleBy(thief);
        assertEq(dollar.balanceOf(bidder), 1_000_000 * DOLLAR);
    }

    function test_aWorkMadeDeliverableAgainIsSold() public {
        bids(bidder, lot, 200 * DOLLAR);
        vm.prank(guardian);
        vm.expectRevert();
        works.pause(); // this deployment has no guardian of works
        vm.prank(governance);
        works.pause();
        passEnd(lot);
        vm.expectPartialRevert(IMarket.Undeliverable.selector);
        settleBy(artist);
        vm.prank(governance);
        works.unpause();
        settleBy(artist);
        assertEq(works.ownerOf(tokenId), bidder);
    }

    /// @dev Regret is no reason: with too little gas the delivery fails, and that proves nothing.
    function test_aWinnerCannotStarveTheDelivery() public {
        bids(bidder, lot, 200 * DOLLAR);
        passEnd(lot);
        for (uint256 gas = 60_000; gas < 800_000; gas += 20_000) {
            uint256 state = vm.snapshotState();
            vm.prank(bidder);
            (bool done,) = address(auctions).call{gas: gas}(abi.encodeCall(auctions.settleLazy, (lot, work)));
            if (done) assertEq(works.ownerOf(tokenId), bidder);
            else assertTrue(isOpen(lot));
            vm.revertToState(state);
        }
    }

    /// @dev A delivery that fails although the work can be minted frees nobody before the grace time, winner or not.
    function test_aWinnerIsNotFreedByAFailureThatMayPass() public {
        bids(bidder, lot, 200 * DOLLAR);
        passEnd(lot);
        vm.mockCallRevert(address(works), abi.encodeWithSelector(IWorks.mintLazily.selector), "passing");
        vm.expectPartialRevert(IMarket.Undeliverable.selector);
        settleBy(bidder);
        vm.clearMockedCalls();
        settleBy(bidder);
        assertEq(works.ownerOf(tokenId), bidder);
    }

    function test_aFailureOnTooLittleGasProvesNothing() public {
        bids(bidder, lot, 200 * DOLLAR);
        passEnd(lot);
        vm.mockCallRevert(address(works), abi.encodeWithSelector(IWorks.mintLazily.selector), "starved");
        vm.mockCallRevert(address(works), abi.encodeWithSelector(IWorks.requireMintable.selector), "starved");
        vm.prank(bidder);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GasTooLow.selector, 800_000));
        auctions.settleLazy{gas: 700_000}(lot, work);
        settleBy(bidder);
        assertEq(dollar.balanceOf(bidder), 1_000_000 * DOLLAR);
    }

    function test_aNewOwnerIsNotHeldUpByADeadLot() public {
        mintElsewhere();
        uint256 second = openFor(collector, tokenId);
        bids(bidder, lot, 200 * DOLLAR);
        bids(rival, second, 300 * DOLLAR);
        passEnd(lot);
        settleBy(bidder);
        assertEq(auctions.openLotOf(tokenId), second);
        auctions.settle(second);
        assertEq(works.ownerOf(tokenId), rival);
        assertEq(dollar.balanceOf(bidder), 1_000_000 * DOLLAR);
    }
}
