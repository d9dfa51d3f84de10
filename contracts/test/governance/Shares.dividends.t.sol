// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Shares} from "medici/governance/Shares.sol";
import {DividendERC20} from "medici/governance/DividendERC20.sol";
import {Allocation, IShares} from "medici/governance/interfaces/IShares.sol";
import {Income} from "medici/market/interfaces/IRevenue.sol";
import {Exact} from "medici/money/Exact.sol";

import {House} from "medici-test/market/House.sol";
import {MoodyDollar} from "medici-test/market/NastyTokens.sol";

contract SharesDividendsTest is House {
    function newCurrency() internal override returns (address) {
        return address(new MoodyDollar());
    }

    function earn(uint256 amount) private {
        dollar.mint(shares.inbox(), amount);
        shares.distribute();
    }

    function test_theFirmsShareOfASaleReachesTheHolders() public {
        vm.prank(bidder);
        revenue.pay(split, 1000 * DOLLAR, address(0), 0, Income.Gift, 0);
        revenue.withdrawFor(split, shares.inbox());
        vm.expectEmit(address(shares));
        emit IShares.DividendDistributed(250 * DOLLAR, 1_000_000e18);
        vm.prank(thief);
        assertEq(shares.distribute(), 250 * DOLLAR);
        assertEq(shares.owedTo(founder), 175 * DOLLAR);
        vm.prank(founder);
        assertEq(shares.claim(), 175 * DOLLAR);
        assertEq(dollar.balanceOf(founder), 175 * DOLLAR);
        assertEq(shares.distributed(), 250 * DOLLAR);
    }

    function test_nothingIsClaimedTwice() public {
        earn(100 * DOLLAR);
        shares.claimFor(founder);
        vm.expectRevert(abi.encodeWithSelector(IShares.NothingOwed.selector, founder));
        shares.claimFor(founder);
        vm.expectRevert(IShares.NothingToDistribute.selector);
        shares.distribute();
    }

    function test_claimElsewhereByTheHolderOnly() public {
        earn(100 * DOLLAR);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IShares.NothingOwed.selector, thief));
        shares.claimTo(thief);
        vm.expectEmit(address(shares));
        emit IShares.ClaimedTo(founder, collector, 70 * DOLLAR);
        vm.prank(founder);
        assertEq(shares.claimTo(collector), 70 * DOLLAR);
    }

    function test_aTransferMovesNoPastDividend() public {
        earn(100 * DOLLAR);
        vm.prank(founder);
        shares.transfer(collector, 700_000e18);
        assertEq(shares.owedTo(founder), 70 * DOLLAR);
        assertEq(shares.owedTo(collector), 0);
        earn(100 * DOLLAR);
        assertEq(shares.owedTo(founder), 70 * DOLLAR);
        assertEq(shares.owedTo(collector), 70 * DOLLAR);
    }

    function testFuzz_aTransferMovesNoPastDividend(
        uint96[6] memory incomes,
        uint88[6] memory moves,
        uint8 ways
    ) public {
        address[3] memory holders = [founder, collector, governance];
        uint256 income;
        for (uint256 i; i < incomes.length; ++i) {
            uint256 amount = bound(incomes[i], 1, 1e15);
            income += amount;
            earn(amount);
            address from = holders[(ways >> i) % 3];
            address to = holders[(ways >> (i + 1)) % 3];
            uint256[3] memory owedBefore;
            for (uint256 j; j < 3; ++j) {
                owedBefore[j] = shares.owedTo(holders[j]);
            }
            uint256 value = bound(moves[i], 0, shares.balanceOf(from));
            vm.prank(from);
            shares.transfer(to, value);
            for (uint256 j; j < 3; ++j) {
                assertEq(shares.owedTo(holders[j]), owedBefore[j]);
            }
        }
        uint256 owed;
        for (uint256 j; j < 3; ++j) {
            owed += shares.owedTo(holders[j]);
        }
        assertLe(owed, income);
        assertLe(income - owed, 3); // one unit a holder, still to come
        assertEq(dollar.balanceOf(address(shares)), income);
    }

    function test_roundPartsComeOutRound() public {
        for (uint256 i; i < 1000; ++i) {
            earn(1);
        }
        assertEq(shares.owedTo(founder), 700);
        assertEq(shares.owedTo(governance), 300);
    }

    /// @dev Seven shares and one unit: each distribution leaves a rest, which the next ones bring.
    function test_theRemainderIsCarried() public {
        Allocation[] memory odd = new Allocation[](2);
        odd[0] = Allocation(founder, 3, 0, 0, 0, false);
        odd[1] = Allocation(collector, 4, 0, 0, 0, false);
        Shares seven = new Shares("X", "X", governance, address(dollar), odd);
        for (uint256 i; i < 700; ++i) {
            dollar.mint(seven.inbox(), 1);
            seven.distribute();
            assertLe(i + 1 - seven.owedTo(founder) - seven.owedTo(collector), 2);
        }
        assertEq(seven.owedTo(founder), 300);
        assertEq(seven.owedTo(collector), 400);
    }

    function test_aTransferToOneselfChangesNothing() public {
        earn(100 * DOLLAR);
        vm.prank(founder);
        shares.transfer(founder, 300_000e18);
        assertEq(shares.balanceOf(founder), 700_000e18);
        assertEq(shares.owedTo(founder), 70 * DOLLAR);
    }

    function test_dividendsBeyondTheRangeAreRefused() public {
        uint256 most = (1 << 87) - 1;
        dollar.mint(shares.inbox(), most + 1);
        vm.expectRevert(abi.encodeWithSelector(DividendERC20.DividendsOutOfRange.selector, most + 1));
        shares.distribute();
    }

    function test_theLargestDividendOnTheSmallestAndLargestSupply() public {
        uint256 most = (1 << 87) - 1;
        uint88[2] memory supplies = [1, type(uint88).max];
        for (uint256 i; i < 2; ++i) {
            Allocation[] memory one = new Allocation[](1);
            one[0] = Allocation(founder, supplies[i], 0, 0, 0, false);
            Shares extreme = new Shares("X", "X", governance, address(dollar), one);
            dollar.mint(extreme.inbox(), most);
            extreme.distribute();
            assertLe(most - extreme.owedTo(founder), 310);
            vm.prank(founder);
            extreme.transfer(collector, supplies[i]);
            assertLe(most - extreme.owedTo(founder), 310); // the supply over the scale
            assertEq(extreme.owedTo(collector), 0);
            uint256 owed = extreme.owedTo(founder);
            assertEq(extreme.claimFor(founder), owed);
        }
    }

    function test_aFeeOnTheWayIsRefused() public {
        dollar.mint(shares.inbox(), 10_000);
        MoodyDollar(address(dollar)).setFee(100);
        vm.expectRevert(abi.encodeWithSelector(Exact.InexactTransfer.selector, 10_000, 9900));
        shares.distribute();
    }

    function test_aBlockedHolderStopsOnlyItself() public {
        earn(100 * DOLLAR);
        MoodyDollar(address(dollar)).setBlocked(founder, true);
        vm.expectRevert();
        shares.claimFor(founder);
        shares.claimFor(governance);
        assertEq(shares.owedTo(founder), 70 * DOLLAR);
        vm.prank(founder);
        shares.transfer(collector, 1e18);
    }
}
