// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// What the tests of the sender need of a contract: something to count, and ways to refuse.
contract Probe {
    uint256 public count;
    uint256 public openedAt = block.timestamp;
    bool public shut;

    event Counted(address indexed by, uint256 indexed count, string note);

    error BidTooLow(uint256 lot, uint256 amount, uint256 minimum);
    error NotInTheTable(uint256 number);

    function add(string calldata note) external payable returns (uint256) {
        require(!shut, "the probe is shut");
        count += 1;
        emit Counted(msg.sender, count, note);
        return count;
    }

    /// Counts only while the count is what the caller thinks: two of these race.
    function addAt(uint256 expected) external {
        if (count != expected) revert BidTooLow(7, expected * 1e6, count * 1e6);
        count += 1;
    }

    function shutDown(bool value) external {
        shut = value;
    }

    function bid(uint256 amount) external pure {
        revert BidTooLow(1, amount, 105e6);
    }

    function unknown() external pure {
        revert NotInTheTable(3);
    }

    function fault(uint256 divisor) external pure returns (uint256) {
        return 1 / divisor;
    }

    function silent() external pure {
        assembly {
            revert(0, 0)
        }
    }
}
