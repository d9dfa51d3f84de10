// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {Shares} from "medici/governance/Shares.sol";
import {Allocation, IShares} from "medici/governance/interfaces/IShares.sol";
import {IGoverned} from "medici/provenance/interfaces/IGoverned.sol";

import {House} from "medici-test/market/House.sol";

/// @notice Votes, vesting, buy-back.
contract SharesHoldingTest is House {
    address private employee;

    function setUp() public override {
        employee = makeAddr("employee");
        super.setUp();
    }

    function issue() internal view override returns (Allocation[] memory parts) {
        parts = new Allocation[](3);
        parts[0] = Allocation(founder, 600_000e18, 0, 0, 0, false);
        parts[1] = Allocation(governance, 300_000e18, 0, 0, 0, false);
        parts[2] = Allocation(employee, 100_000e18, uint40(block.timestamp), 100 days, 400 days, true);
    }

    // ------------------------------------------------------------------ votes

    function test_holdersOfTheFirstDayVoteForThemselves() public {
        skip(1);
        assertEq(shares.getVotes(founder), 600_000e18);
        assertEq(shares.getVotes(employee), 100_000e18);
        assertEq(shares.getPastTotalSupply(block.timestamp - 1), 1_000_000e18);
        assertEq(shares.CLOCK_MODE(), "mode=timestamp");
        assertEq(shares.clock(), block.timestamp);
    }

    function test_votesFollowShares() public {
        vm.prank(collector);
        shares.delegate(collector);
        uint256 before = block.timestamp;
        skip(10);
        vm.prank(founder);
        shares.transfer(collector, 1e18);
        skip(1);
        assertEq(shares.getVotes(collector), 1e18);
        assertEq(shares.getPastVotes(collector, before), 0);
        assertEq(shares.getPastVotes(founder, before), 600_000e18);
        assertEq(shares.getVotes(founder), 599_999e18);
    }

    function test_moreThanOneHasCannotBeGiven() public {
        vm.prank(founder);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, founder, 600_000e18, 600_001e18
            )
        );
        shares.transfer(collector, 600_001e18);
    }

    function test_theFirstIssueCannotBeEmptyNorTooLarge() public {
        vm.expectRevert(IShares.NoShares.selector);
        new Shares("X", "X", governance, address(dollar), new Allocation[](0));
        Allocation[] memory two = new Allocation[](2);
        two[0] = Allocation(founder, type(uint88).max, 0, 0, 0, false);
        two[1] = Allocation(founder, 1, 0, 0, 0, false);
        vm.expectRevert();
        new Shares("X", "X", governance, address(dollar), two);
    }

    // ------------------------------------------------------------------ vesting

    function test_sharesComeFreeAfterTheCliffLinearly() public {
        uint256 start = block.timestamp;
        assertEq(shares.lockedOf(employee), 100_000e18);
        vm.warp(start + 100 days - 1);
        assertEq(shares.lockedOf(employee), 100_000e18);
        vm.warp(start + 100 days);
        assertEq(shares.lockedOf(employee), 75_000e18);
        vm.startPrank(employee);
        vm.expectRevert(
            abi.encodeWithSelector(IShares.StillVesting.selector, employee, 25_000e18, 25_000e18 + 1)
        );
        shares.transfer(collector, 25_000e18 + 1);
        shares.transfer(collector, 25_000e18);
        vm.warp(start + 400 days);
        assertEq(shares.lockedOf(employee), 0);
        shares.transfer(collector, 75_000e18);
    }

    function test_vestingSharesEarnAndVote() public {
        dollar.mint(shares.inbox(), 100 * DOLLAR);
        shares.distribute();
        assertEq(shares.owedTo(employee), 10 * DOLLAR);
        assertEq(shares.getVotes(employee), 100_000e18);
    }

    function test_lockedSharesCannotBeSoldBack() public {
        dollar.mint(governance, 100 * DOLLAR);
        vm.startPrank(governance);
        dollar.approve(address(shares), 100 * DOLLAR);
        shares.openBuyBack(uint128(DOLLAR), uint128(100 * DOLLAR), uint40(block.timestamp + 1 days));
        vm.stopPrank();
        vm.prank(employee);
        vm.expectPartialRevert(IShares.StillVesting.selector);
        shares.sellBack(1e18, 0);
    }

    function test_governanceTakesBackWhatHasNotComeFree() public {
        skip(200 days);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, thief));
        shares.revoke(employee);
        vm.startPrank(governance);
        assertEq(shares.revoke(employee), 50_000e18);
        assertEq(shares.balanceOf(employee), 50_000e18);
        assertEq(shares.balanceOf(governance), 350_000e18);
        assertEq(shares.lockedOf(employee), 0);
        vm.expectRevert(abi.encodeWithSelector(IShares.NotRevocable.selector, employee));
        shares.revoke(employee);
    }

    function test_governanceGrantsItsOwnShares() public {
        Allocation memory part =
            Allocation(collector, 1000e18, uint40(block.timestamp), 0, uint40(10 days), false);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, thief));
        shares.grant(part);
        vm.startPrank(governance);
        shares.grant(part);
        assertEq(shares.lockedOf(collector), 1000e18);
        vm.expectRevert(abi.encodeWithSelector(IShares.AlreadyVesting.selector, collector));
        shares.grant(part);
        vm.expectRevert(abi.encodeWithSelector(IShares.NotRevocable.selector, collector));
        shares.revoke(collector);
        part.holder = rival;
        part.cliff = uint40(11 days);
        vm.expectRevert(abi.encodeWithSelector(IShares.BadVesting.selector, rival));
        shares.grant(part);
        skip(10 days);
        part.holder = collector;
        part.cliff = 0;
        shares.grant(part);
    }

    // ------------------------------------------------------------------ buy-back

    function openOffer(uint256 price, uint256 budget) private {
        dollar.mint(governance, budget);
        vm.startPrank(governance);
        dollar.approve(address(shares), budget);
        shares.openBuyBack(uint128(price), uint128(budget), uint40(block.timestamp + 1 days));
        vm.stopPrank();
    }

    function test_sharesSoldBackAreBurnt() public {
        openOffer(2 * DOLLAR, 1000 * DOLLAR);
        vm.startPrank(founder);
        vm.expectRevert(abi.encodeWithSelector(IShares.PriceTooLow.selector, 200 * DOLLAR, 201 * DOLLAR));
        shares.sellBack(100e18, 201 * DOLLAR);
        assertEq(shares.sellBack(100e18, 200 * DOLLAR), 200 * DOLLAR);
        assertEq(shares.totalSupply(), 999_900e18);
        assertEq(shares.getVotes(founder), 599_900e18);
        assertEq(dollar.balanceOf(founder), 200 * DOLLAR);
        vm.expectRevert(abi.encodeWithSelector(IShares.BudgetTooLow.selector, 802 * DOLLAR, 800 * DOLLAR));
        shares.sellBack(401e18, 0);
        vm.expectRevert(abi.encodeWithSelector(IShares.PriceTooLow.selector, 0, 0));
        shares.sellBack(1, 0);
    }

    function test_pastDividendsSurviveTheSale() public {
        dollar.mint(shares.inbox(), 100 * DOLLAR);
        shares.distribute();
        openOffer(DOLLAR / 1000, 10_000 * DOLLAR);
        vm.startPrank(founder);
        shares.sellBack(600_000e18, 0);
        assertEq(shares.balanceOf(founder), 0);
        assertEq(shares.owedTo(founder), 60 * DOLLAR);
        shares.claim();
        assertEq(dollar.balanceOf(address(shares)), (40 + 10_000 - 600) * DOLLAR);
    }

    function test_anOfferEnds() public {
        vm.expectRevert(IShares.NoBuyBack.selector);
        shares.closeBuyBack();
        openOffer(DOLLAR, 1000 * DOLLAR);
        vm.prank(governance);
        vm.expectPartialRevert(IShares.BuyBackStands.selector);
        shares.openBuyBack(1, 1, type(uint40).max);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, thief));
        shares.closeBuyBack();
        skip(1 days);
        vm.prank(founder);
        vm.expectRevert(IShares.NoBuyBack.selector);
        shares.sellBack(1e18, 0);
        vm.prank(thief);
        shares.closeBuyBack();
        assertEq(dollar.balanceOf(governance), 1000 * DOLLAR);
    }

    function test_anOfferHasBounds() public {
        vm.startPrank(governance);
        uint40 soon = uint40(block.timestamp + 1);
        vm.expectPartialRevert(IShares.BadBuyBack.selector);
        shares.openBuyBack(0, 1, soon);
        vm.expectPartialRevert(IShares.BadBuyBack.selector);
        shares.openBuyBack(1, 0, soon);
        vm.expectPartialRevert(IShares.BadBuyBack.selector);
        shares.openBuyBack(1, 1, soon - 1);
        vm.stopPrank();
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, thief));
        shares.openBuyBack(1, 1, soon);
    }
}
