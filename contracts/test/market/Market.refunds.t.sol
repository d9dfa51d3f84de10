// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMarket, Terms} from "medici/market/interfaces/IMarket.sol";
import {Exact} from "medici/money/Exact.sol";

import {House} from "./House.sol";
import {MoodyDollar} from "./NastyTokens.sol";

/// @notice Refunds are pushed, and nothing that a receiver or token does can stop another bidder.
contract MarketRefundsTest is House {
    uint256 private tokenId;
    uint256 private lot;

    function newCurrency() internal override returns (address) {
        return address(new MoodyDollar());
    }

    function setUp() public override {
        super.setUp();
        tokenId = mintFor("work", collector);
        lot = openFor(collector, tokenId);
        bids(bidder, lot, 100 * DOLLAR);
    }

    function moody() private view returns (MoodyDollar) {
        return MoodyDollar(address(dollar));
    }

    function refundWaits() private {
        vm.expectEmit(address(auctions));
        emit IMarket.RefundCredited(lot, bidder, 100 * DOLLAR);
        bids(rival, lot, 200 * DOLLAR);
        assertEq(auctions.lotOf(lot).bidder, rival);
        assertEq(revenue.owed(0, bidder), 100 * DOLLAR);
        moody().setBlocked(bidder, false);
        revenue.withdrawFor(0, bidder);
        assertEq(dollar.balanceOf(bidder), 1_000_000 * DOLLAR);
    }

    function test_aBlockedLoserDoesNotStopTheNextBid() public {
        moody().setBlocked(bidder, true);
        refundWaits();
    }

    function test_falseInsteadOfFailureIsNoticed() public {
        moody().setBlocked(bidder, true);
        moody().setAnswersFalse(true);
        refundWaits();
    }

    function test_aGasEatingLoserDoesNotStopTheNextBid() public {
        moody().setBlocked(bidder, true);
        moody().setBurnsGas(true);
        refundWaits();
    }

    function test_aBlockedWinnerStillHasTheWork() public {
        moody().setBlocked(bidder, true);
        passEnd(lot);
        auctions.settle(lot);
        assertEq(works.ownerOf(tokenId), bidder);
    }

    function test_aBlockedSellerIsCreditedAllTheSame() public {
        moody().setBlocked(collector, true);
        passEnd(lot);
        auctions.settle(lot);
        assertEq(revenue.owed(0, collector), 92.5e6);
        assertEq(works.ownerOf(tokenId), bidder);
    }

    function test_aBidThatArrivesShortIsRefused() public {
        moody().setFee(100);
        vm.prank(rival);
        vm.expectRevert(abi.encodeWithSelector(Exact.InexactTransfer.selector, 200 * DOLLAR, 198 * DOLLAR));
        auctions.bid(lot, 200 * DOLLAR);
    }

    function test_falseInsteadOfFailureIsNoBid() public {
        moody().setBlocked(address(auctions), true);
        moody().setAnswersFalse(true);
        vm.prank(rival);
        vm.expectRevert(abi.encodeWithSelector(Exact.PaymentRefused.selector, rival, 200 * DOLLAR));
        auctions.bid(lot, 200 * DOLLAR);
    }

    // ------------------------------------------------------------------ programs as bidders

    bytes[] private callBacks;
    uint256 private callBacksThatWorked;

    function onMoney() external {
        for (uint256 i; i < callBacks.length; ++i) {
            (bool worked,) = address(auctions).call(callBacks[i]);
            if (worked) ++callBacksThatWorked;
        }
    }

    function test_aLoserThatCallsBackIsLockedOut() public {
        dollar.mint(address(this), 10_000 * DOLLAR);
        dollar.approve(address(auctions), type(uint256).max);
        auctions.bid(lot, 200 * DOLLAR);
        uint256 mine = mintFor("mine", address(this));
        works.setApprovalForAll(address(auctions), true);
        moody().setHooked(address(this), true);
        callBacks.push(abi.encodeCall(auctions.bid, (lot, 5000 * DOLLAR)));
        callBacks.push(abi.encodeCall(auctions.settle, (lot)));
        callBacks.push(abi.encodeCall(auctions.openAuction, (mine, plainTerms())));
        bids(rival, lot, 300 * DOLLAR);
        assertEq(callBacksThatWorked, 0);
        assertEq(auctions.lotOf(lot).bidder, rival);
        assertEq(dollar.balanceOf(address(this)), 10_000 * DOLLAR);
    }

    /// @dev A program that the validator does not let receive works has bought one: the seller is paid.
    function test_aProgramThatMayNotReceiveSaysWhereTo() public {
        vm.startPrank(governance);
        validator.setOperator(address(auctions), true);
        works.setTransferValidator(address(validator));
        vm.stopPrank();
        dollar.mint(address(this), 200 * DOLLAR);
        dollar.approve(address(auctions), type(uint256).max);
        auctions.bid(lot, 200 * DOLLAR);
        vm.prank(governance);
        validator.setOperator(address(auctions), false);
        passEnd(lot);
        vm.expectEmit(address(auctions));
        emit IMarket.WorkHeld(tokenId, address(this));
        auctions.settle(lot);
        assertEq(revenue.owed(0, collector), 185 * DOLLAR);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NothingHeld.selector, tokenId, thief));
        auctions.reclaim(tokenId, thief);
        auctions.reclaim(tokenId, founder);
        assertEq(works.ownerOf(tokenId), founder);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NothingHeld.selector, tokenId, address(this)));
        auctions.reclaim(tokenId, founder);
    }

    /// @dev A work that cannot be moved, whatever the reason: the bidder is made whole, the seller keeps the claim.
    function test_frozenWorksVoidAfterTheGraceTime() public {
        bytes memory reason = abi.encodeWithSignature("Frozen()");
        vm.mockCallRevert(address(works), abi.encodeWithSelector(works.transferFrom.selector), reason);
        passEnd(lot);
        uint256 end = block.timestamp;
        vm.expectRevert(abi.encodeWithSelector(IMarket.Undeliverable.selector, lot, end + 7 days, reason));
        auctions.settle(lot);
        vm.warp(end + 7 days);
        vm.expectEmit(address(auctions));
        emit IMarket.WorkHeld(tokenId, collector);
        auctions.settle(lot);
        assertEq(dollar.balanceOf(bidder), 1_000_000 * DOLLAR);
        vm.clearMockedCalls();
        vm.prank(collector);
        auctions.reclaim(tokenId, collector);
        assertEq(works.ownerOf(tokenId), collector);
    }

    /// @dev With too little gas a failed delivery proves nothing, so it voids nothing.
    function test_aStarvedSettlementVoidsNothing() public {
        passEnd(lot);
        skip(7 days);
        for (uint256 gas = 40_000; gas < 200_000; gas += 4000) {
            uint256 state = vm.snapshotState();
            (bool done,) = address(auctions).call{gas: gas}(abi.encodeCall(auctions.settle, (lot)));
            if (done) assertEq(works.ownerOf(tokenId), bidder);
            else assertTrue(isOpen(lot));
            vm.revertToState(state);
        }
    }
}
