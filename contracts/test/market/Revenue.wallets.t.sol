// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {RevenueWallet} from "medici/market/RevenueWallet.sol";
import {Income, IRevenue, Recipient} from "medici/market/interfaces/IRevenue.sol";
import {TestDollar} from "medici/money/TestDollar.sol";

import {House} from "./House.sol";

/// @notice What other marketplaces pay reaches the right split.
contract RevenueWalletsTest is House {
    function test_theRoyaltyReceiverIsTheSplitsAddress() public {
        uint256 tokenId = mintFor("work", collector);
        (address receiver, uint256 amount) = works.royaltyInfo(tokenId, 1000 * DOLLAR);
        assertEq(receiver, revenue.walletOf(split));
        assertEq(amount, 75 * DOLLAR);
    }

    function test_whatArrivesIsSweptByAnybody() public {
        address wallet = revenue.walletOf(split);
        dollar.mint(wallet, 75 * DOLLAR);
        vm.expectEmit(address(revenue));
        emit IRevenue.Paid(split, Income.ForeignRoyalty, 0, wallet, 75 * DOLLAR);
        vm.prank(thief);
        assertEq(revenue.sweep(split), 75 * DOLLAR);
        assertEq(revenue.owed(split, artist), 45 * DOLLAR);
        dollar.mint(wallet, 10 * DOLLAR);
        assertEq(revenue.sweep(split), 10 * DOLLAR);
        assertEq(revenue.received(split), 85 * DOLLAR);
        vm.expectRevert(IRevenue.NothingPaid.selector);
        revenue.sweep(split);
    }

    function test_onlySplitsHaveWallets() public {
        vm.expectRevert(abi.encodeWithSelector(IRevenue.UnknownSplit.selector, 2));
        revenue.sweep(2);
        vm.expectRevert(abi.encodeWithSelector(IRevenue.UnknownSplit.selector, 0));
        revenue.sweep(0);
    }

    function deployedWallet() private returns (RevenueWallet) {
        dollar.mint(revenue.walletOf(split), 1);
        revenue.sweep(split);
        return RevenueWallet(payable(revenue.walletOf(split)));
    }

    function test_theFirmsMoneyLeavesThroughRevenueOnly() public {
        RevenueWallet wallet = deployedWallet();
        assertEq(wallet.split(), split);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(RevenueWallet.OnlyRevenue.selector, thief));
        wallet.flush();
        Recipient[] memory list = firmSplit();
        vm.expectRevert(RevenueWallet.SweepInstead.selector);
        wallet.release(address(dollar), list, 0);
    }

    function test_etherAndOtherTokensAreSharedOutInTheSameParts() public {
        RevenueWallet wallet = deployedWallet();
        TestDollar other = new TestDollar();
        other.mint(address(wallet), 1000);
        vm.deal(address(this), 1 ether);
        (bool sent,) = address(wallet).call{value: 1 ether}("");
        assertTrue(sent);
        Recipient[] memory list = firmSplit();
        assertEq(wallet.release(address(other), list, 0), 600);
        assertEq(wallet.release(address(0), list, 0), 0.6 ether);
        assertEq(artist.balance, 0.6 ether);
        vm.expectRevert(
            abi.encodeWithSelector(RevenueWallet.NothingDue.selector, address(other), word(artist))
        );
        wallet.release(address(other), list, 0);
        other.mint(address(wallet), 100);
        assertEq(wallet.release(address(other), list, 0), 60);
        assertEq(wallet.release(address(other), list, 1), 165);
        assertEq(wallet.release(address(other), list, 2), 275);
        assertEq(other.balanceOf(address(wallet)), 0);
        Recipient[] memory lie = new Recipient[](1);
        lie[0] = Recipient(word(thief), 10_000);
        vm.expectPartialRevert(RevenueWallet.WrongRecipients.selector);
        wallet.release(address(other), lie, 0);
    }

    function test_aParentIsReleasedToItsOwnWallet() public {
        Recipient[] memory list = new Recipient[](2);
        list[0] = Recipient(splitId, 1000);
        list[1] = Recipient(word(collector), 9000);
        (, uint32 child) = revenue.createSplit(list);
        dollar.mint(revenue.walletOf(child), 1);
        revenue.sweep(child);
        RevenueWallet wallet = RevenueWallet(payable(revenue.walletOf(child)));
        TestDollar other = new TestDollar();
        other.mint(address(wallet), 1000);
        assertEq(wallet.release(address(other), list, 0), 100);
        assertEq(other.balanceOf(revenue.walletOf(split)), 100);
    }

    /// @dev The template itself, which no split owns, holds nothing and gives nothing.
    function test_aWalletIsDeployedWithoutMoneyOnlyBySweep() public {
        assertEq(revenue.walletOf(split).code.length, 0);
        deployedWallet();
        assertGt(revenue.walletOf(split).code.length, 0);
    }
}
