// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMarket, Terms} from "medici/market/interfaces/IMarket.sol";

import {House} from "./House.sol";

/// @notice Private reserves: committed at the start, shown at the end, never a way out of a sale.
contract MarketReserveTest is House {
    bytes32 private constant SALT = keccak256("salt");
    uint256 private tokenId;
    uint256 private lot;

    function setUp() public override {
        super.setUp();
        tokenId = mintFor("work", collector);
        Terms memory terms = plainTerms();
        terms.secretReserve = keccak256(abi.encode(uint256(500 * DOLLAR), SALT));
        vm.prank(collector);
        lot = auctions.openAuction(tokenId, terms);
    }

    function test_aReserveThatIsNotMetGivesAllBack() public {
        bids(bidder, lot, 499 * DOLLAR);
        passEnd(lot);
        auctions.reveal(lot, 500 * DOLLAR, SALT);
        assertEq(works.ownerOf(tokenId), collector);
        assertEq(dollar.balanceOf(bidder), 1_000_000 * DOLLAR);
        assertFalse(isOpen(lot));
    }

    function test_aReserveThatIsMetSells() public {
        bids(bidder, lot, 500 * DOLLAR);
        passEnd(lot);
        vm.expectRevert(abi.encodeWithSelector(IMarket.RevealPending.selector, lot, block.timestamp + 2 days));
        auctions.settle(lot);
        auctions.reveal(lot, 500 * DOLLAR, SALT);
        auctions.settle(lot);
        assertEq(works.ownerOf(tokenId), bidder);
    }

    /// @dev A seller who keeps silent has sold: otherwise silence would be a free way out of every sale.
    function test_silenceSells() public {
        bids(bidder, lot, 100 * DOLLAR);
        passEnd(lot);
        skip(2 days - 1);
        vm.expectPartialRevert(IMarket.RevealPending.selector);
        auctions.settle(lot);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.RevealOver.selector, lot, block.timestamp));
        auctions.reveal(lot, 500 * DOLLAR, SALT);
        auctions.settle(lot);
        assertEq(works.ownerOf(tokenId), bidder);
    }

    function test_onlyWhatWasCommittedCounts() public {
        bids(bidder, lot, 300 * DOLLAR);
        vm.expectPartialRevert(IMarket.NotEnded.selector);
        auctions.reveal(lot, 500 * DOLLAR, SALT);
        passEnd(lot);
        vm.expectRevert(abi.encodeWithSelector(IMarket.WrongReveal.selector, lot));
        auctions.reveal(lot, 501 * DOLLAR, SALT);
        vm.expectRevert(abi.encodeWithSelector(IMarket.WrongReveal.selector, lot));
        auctions.reveal(lot, 500 * DOLLAR, keccak256("pepper"));
    }

    function test_aReserveIsShownOnce() public {
        bids(bidder, lot, 500 * DOLLAR);
        passEnd(lot);
        auctions.reveal(lot, 500 * DOLLAR, SALT);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NothingToReveal.selector, lot));
        auctions.reveal(lot, 500 * DOLLAR, SALT);
    }

    function test_withoutABidThereIsNothingToShow() public {
        passEnd(lot);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NothingToReveal.selector, lot));
        auctions.reveal(lot, 500 * DOLLAR, SALT);
        auctions.settle(lot);
        assertEq(works.ownerOf(tokenId), collector);
    }

    function test_thePublicReserveHoldsAsWell() public {
        vm.prank(bidder);
        vm.expectPartialRevert(IMarket.BidTooLow.selector);
        auctions.bid(lot, 99 * DOLLAR);
    }
}
