// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

/// @title TestDollar
/// @notice Play money for a chain on one's own machine: ERC-20 with 6 decimals, EIP-2612 and EIP-3009 as USDC has them,
/// and a faucet that anybody may draw from. It cannot be deployed where money is real.
contract TestDollar is ERC20, ERC20Permit, ERC3009 {
    /// @notice Play money is for local chains (31337, 1337) only.
    error OnlyLocalChain(uint256 chainId);

    constructor() ERC20("Test Dollar", "TUSD") ERC20Permit("Test Dollar") {
        if (block.chainid != 31_337 && block.chainid != 1337) revert OnlyLocalChain(block.chainid);
    }

    /// @notice The faucet: gives `amount` new dollars to anybody.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
