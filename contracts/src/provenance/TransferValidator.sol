// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Governed} from "./Governed.sol";
import {IRoyaltyValidator, ITransferValidator} from "./interfaces/ITransferValidator.sol";

/// @notice Royalties bind at transfer: programs take part only if governance allows them.
/// @dev What no validator can see: a sale that two persons pay for elsewhere, and a contract deployed to an
/// address only after the work was sent there. A program that holds a work can always give it to a person, so
/// that nothing is ever trapped.
contract TransferValidator is IRoyaltyValidator, Governed {
    /// @inheritdoc IRoyaltyValidator
    mapping(address operator => bool) public isOperator;

    /// @inheritdoc IRoyaltyValidator
    mapping(bytes32 codeHash => bool) public isWalletCode;

    constructor(address governance_) Governed(governance_) {}

    /// @inheritdoc ITransferValidator
    function validateTransfer(address caller, address from, address to, uint256) external view {
        if (caller == from) {
            // An owner gives to a person, or brings the work to an allowed venue.
            if (to.code.length == 0 || isOperator[to] || isOperator[from]) return;
            if (isWalletCode[to.codehash] || _isDelegatedPerson(to)) return;
            revert ReceiverNotAllowed(to);
        }
        if (!isOperator[caller]) revert OperatorNotAllowed(caller);
    }

    /// @inheritdoc IRoyaltyValidator
    function setOperator(address operator, bool allowed) external onlyGovernance {
        isOperator[operator] = allowed;
        emit OperatorSet(operator, allowed);
    }

    /// @inheritdoc IRoyaltyValidator
    function setWalletCode(bytes32 codeHash, bool allowed) external onlyGovernance {
        isWalletCode[codeHash] = allowed;
        emit WalletCodeSet(codeHash, allowed);
    }

    /// @dev A person's account whose key delegated to a program: 0xef0100 and an address. Source: EIP-7702.
    function _isDelegatedPerson(address account) private view returns (bool) {
        bytes memory code = account.code;
        return code.length == 23 && bytes3(code) == 0xef0100;
    }
}
