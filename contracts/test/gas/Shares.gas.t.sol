// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {House} from "medici-test/market/House.sol";

/// @dev Peer: OpenZeppelin's votes alone, no dividends, no vesting.
contract VotesPeer is ERC20("Peer", "PEER"), ERC20Permit("Peer"), ERC20Votes {
    constructor(address holder, uint256 supply) {
        _mint(holder, supply);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }
}

/// @notice Gas of whole transactions in isolate mode. Each figure goes to `contracts/out/snapshots/shares.json`;
/// `benchmarks/gas.py` holds it to its bar.
/// forge-config: default.isolate = true
contract SharesGasTest is House {
    VotesPeer private peer;

    function setUp() public override {
        super.setUp();
        dollar.mint(address(shares), DOLLAR);
        dollar.mint(founder, DOLLAR);
        peer = new VotesPeer(founder, 1_000_000e18);
        vm.startPrank(founder);
        peer.delegate(founder);
        peer.transfer(collector, 1000e18);
        shares.transfer(collector, 1000e18);
        vm.stopPrank();
        vm.startPrank(collector);
        peer.delegate(collector);
        shares.delegate(collector);
        vm.stopPrank();
    }

    function measured(string memory row) private {
        vm.snapshotGasLastCall("shares", row);
    }

    function earn(uint256 amount) private {
        dollar.mint(shares.inbox(), amount);
        shares.distribute();
    }

    function test_gasOfTransfers() public {
        earn(100 * DOLLAR);
        skip(1 days);
        vm.roll(vm.getBlockNumber() + 7200);
        vm.prank(founder);
        shares.transfer(collector, 10e18);
        measured("share transfer with votes and dividends, both delegated, both hold");
        vm.prank(founder);
        peer.transfer(collector, 10e18);
        measured("peer: OpenZeppelin votes alone, both delegated, both hold");
    }

    function test_gasOfDividends() public {
        earn(100 * DOLLAR);
        vm.prank(founder);
        shares.claim();
        dollar.mint(shares.inbox(), 100 * DOLLAR);
        shares.distribute();
        measured("distribute a dividend, any number of holders");
        vm.prank(founder);
        shares.claim();
        measured("claim dividends, later");
    }
}
