// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Income, Recipient} from "medici/market/interfaces/IRevenue.sol";
import {LazyWork} from "medici/market/interfaces/IMarket.sol";

import {House} from "medici-test/market/House.sol";

/// @notice Gas of whole transactions in isolate mode, in `TestDollar` with unlimited allowance. Each figure goes to
/// `contracts/out/snapshots/market.json`; `benchmarks/gas.py` holds it to its bar.
/// @dev "first" and "later" speak of the stored amount that the transaction adds to; nothing is warm.
/// forge-config: default.isolate = true
contract MarketGasTest is House {
    address private third;

    function setUp() public override {
        super.setUp();
        third = makeAddr("third");
        fund(third);
        // The steady state: everybody held dollars before, and the market and revenue hold somebody's.
        dollar.mint(artist, DOLLAR);
        dollar.mint(curator, DOLLAR);
        dollar.mint(address(auctions), DOLLAR);
        dollar.mint(address(revenue), DOLLAR);
        dollar.mint(shares.inbox(), DOLLAR);
        works.setApprovalForAll(address(auctions), true);
    }

    function measured(string memory row) private {
        vm.snapshotGasLastCall("market", row);
    }

    function test_gasOfAnAuctionOfAWork() public {
        mintFor("bidder has one", bidder);
        uint256 first = openFor(collector, mintFor("resold before", collector));
        bids(bidder, first, 200 * DOLLAR);
        passEnd(first);
        auctions.settle(first);

        uint256 lot = openFor(collector, mintFor("gas", collector));
        measured("open an auction of a minted work");
        bids(rival, lot, 200 * DOLLAR);
        measured("auction: first bid");
        bids(bidder, lot, 300 * DOLLAR);
        measured("auction: outbid, loser refunded");
        passEnd(lot);
        auctions.settle(lot);
        measured("auction: settle a resale with royalty and split of three, later");
    }

    function test_gasOfAnAuctionOfALazyWork() public {
        mintFor("bidder has one", bidder);
        openLazy(lazyWork("resold before"));
        LazyWork memory work = lazyWork("gas");
        uint256 lot = openLazy(work);
        measured("open an auction of a lazy work, 14-node proof");
        bids(bidder, lot, 200 * DOLLAR);
        passEnd(lot);
        auctions.settleLazy(lot, work);
        measured("auction: settle and mint a lazy work, 14-node proof");
    }

    function sell(string memory name) private {
        uint256 lot = openFor(artist, mintFor(name, artist));
        bids(bidder, lot, 200 * DOLLAR);
        passEnd(lot);
        auctions.settle(lot);
    }

    function test_gasOfWithdrawing() public {
        sell("one");
        revenue.withdrawFor(split, artist);
        revenue.withdrawFor(split, curator);
        revenue.withdrawFor(split, shares.inbox());
        sell("two");
        vm.prank(artist);
        revenue.withdraw(split);
        measured("one recipient withdraws, later");
        uint256 sum = vm.lastCallGas().gasTotalUsed;
        vm.prank(curator);
        revenue.withdraw(split);
        sum += vm.lastCallGas().gasTotalUsed;
        revenue.withdrawFor(split, shares.inbox());
        measured("anybody has a recipient paid, later");
        vm.snapshotValue(
            "market",
            "three people fully paid from one sale, each by a call",
            sum + vm.lastCallGas().gasTotalUsed
        );
        sell("three");
        address[] memory all = new address[](3);
        (all[0], all[1], all[2]) = (artist, curator, shares.inbox());
        revenue.withdrawForMany(split, all);
        measured("three people fully paid from one sale, one call for all");
    }

    function test_gasOfSplits() public {
        Recipient[] memory list = new Recipient[](3);
        list[0] = Recipient(splitId, 1000);
        list[1] = Recipient(word(artist), 6000);
        list[2] = Recipient(word(curator), 3000);
        (, uint32 child) = revenue.createSplit(list);
        measured("create a split of three");
        vm.prank(bidder);
        revenue.pay(child, 100 * DOLLAR, address(0), 0, Income.Gift, 0);
        revenue.climb(child, split);
        vm.prank(bidder);
        revenue.pay(child, 100 * DOLLAR, address(0), 0, Income.Gift, 0);
        measured("pay into a split from outside, later");
        revenue.climb(child, split);
        measured("royalty climbs to a parent, later");
    }
}
