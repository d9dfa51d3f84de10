// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Revenue} from "medici/market/Revenue.sol";
import {Income, IRevenue, Recipient} from "medici/market/interfaces/IRevenue.sol";
import {Exact} from "medici/money/Exact.sol";
import {FitCurrency} from "medici/money/FitCurrency.sol";

import {House} from "./House.sol";
import {FeeDollar, MoodyDollar, RebasingDollar, SilentDollar} from "./NastyTokens.sol";

contract RevenueSplitsTest is House {
    function newCurrency() internal override returns (address) {
        return address(new MoodyDollar());
    }

    function moody() private view returns (MoodyDollar) {
        return MoodyDollar(address(dollar));
    }

    function give(uint32 to, uint256 amount) private {
        vm.prank(bidder);
        revenue.pay(to, amount, address(0), 0, Income.Gift, 7);
    }

    function two(bytes32 a, uint16 bpsA, bytes32 b, uint16 bpsB)
        private
        pure
        returns (Recipient[] memory list)
    {
        list = new Recipient[](2);
        list[0] = Recipient(a, bpsA);
        list[1] = Recipient(b, bpsB);
    }

    // ------------------------------------------------------------------ making splits

    function test_theSameListIsTheSameSplit() public {
        (bytes32 id, uint32 index) = revenue.createSplit(firmSplit());
        assertEq(id, splitId);
        assertEq(index, split);
        assertEq(id, keccak256(abi.encode(firmSplit())));
        assertEq(revenue.splitCount(), 1);
    }

    function test_anotherOrderIsAnotherSplit() public {
        (, uint32 a) = revenue.createSplit(two(word(artist), 5000, word(curator), 5000));
        (, uint32 b) = revenue.createSplit(two(word(curator), 5000, word(artist), 5000));
        assertNotEq(a, b);
    }

    function test_badListsAreRefused() public {
        vm.expectRevert(IRevenue.NoRecipients.selector);
        revenue.createSplit(new Recipient[](0));
        vm.expectRevert(abi.encodeWithSelector(IRevenue.SharesNotWhole.selector, 9999));
        revenue.createSplit(two(word(artist), 5000, word(curator), 4999));
        vm.expectRevert(abi.encodeWithSelector(IRevenue.DuplicateRecipient.selector, word(artist)));
        revenue.createSplit(two(word(artist), 5000, word(artist), 5000));
        vm.expectRevert(abi.encodeWithSelector(IRevenue.BadRecipient.selector, word(artist), 0));
        revenue.createSplit(two(word(curator), 10_000, word(artist), 0));
        address[3] memory never = [address(0), address(revenue), address(dollar)];
        for (uint256 i; i < never.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRevenue.BadRecipient.selector, word(never[i]), 5000));
            revenue.createSplit(two(word(never[i]), 5000, word(artist), 5000));
        }
        bytes32 nowhere = keccak256("no such split");
        vm.expectRevert(abi.encodeWithSelector(IRevenue.UnknownParent.selector, nowhere));
        revenue.createSplit(two(nowhere, 5000, word(artist), 5000));
        vm.expectRevert(abi.encodeWithSelector(IRevenue.DuplicateRecipient.selector, splitId));
        revenue.createSplit(two(splitId, 5000, splitId, 5000));
    }

    /// @dev A split names its parents by a hash that they had before; so it cannot stand among its own ancestors.
    function test_aSplitCannotBeItsOwnParent() public {
        Recipient[] memory list = two(word(artist), 5000, 0, 5000);
        list[1].account = keccak256(abi.encode(list));
        vm.expectPartialRevert(IRevenue.UnknownParent.selector);
        revenue.createSplit(list);
    }

    function test_aParentsNumberIsNoAddress() public {
        (, uint32 child) = revenue.createSplit(two(splitId, 4000, word(address(uint160(split))), 6000));
        give(child, 100 * DOLLAR);
        assertEq(revenue.owedToParent(child, split), 40 * DOLLAR);
        assertEq(revenue.owed(child, address(uint160(split))), 60 * DOLLAR);
    }

    // ------------------------------------------------------------------ paying and withdrawing

    function test_everybodyGetsTheirPart() public {
        give(split, 1000 * DOLLAR);
        vm.prank(artist);
        assertEq(revenue.withdraw(split), 600 * DOLLAR);
        assertEq(revenue.withdrawFor(split, curator), 150 * DOLLAR);
        assertEq(revenue.withdrawFor(split, shares.inbox()), 250 * DOLLAR);
        assertEq(dollar.balanceOf(artist), 600 * DOLLAR);
        assertEq(dollar.balanceOf(curator), 150 * DOLLAR);
        assertEq(dollar.balanceOf(address(revenue)), 0);
    }

    function test_nothingIsPaidTwice() public {
        give(split, 1000 * DOLLAR);
        revenue.withdrawFor(split, artist);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.NothingOwed.selector, split, artist));
        revenue.withdrawFor(split, artist);
        address[] memory twice = new address[](2);
        (twice[0], twice[1]) = (curator, curator);
        assertEq(revenue.withdrawForMany(split, twice), 150 * DOLLAR);
    }

    function test_aStrangerHasNoShare() public {
        give(split, 1000 * DOLLAR);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.NotARecipient.selector, split, thief));
        revenue.withdraw(split);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.NotARecipient.selector, 9, thief));
        revenue.withdraw(9);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.NothingOwed.selector, 0, thief));
        revenue.withdraw(0);
        uint32[] memory one = new uint32[](1);
        one[0] = split;
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.NotARecipient.selector, split, thief));
        revenue.withdrawTo(one, thief);
    }

    function test_anUnknownSplitTakesNoMoney() public {
        vm.startPrank(bidder);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.UnknownSplit.selector, 2));
        revenue.pay(2, DOLLAR, address(0), 0, Income.Gift, 0);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.UnknownSplit.selector, 0));
        revenue.pay(0, DOLLAR, address(0), 0, Income.Gift, 0);
        vm.expectRevert(IRevenue.NothingPaid.selector);
        revenue.pay(split, 0, artist, 0, Income.Gift, 0);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.BadDestination.selector, address(0)));
        revenue.pay(split, 0, address(0), 1, Income.Gift, 0);
    }

    /// @dev Three equal parts of one unit: nobody can have a third of it until the total divides.
    function test_dustIsCarriedUntilItDivides() public {
        Recipient[] memory list = new Recipient[](3);
        list[0] = Recipient(word(artist), 3333);
        list[1] = Recipient(word(curator), 3333);
        list[2] = Recipient(word(founder), 3334);
        (, uint32 thirds) = revenue.createSplit(list);
        for (uint256 i; i < 10_000; i += 500) {
            give(thirds, 500);
            address[] memory all = new address[](3);
            (all[0], all[1], all[2]) = (artist, curator, founder);
            revenue.withdrawForMany(thirds, all);
            assertLe(dollar.balanceOf(address(revenue)), 2);
        }
        assertEq(dollar.balanceOf(artist), 3333);
        assertEq(dollar.balanceOf(curator), 3333);
        assertEq(dollar.balanceOf(founder), 3334);
        assertEq(dollar.balanceOf(address(revenue)), 0);
    }

    function testFuzz_receivedIsPaidPlusOwed(uint256[8] memory amounts, uint16 bps, uint8 whoFirst) public {
        bps = uint16(bound(bps, 1, 9999));
        (, uint32 pair) = revenue.createSplit(two(word(artist), bps, word(curator), 10_000 - bps));
        uint256 sum;
        for (uint256 i; i < amounts.length; ++i) {
            uint256 amount = bound(amounts[i], 1, 1e30);
            sum += amount;
            dollar.mint(bidder, amount);
            give(pair, amount);
            address who = (whoFirst >> i) & 1 == 0 ? artist : curator;
            if (revenue.owed(pair, who) != 0) revenue.withdrawFor(pair, who);
        }
        assertEq(revenue.received(pair), sum);
        uint256 paid = dollar.balanceOf(artist) + dollar.balanceOf(curator);
        assertEq(paid + dollar.balanceOf(address(revenue)), sum);
        uint256 claimable = revenue.owed(pair, artist) + revenue.owed(pair, curator);
        assertLe(paid + claimable, sum);
        assertLe(sum - paid - claimable, 1);
    }

    function test_veryLargeAmounts() public {
        uint256 most = type(uint128).max;
        dollar.mint(bidder, type(uint128).max);
        give(split, most);
        vm.prank(bidder);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.AmountTooLarge.selector, most + 1));
        revenue.pay(split, 1, address(0), 0, Income.Gift, 0);
        assertEq(revenue.withdrawFor(split, artist), most * 6000 / 10_000);
        vm.prank(bidder);
        vm.expectRevert();
        revenue.pay(split, type(uint256).max, artist, 1, Income.Gift, 0);
    }

    function test_severalSplitsInOneTransferAnywhere() public {
        (, uint32 other) = revenue.createSplit(two(word(artist), 5000, word(curator), 5000));
        give(split, 100 * DOLLAR);
        give(other, 100 * DOLLAR);
        vm.prank(bidder);
        revenue.pay(0, 0, artist, 5 * DOLLAR, Income.Gift, 0);
        uint32[] memory all = new uint32[](3);
        (all[0], all[1]) = (split, other);
        vm.startPrank(artist);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.BadDestination.selector, address(revenue)));
        revenue.withdrawTo(all, address(revenue));
        uint256 before = dollar.balanceOf(collector);
        vm.expectEmit(address(revenue));
        emit IRevenue.WithdrawnTo(artist, collector, 115 * DOLLAR);
        assertEq(revenue.withdrawTo(all, collector), 115 * DOLLAR);
        assertEq(dollar.balanceOf(collector) - before, 115 * DOLLAR);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.NothingOwed.selector, 0, artist));
        revenue.withdrawTo(all, collector);
    }

    // ------------------------------------------------------------------ families

    function test_royaltiesClimbTheFamilyTree() public {
        (bytes32 childId, uint32 child) = revenue.createSplit(two(splitId, 1000, word(collector), 9000));
        (, uint32 grandchild) = revenue.createSplit(two(childId, 5000, word(rival), 5000));
        give(grandchild, 1000 * DOLLAR);
        assertEq(revenue.climb(grandchild, child), 500 * DOLLAR);
        assertEq(revenue.climb(child, split), 50 * DOLLAR);
        assertEq(revenue.owed(split, artist), 30 * DOLLAR);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.NothingToClimb.selector, child, split));
        revenue.climb(child, split);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.NotAParent.selector, grandchild, split));
        revenue.climb(grandchild, split);
    }

    // ------------------------------------------------------------------ who may say what

    function test_aStrangersPaymentIsAGift() public {
        vm.expectEmit(address(revenue));
        emit IRevenue.Paid(split, Income.Gift, 7, bidder, 10);
        vm.prank(bidder);
        revenue.pay(split, 10, address(0), 0, Income.Licence, 7);
        vm.prank(governance);
        revenue.setDepositor(bidder, true);
        vm.expectEmit(address(revenue));
        emit IRevenue.Paid(split, Income.Licence, 7, bidder, 10);
        vm.prank(bidder);
        revenue.pay(split, 10, address(0), 0, Income.Licence, 7);
    }

    function test_onlyGovernanceNamesDepositors() public {
        vm.prank(thief);
        vm.expectRevert();
        revenue.setDepositor(thief, true);
    }

    /// @dev Even a depositor that governance was talked into takes no credit of an account that did not allow it.
    function test_creditIsSpentOnlyByWhoTheAccountAllows() public {
        vm.prank(bidder);
        revenue.pay(0, 0, artist, 100, Income.Gift, 0);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.OnlyDepositor.selector, thief));
        revenue.spend(artist, 1);
        vm.prank(governance);
        revenue.setDepositor(thief, true);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.SpenderNotAllowed.selector, artist, thief));
        revenue.spend(artist, 1);
        vm.prank(artist);
        revenue.allowSpender(thief, true);
        vm.startPrank(thief);
        revenue.spend(artist, 40);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.CreditTooLow.selector, artist, 60, 61));
        revenue.spend(artist, 61);
        assertEq(revenue.owed(0, artist), 60);
    }

    // ------------------------------------------------------------------ nasty tokens

    function test_aBlockedRecipientStopsOnlyItself() public {
        give(split, 1000 * DOLLAR);
        moody().setBlocked(artist, true);
        address[] memory all = new address[](3);
        (all[0], all[1], all[2]) = (artist, curator, shares.inbox());
        vm.expectRevert();
        revenue.withdrawFor(split, artist);
        uint256 paid = revenue.withdrawForMany(split, all);
        assertEq(paid, 400 * DOLLAR);
        assertEq(revenue.owed(split, artist), 600 * DOLLAR);
        moody().setAnswersFalse(true);
        assertEq(revenue.withdrawForMany(split, all), 0);
        assertEq(revenue.owed(split, artist), 600 * DOLLAR);
        moody().setBlocked(artist, false);
        assertEq(revenue.withdrawForMany(split, all), 600 * DOLLAR);
    }

    function test_aGasEaterStopsOnlyItself() public {
        give(split, 1000 * DOLLAR);
        moody().setBlocked(artist, true);
        moody().setBurnsGas(true);
        address[] memory all = new address[](2);
        (all[0], all[1]) = (artist, curator);
        assertEq(revenue.withdrawForMany{gas: 700_000}(split, all), 150 * DOLLAR);
    }

    function test_aTokenThatStartsToTakeFeesIsRefused() public {
        moody().setFee(100);
        vm.prank(bidder);
        vm.expectRevert(abi.encodeWithSelector(Exact.InexactTransfer.selector, 10_000, 9900));
        revenue.pay(split, 10_000, address(0), 0, Income.Gift, 0);
    }

    function test_unfitCurrenciesAreRefusedAtTheStart() public {
        address[] memory none = new address[](0);
        address[4] memory unfit =
            [makeAddr("nobody"), address(works), address(new RebasingDollar()), address(new FeeDollar())];
        for (uint256 i; i < unfit.length; ++i) {
            vm.expectPartialRevert(FitCurrency.UnfitCurrency.selector);
            new Revenue(unfit[i], governance, none);
        }
    }

    function test_aTokenThatReturnsNothingIsFine() public {
        SilentDollar silent = new SilentDollar();
        Revenue quiet = new Revenue(address(silent), governance, new address[](0));
        (, uint32 pair) = quiet.createSplit(two(word(artist), 5000, word(curator), 5000));
        silent.mint(address(this), 100);
        silent.approve(address(quiet), 100);
        quiet.pay(pair, 100, address(0), 0, Income.Gift, 0);
        address[] memory one = new address[](1);
        one[0] = artist;
        assertEq(quiet.withdrawForMany(pair, one), 50);
        assertEq(quiet.withdrawFor(pair, curator), 50);
        assertEq(silent.balanceOf(artist), 50);
    }

    // ------------------------------------------------------------------ reentrancy

    bytes private callBack;
    bool private callBackWorked;

    function onMoney() external {
        if (callBack.length != 0) (callBackWorked,) = address(revenue).call(callBack);
    }

    function reenter(bytes memory call) private returns (uint256 paid) {
        (, uint32 mine) = revenue.createSplit(two(word(address(this)), 5000, word(artist), 5000));
        give(mine, 100);
        moody().setHooked(address(this), true);
        callBack = call;
        paid = revenue.withdraw(mine);
    }

    /// @dev A simple withdrawal may be answered with another call: nothing is left unfinished then.
    function test_aCallBackFindsTheMoneyBookedOut() public {
        assertEq(reenter(abi.encodeCall(revenue.withdraw, (2))), 50);
        assertFalse(callBackWorked);
        assertEq(dollar.balanceOf(address(this)), 50);
        assertEq(revenue.owed(2, artist), 50);
    }

    function test_aCallBackInTheMiddleIsLockedOut() public {
        (, uint32 mine) = revenue.createSplit(two(word(address(this)), 5000, word(artist), 5000));
        give(mine, 100);
        moody().setHooked(address(this), true);
        callBack = abi.encodeCall(revenue.withdrawFor, (mine, artist));
        address[] memory one = new address[](1);
        one[0] = address(this);
        revenue.withdrawForMany(mine, one);
        assertFalse(callBackWorked);
        assertEq(revenue.owed(mine, artist), 50);
    }
}
