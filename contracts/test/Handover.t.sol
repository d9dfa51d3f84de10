// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {Shares} from "medici/governance/Shares.sol";
import {Allocation} from "medici/governance/interfaces/IShares.sol";
import {Market} from "medici/market/Market.sol";
import {Revenue} from "medici/market/Revenue.sol";
import {TestDollar} from "medici/money/TestDollar.sol";
import {Anchors} from "medici/provenance/Anchors.sol";
import {Governed} from "medici/provenance/Governed.sol";
import {ModelRegistry} from "medici/provenance/ModelRegistry.sol";
import {TransferValidator} from "medici/provenance/TransferValidator.sol";
import {Works} from "medici/provenance/Works.sol";
import {IGoverned} from "medici/provenance/interfaces/IGoverned.sol";
import {ISplits} from "medici/provenance/interfaces/ISplits.sol";

import {Test} from "medici-test/base/Test.sol";

/// @notice A firm deployed contract by contract, wired and handed over, in the order of contracts/README.md, which is
/// the order in which the ledger room does it. Afterwards the deployer can do nothing, the timelock everything.
contract HandoverTest is Test {
    address private deployer;
    address private proposer;
    address private guardian;
    address private founder;

    TimelockController private timelock;
    TestDollar private dollar;
    ModelRegistry private registry;
    Anchors private anchors;
    Revenue private revenue;
    Works private works;
    Market private market;
    TransferValidator private validator;
    Shares private shares;
    Governed[] private governed;

    function setUp() public {
        deployer = makeAddr("deployer");
        proposer = makeAddr("proposer");
        guardian = makeAddr("guardian");
        founder = makeAddr("founder");
        vm.startPrank(deployer);
        deploy();
        wire();
        for (uint256 i; i < governed.length; ++i) {
            governed[i].transferGovernance(address(timelock));
        }
        vm.stopPrank();
    }

    function deploy() private {
        address[] memory proposers = new address[](1);
        proposers[0] = proposer;
        timelock = new TimelockController(1 days, proposers, new address[](1), address(0));
        dollar = new TestDollar();
        registry = new ModelRegistry(deployer);
        anchors = new Anchors(registry);
        revenue = new Revenue(address(dollar), deployer, new address[](0));
        works = new Works(deployer, anchors, ISplits(address(revenue)), 750, "Bottega", "BOT", "ipfs://c");
        market = new Market(deployer, revenue, works, guardian);
        validator = new TransferValidator(deployer);
        Allocation[] memory issue = new Allocation[](2);
        issue[0] = Allocation(founder, 700_000e18, 0, 0, 0, false);
        issue[1] = Allocation(address(timelock), 300_000e18, 0, 0, 0, false);
        shares = new Shares("Bottega Shares", "BOT", deployer, address(dollar), issue);
        governed = [Governed(registry), revenue, works, market, validator, shares];
    }

    function wire() private {
        revenue.setDepositor(address(market), true);
        registry.setWatcher(address(works), true);
        works.setGuardian(guardian);
        validator.setOperator(address(market), true);
        works.setTransferValidator(address(validator));
    }

    /// @dev Every function of the set that only governance may call, on its contract.
    function adminCalls() private view returns (address[] memory targets, bytes[] memory calls) {
        targets = new address[](19);
        calls = new bytes[](19);
        for (uint256 i; i < 6; ++i) {
            targets[i] = address(governed[i]);
            calls[i] = abi.encodeWithSignature("transferGovernance(address)", address(timelock));
        }
        (targets[6], calls[6]) =
        (address(registry), abi.encodeCall(registry.setWatcher, (address(works), false)));
        (targets[7], calls[7]) = (address(revenue), abi.encodeCall(revenue.setDepositor, (proposer, true)));
        (targets[8], calls[8]) = (address(works), abi.encodeCall(works.setGuardian, (proposer)));
        (targets[9], calls[9]) = (address(works), abi.encodeCall(works.setTransferValidator, (address(0))));
        (targets[10], calls[10]) = (address(works), abi.encodeCall(works.setContractURI, ("ipfs://other")));
        (targets[11], calls[11]) = (address(works), abi.encodeCall(works.pause, ()));
        (targets[12], calls[12]) = (address(works), abi.encodeCall(works.unpause, ()));
        (targets[13], calls[13]) = (address(market), abi.encodeCall(market.setGuardian, (proposer)));
        (targets[14], calls[14]) = (address(market), abi.encodeCall(market.pause, ()));
        (targets[15], calls[15]) = (address(market), abi.encodeCall(market.unpause, ()));
        (targets[16], calls[16]) =
        (address(validator), abi.encodeCall(validator.setOperator, (proposer, true)));
        (targets[17], calls[17]) =
        (address(validator), abi.encodeCall(validator.setWalletCode, (bytes32("x"), true)));
        (targets[18], calls[18]) =
        (
            address(shares),
            abi.encodeCall(
                shares.grant, (Allocation(proposer, 1e18, uint40(block.timestamp), 0, uint40(1 days), true))
            )
        );
    }

    function test_theTimelockGovernsEverything() public view {
        for (uint256 i; i < governed.length; ++i) {
            assertEq(governed[i].governance(), address(timelock));
        }
        assertEq(market.guardian(), guardian);
        assertEq(works.guardian(), guardian);
        assertTrue(revenue.isDepositor(address(market)));
        assertTrue(validator.isOperator(address(market)));
        assertEq(works.getTransferValidator(), address(validator));
    }

    function test_theDeployerCanDoNothing() public {
        (address[] memory targets, bytes[] memory calls) = adminCalls();
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(deployer);
            (bool done, bytes memory reason) = targets[i].call(calls[i]);
            assertFalse(done);
            bytes4 error = bytes4(reason);
            assertTrue(
                error == IGoverned.OnlyGovernance.selector
                    || error == bytes4(keccak256("OnlyGuardian(address)"))
            );
        }
        bytes32[4] memory roles = [
            timelock.DEFAULT_ADMIN_ROLE(),
            timelock.PROPOSER_ROLE(),
            timelock.EXECUTOR_ROLE(),
            timelock.CANCELLER_ROLE()
        ];
        for (uint256 i; i < roles.length; ++i) {
            assertFalse(timelock.hasRole(roles[i], deployer));
        }
        assertEq(shares.balanceOf(deployer), 0);
    }

    function test_theTimelockCanDoEverythingAfterItsDelay() public {
        (address[] memory targets, bytes[] memory calls) = adminCalls();
        for (uint256 i; i < calls.length; ++i) {
            bytes32 salt = bytes32(i);
            vm.prank(proposer);
            timelock.schedule(targets[i], 0, calls[i], 0, salt, 1 days);
            vm.expectRevert();
            timelock.execute(targets[i], 0, calls[i], 0, salt);
            skip(1 days);
            timelock.execute(targets[i], 0, calls[i], 0, salt);
        }
        assertEq(works.contractURI(), "ipfs://other");
        assertTrue(revenue.isDepositor(proposer));
        assertEq(shares.balanceOf(proposer), 1e18);
    }

    function test_theProposerAloneCanOnlyPropose() public {
        (address[] memory targets, bytes[] memory calls) = adminCalls();
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(proposer);
            (bool done,) = targets[i].call(calls[i]);
            assertFalse(done);
        }
        vm.prank(proposer);
        vm.expectRevert();
        timelock.schedule(targets[0], 0, calls[0], 0, 0, 1 days - 1);
    }
}
