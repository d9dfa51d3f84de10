// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMarket, Terms} from "medici/market/interfaces/IMarket.sol";
import {Income, IRevenue} from "medici/market/interfaces/IRevenue.sol";
import {Exact} from "medici/money/Exact.sol";
import {IGoverned, IPausable} from "medici/provenance/interfaces/IGoverned.sol";

import {House} from "./House.sol";

/// @notice Auctions of works that exist already.
contract MarketAuctionTest is House {
    uint256 private tokenId;
    uint256 private lot;

    function setUp() public override {
        super.setUp();
        tokenId = mintFor("work", collector);
        lot = openFor(collector, tokenId);
    }

    // ------------------------------------------------------------------ opening

    function test_theWorkGoesIntoKeeping() public view {
        assertEq(works.ownerOf(tokenId), address(auctions));
        assertEq(auctions.openLotOf(tokenId), lot);
        assertEq(auctions.minimumBid(lot), 100 * DOLLAR);
        assertEq(auctions.lotOf(lot).seller, collector);
        assertFalse(auctions.lotOf(lot).primary);
    }

    function test_onlyTheOwnerSells() public {
        uint256 other = mintFor("other", collector);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotTheSeller.selector, thief, collector));
        auctions.openAuction(other, plainTerms());
        vm.prank(collector);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotTheSeller.selector, collector, address(auctions)));
        auctions.openAuction(tokenId, plainTerms());
    }

    function test_termsHaveBounds() public {
        uint256 other = mintFor("other", collector);
        Terms[7] memory bad;
        for (uint256 i; i < bad.length; ++i) {
            bad[i] = plainTerms();
        }
        bad[0].start = uint40(block.timestamp - 1);
        bad[1].start = uint40(block.timestamp + 90 days + 1);
        bad[2].duration = 59;
        bad[3].duration = 90 days + 1;
        bad[4].extension = 1 days + 1;
        bad[5].raiseBps = 99;
        bad[6].raiseBps = 5001;
        for (uint256 i; i < bad.length; ++i) {
            vm.prank(collector);
            vm.expectPartialRevert(IMarket.BadTerms.selector);
            auctions.openAuction(other, bad[i]);
        }
        Terms memory short = plainTerms();
        (short.duration, short.extension) = (60, 61);
        vm.prank(collector);
        vm.expectRevert(abi.encodeWithSelector(IMarket.BadTerms.selector, "extension", 61, 0, 60));
        auctions.openAuction(other, short);
    }

    function test_manyLotsAtATime() public {
        uint256 second = openFor(collector, mintFor("second", collector));
        bids(bidder, lot, 100 * DOLLAR);
        bids(rival, second, 500 * DOLLAR);
        bids(rival, lot, 105 * DOLLAR);
        passEnd(second);
        auctions.settle(second);
        auctions.settle(lot);
        assertEq(works.balanceOf(rival), 2);
        assertEq(dollar.balanceOf(bidder), 1_000_000 * DOLLAR);
    }

    function test_cancelBeforeTheFirstBidOnly() public {
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotTheSeller.selector, thief, collector));
        auctions.cancel(lot);
        uint256 second = openFor(collector, mintFor("second", collector));
        bids(bidder, second, 100 * DOLLAR);
        vm.startPrank(collector);
        vm.expectRevert(abi.encodeWithSelector(IMarket.HasBid.selector, second, bidder, 100 * DOLLAR));
        auctions.cancel(second);
        auctions.cancel(lot);
        assertEq(works.ownerOf(tokenId), collector);
        vm.expectRevert(abi.encodeWithSelector(IMarket.LotClosed.selector, lot));
        auctions.cancel(lot);
        assertEq(auctions.openLotOf(tokenId), 0);
        auctions.openAuction(tokenId, plainTerms());
    }

    // ------------------------------------------------------------------ bidding

    function test_theReserveIsTheFirstBid() public {
        vm.startPrank(bidder);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.BidTooLow.selector, lot, 100 * DOLLAR - 1, 100 * DOLLAR)
        );
        auctions.bid(lot, 100 * DOLLAR - 1);
        auctions.bid(lot, 100 * DOLLAR);
        assertEq(dollar.balanceOf(address(auctions)), 100 * DOLLAR);
    }

    function test_zeroIsNoBidEvenWithoutReserve() public {
        Terms memory free = plainTerms();
        free.reserve = 0;
        uint256 other = mintFor("other", collector);
        vm.prank(collector);
        uint256 second = auctions.openAuction(other, free);
        vm.prank(bidder);
        vm.expectRevert(abi.encodeWithSelector(IMarket.BidTooLow.selector, second, 0, 1));
        auctions.bid(second, 0);
        bids(bidder, second, 1);
        assertEq(auctions.minimumBid(second), 2);
        bids(rival, second, 2);
        assertEq(auctions.minimumBid(second), 3);
    }

    function test_theNextBidIsRaised() public {
        bids(bidder, lot, 100 * DOLLAR + 1);
        uint256 minimum = 105 * DOLLAR + 2; // 5 % of 100.000001, rounded up
        vm.prank(rival);
        vm.expectRevert(abi.encodeWithSelector(IMarket.BidTooLow.selector, lot, minimum - 1, minimum));
        auctions.bid(lot, minimum - 1);
        bids(rival, lot, minimum);
    }

    function test_anOutbidBidderHasItsMoneyBackAtOnce() public {
        bids(bidder, lot, 100 * DOLLAR);
        bids(rival, lot, 200 * DOLLAR);
        assertEq(dollar.balanceOf(bidder), 1_000_000 * DOLLAR);
        assertEq(dollar.balanceOf(address(auctions)), 200 * DOLLAR);
    }

    function test_aBidderMayRaiseItself() public {
        bids(bidder, lot, 100 * DOLLAR);
        bids(bidder, lot, 200 * DOLLAR);
        assertEq(dollar.balanceOf(bidder), 999_800 * DOLLAR);
        assertEq(dollar.balanceOf(address(auctions)), 200 * DOLLAR);
    }

    function test_theSellerCannotBid() public {
        vm.prank(collector);
        vm.expectRevert(abi.encodeWithSelector(IMarket.SellerCannotBid.selector, lot));
        auctions.bid(lot, 100 * DOLLAR);
    }

    function test_aBidBeyondAllMoneyIsRefused() public {
        uint256 tooMuch = uint256(type(uint96).max) + 1;
        dollar.mint(bidder, tooMuch);
        vm.startPrank(bidder);
        vm.expectRevert(abi.encodeWithSelector(IMarket.BidTooHigh.selector, tooMuch));
        auctions.bid(lot, tooMuch);
        auctions.bid(lot, tooMuch - 1);
        vm.stopPrank();
        passEnd(lot);
        auctions.settle(lot);
        assertEq(works.ownerOf(tokenId), bidder);
    }

    function test_aBidderWithoutMoneyOrAllowanceIsToldWhich() public {
        address poor = makeAddr("poor");
        vm.startPrank(poor);
        vm.expectRevert(abi.encodeWithSelector(Exact.MoneyTooLow.selector, poor, 0, 100 * DOLLAR));
        auctions.bid(lot, 100 * DOLLAR);
        dollar.mint(poor, 100 * DOLLAR);
        vm.expectRevert(
            abi.encodeWithSelector(Exact.AllowanceTooLow.selector, poor, address(auctions), 0, 100 * DOLLAR)
        );
        auctions.bid(lot, 100 * DOLLAR);
    }

    function test_biddingHasABeginningAndAnEnd() public {
        Terms memory later = plainTerms();
        later.start = uint40(block.timestamp + 1 hours);
        uint256 other = mintFor("other", collector);
        vm.prank(collector);
        uint256 second = auctions.openAuction(other, later);
        vm.prank(bidder);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotStarted.selector, second, later.start));
        auctions.bid(second, 100 * DOLLAR);
        vm.warp(later.start);
        bids(bidder, second, 100 * DOLLAR);

        uint256 end = auctions.lotOf(lot).end;
        vm.warp(end);
        vm.prank(bidder);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Ended.selector, lot, end));
        auctions.bid(lot, 100 * DOLLAR);
    }

    function test_aLateBidMovesTheEnd() public {
        uint256 end = auctions.lotOf(lot).end;
        vm.warp(end - 10 minutes);
        bids(bidder, lot, 100 * DOLLAR);
        assertEq(auctions.lotOf(lot).end, end);
        vm.warp(end - 1);
        bids(rival, lot, 200 * DOLLAR);
        assertEq(auctions.lotOf(lot).end, end - 1 + 10 minutes);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotEnded.selector, lot, end - 1 + 10 minutes));
        auctions.settle(lot);
        vm.warp(end - 1 + 10 minutes - 1);
        bids(bidder, lot, 300 * DOLLAR);
        vm.warp(auctions.lotOf(lot).end);
        auctions.settle(lot);
        assertEq(works.ownerOf(tokenId), bidder);
    }

    // ------------------------------------------------------------------ permit and credit

    function permitFor(uint256 key, address owner, uint256 amount)
        private
        view
        returns (uint8, bytes32, bytes32)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
                ),
                owner,
                address(auctions),
                amount,
                dollar.nonces(owner),
                block.timestamp
            )
        );
        return vm.sign(key, keccak256(abi.encodePacked("\x19\x01", dollar.DOMAIN_SEPARATOR(), structHash)));
    }

    function test_bidWithAPermit() public {
        (address fresh, uint256 key) = makeKey("fresh");
        dollar.mint(fresh, 100 * DOLLAR);
        (uint8 v, bytes32 r, bytes32 s) = permitFor(key, fresh, 100 * DOLLAR);
        vm.prank(fresh);
        auctions.bidWithPermit(lot, 100 * DOLLAR, block.timestamp, v, r, s);
        assertEq(auctions.lotOf(lot).bidder, fresh);
    }

    function test_aPermitSomebodySentBeforeDoesNoHarm() public {
        (address fresh, uint256 key) = makeKey("fresh");
        dollar.mint(fresh, 100 * DOLLAR);
        (uint8 v, bytes32 r, bytes32 s) = permitFor(key, fresh, 100 * DOLLAR);
        vm.prank(thief);
        dollar.permit(fresh, address(auctions), 100 * DOLLAR, block.timestamp, v, r, s);
        vm.prank(fresh);
        auctions.bidWithPermit(lot, 100 * DOLLAR, block.timestamp, v, r, s);
        assertEq(auctions.lotOf(lot).bidder, fresh);
    }

    function test_aStrangersPermitBuysNothing() public {
        (address fresh, uint256 key) = makeKey("fresh");
        dollar.mint(fresh, 100 * DOLLAR);
        (uint8 v, bytes32 r, bytes32 s) = permitFor(key, fresh, 100 * DOLLAR);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(Exact.MoneyTooLow.selector, thief, 0, 100 * DOLLAR));
        auctions.bidWithPermit(lot, 100 * DOLLAR, block.timestamp, v, r, s);
    }

    function test_bidWithProceedsOfASale() public {
        bids(bidder, lot, 100 * DOLLAR);
        passEnd(lot);
        auctions.settle(lot);
        assertEq(revenue.owed(0, collector), 92.5e6);
        uint256 second = openFor(artist, mintFor("second", artist));
        vm.startPrank(collector);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenue.SpenderNotAllowed.selector, collector, address(auctions))
        );
        auctions.bidWithCredit(second, 100 * DOLLAR, 92.5e6);
        revenue.allowSpender(address(auctions), true);
        auctions.bidWithCredit(second, 100 * DOLLAR, 92.5e6);
        assertEq(revenue.owed(0, collector), 0);
        assertEq(dollar.balanceOf(collector), 1_000_000 * DOLLAR - 7.5e6);
        assertEq(dollar.balanceOf(address(auctions)), 100 * DOLLAR);
    }

    // ------------------------------------------------------------------ settling

    function test_aResalePaysRoyaltyAndSeller() public {
        bids(bidder, lot, 200 * DOLLAR);
        passEnd(lot);
        vm.expectEmit(address(auctions));
        emit IMarket.AuctionSettled(lot, tokenId, bidder, 15 * DOLLAR, 185 * DOLLAR);
        vm.prank(thief);
        auctions.settle(lot);
        assertEq(works.ownerOf(tokenId), bidder);
        assertEq(revenue.received(split), 15 * DOLLAR);
        assertEq(revenue.owed(0, collector), 185 * DOLLAR);
        assertEq(dollar.balanceOf(address(auctions)), 0);
        assertEq(dollar.balanceOf(address(revenue)), 200 * DOLLAR);
    }

    function test_theCreatorsFirstSaleIsIncomeOfTheWork() public {
        uint256 first = openFor(artist, mintFor("first", artist));
        assertTrue(auctions.lotOf(first).primary);
        bids(bidder, first, 200 * DOLLAR);
        passEnd(first);
        auctions.settle(first);
        assertEq(revenue.received(split), 200 * DOLLAR);
        assertEq(revenue.owed(0, artist), 0);
        assertEq(revenue.owed(split, artist), 120 * DOLLAR);
    }

    function testFuzz_aRoyaltyIsPaidOnEverySale(uint96 price) public {
        price = uint96(bound(price, 1, type(uint96).max));
        Terms memory free = plainTerms();
        free.reserve = 0;
        uint256 other = mintFor("other", collector);
        vm.prank(collector);
        uint256 second = auctions.openAuction(other, free);
        dollar.mint(bidder, price);
        bids(bidder, second, price);
        passEnd(second);
        auctions.settle(second);
        uint256 royalty = revenue.received(split);
        assertGe(royalty, 1);
        assertGe(royalty * 10_000, uint256(price) * ROYALTY);
        assertLt((royalty - 1) * 10_000, uint256(price) * ROYALTY);
        assertEq(royalty + revenue.owed(0, collector), price);
    }

    function test_settlingTwiceIsRefused() public {
        bids(bidder, lot, 100 * DOLLAR);
        passEnd(lot);
        auctions.settle(lot);
        vm.expectRevert(abi.encodeWithSelector(IMarket.LotClosed.selector, lot));
        auctions.settle(lot);
        vm.expectRevert(abi.encodeWithSelector(IMarket.LotClosed.selector, lot));
        auctions.bid(lot, 500 * DOLLAR);
        vm.expectRevert(abi.encodeWithSelector(IMarket.UnknownLot.selector, 99));
        auctions.settle(99);
    }

    function test_settleExactlyAtTheEndNotBefore() public {
        bids(bidder, lot, 100 * DOLLAR);
        uint256 end = auctions.lotOf(lot).end;
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotEnded.selector, lot, end));
        auctions.settle(lot);
        vm.warp(end);
        auctions.settle(lot);
    }

    function test_withoutABidTheWorkGoesBack() public {
        passEnd(lot);
        vm.expectEmit(address(auctions));
        emit IMarket.AuctionUnsold(lot, tokenId);
        auctions.settle(lot);
        assertEq(works.ownerOf(tokenId), collector);
    }

    // ------------------------------------------------------------------ pause

    function test_pauseStopsEntriesNeverExits() public {
        bids(bidder, lot, 100 * DOLLAR);
        uint256 second = openFor(collector, mintFor("second", collector));
        uint256 other = mintFor("third", collector);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IPausable.OnlyGuardian.selector, thief));
        auctions.pause();
        vm.prank(guardian);
        auctions.pause();
        vm.prank(rival);
        vm.expectRevert(IPausable.IsPaused.selector);
        auctions.bid(lot, 200 * DOLLAR);
        vm.prank(collector);
        vm.expectRevert(IPausable.IsPaused.selector);
        auctions.openAuction(other, plainTerms());
        vm.prank(collector);
        auctions.cancel(second);
        passEnd(lot);
        auctions.settle(lot);
        vm.prank(collector);
        revenue.withdraw(0);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, guardian));
        auctions.unpause();
        vm.prank(governance);
        auctions.unpause();
        openFor(collector, other);
    }

    /// @dev Governance may dismiss the market; whoever bid or sold there before loses nothing.
    function test_aDismissedMarketStillSettles() public {
        bids(bidder, lot, 200 * DOLLAR);
        vm.prank(governance);
        revenue.setDepositor(address(auctions), false);
        passEnd(lot);
        vm.expectEmit(address(revenue));
        emit IRevenue.Paid(split, Income.Gift, tokenId, address(auctions), 15 * DOLLAR);
        auctions.settle(lot);
        assertEq(works.ownerOf(tokenId), bidder);
        assertEq(revenue.owed(0, collector), 185 * DOLLAR);
    }
}
