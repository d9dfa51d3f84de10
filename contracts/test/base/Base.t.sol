// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Test} from "./Test.sol";

/// @dev Counts in steps of two, so an odd count means that somebody else wrote it.
contract Counter {
    uint256 public count;

    function add(uint256 steps) external {
        count += 2 * (steps % 3);
    }
}

/// @notice The test base tests itself: an assertion that cannot fail would make every other test worthless.
contract BaseTest is Test {
    Counter private counter;
    Counter private bystander;

    function setUp() public {
        counter = new Counter();
        bystander = new Counter();
        targetContract(address(counter));
    }

    function check(bool condition) external pure {
        assertTrue(condition);
    }

    function test_aFalseAssertionFails() public {
        (bool passed,) = address(this).call(abi.encodeCall(this.check, (true)));
        assertTrue(passed);
        vm.expectRevert();
        this.check(false);
    }

    function testFuzz_boundStaysInRange(uint256 x, uint256 low, uint256 high) public pure {
        if (low > high) (low, high) = (high, low);
        uint256 y = bound(x, low, high);
        assertGe(y, low);
        assertLe(y, high);
    }

    function test_sameNameSameKey() public {
        (address account, uint256 key) = makeKey("artist");
        assertEq(account, makeAddr("artist"));
        assertEq(account, vm.addr(key));
    }

    function invariant_onlyTheTargetIsCalled() public view {
        assertEq(counter.count() % 2, 0);
        assertEq(bystander.count(), 0);
    }
}
