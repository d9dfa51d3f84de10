// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// OpenZeppelin's timelock holds all admin power of a firm. It is deployed as it is; this import has it compiled
// with the firm's own contracts, by the same compiler under the same settings.
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
