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
import {ISplits} from "medici/provenance/interfaces/ISplits.sol";

import {Test} from "medici-test/base/Test.sol";

/// @notice Gas of a whole firm, deployed transaction by transaction, wired and handed over; the currency is there before.
/// forge-config: default.isolate = true
contract FirmGasTest is Test {
    uint256 private sum;
    uint256 private left;

    /// @dev Adds the transaction that has just been made. Forge tells the gas of calls, not of creations; in isolate
    /// mode what the test itself has left falls by the whole transaction, which the first call below makes sure of.
    function add() private {
        sum += left - gasleft();
        left = gasleft();
    }

    function test_gasOfAWholeFirm() public {
        TestDollar dollar = new TestDollar();
        address[] memory proposers = new address[](1);
        proposers[0] = makeAddr("proposer");
        left = gasleft();
        address timelock = address(new TimelockController(1 days, proposers, new address[](1), address(0)));
        add();
        ModelRegistry registry = new ModelRegistry(address(this));
        add();
        Anchors anchors = new Anchors(registry);
        add();
        Revenue revenue = new Revenue(address(dollar), address(this), new address[](0));
        add();
        Works works =
            new Works(address(this), anchors, ISplits(address(revenue)), 750, "Bottega", "BOT", "ipfs://c");
        add();
        Market market = new Market(address(this), revenue, works, address(this));
        add();
        TransferValidator validator = new TransferValidator(address(this));
        add();
        Allocation[] memory issue = new Allocation[](2);
        issue[0] = Allocation(makeAddr("founder"), 700_000e18, 0, 0, 0, false);
        issue[1] = Allocation(timelock, 300_000e18, 0, 0, 0, false);
        Shares shares = new Shares("Bottega Shares", "BOT", address(this), address(dollar), issue);
        add();
        uint256 before = sum;
        revenue.setDepositor(address(market), true);
        add();
        assertApproxEqAbs(sum - before, vm.lastCallGas().gasTotalUsed, 10_000);
        registry.setWatcher(address(works), true);
        add();
        works.setGuardian(makeAddr("guardian"));
        add();
        validator.setOperator(address(market), true);
        add();
        works.setTransferValidator(address(validator));
        add();
        Governed[6] memory governed = [Governed(registry), revenue, works, market, validator, shares];
        for (uint256 i; i < governed.length; ++i) {
            governed[i].transferGovernance(timelock);
            add();
        }
        vm.snapshotValue("firm", "a whole firm deployed and handed over", sum);
    }
}
