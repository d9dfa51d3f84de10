// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// @title Who may move a work, asked by the collection before every transfer in which a program takes part
/// @notice The form that ERC-721C collections use, so that validators of others fit our works and ours fits theirs.
interface ITransferValidator {
    /// @notice Returns if `caller` may move the work, reverts with a typed reason otherwise.
    function validateTransfer(address caller, address from, address to, uint256 tokenId) external view;
}

/// @title A collection that asks a validator, in the ERC-721C form
interface ICreatorToken {
    /// @notice The validator was changed; zero means that transfers are free.
    event TransferValidatorUpdated(address oldValidator, address newValidator);

    /// @notice The validator asked before every transfer in which a program takes part, or zero. An owner who gives
    /// a work to a person (an account without code) asks nobody, so no validator can trap a work.
    function getTransferValidator() external view returns (address validator);

    /// @notice Changes the validator, or lifts it with zero. Governance only.
    function setTransferValidator(address validator) external;

    /// @notice Which function of the validator is called, and that the call changes nothing.
    function getTransferValidationFunction()
        external
        view
        returns (bytes4 functionSignature, bool isViewFunction);
}

/// @title Our validator: royalties bind at transfer
/// @notice Owners give their works to people freely. Programs move or receive a work only if governance
/// allows them, which it does for venues that pay the royalty.
interface IRoyaltyValidator is ITransferValidator {
    /// @notice Governance allows (or no longer allows) an operator to move and hold works.
    event OperatorSet(address indexed operator, bool allowed);

    /// @notice Governance allows (or no longer allows) accounts with this code, such as a kind of smart wallet.
    event WalletCodeSet(bytes32 indexed codeHash, bool allowed);

    /// @notice The operator is not allowed to move works.
    error OperatorNotAllowed(address operator);

    /// @notice A program that is not allowed would receive the work.
    error ReceiverNotAllowed(address receiver);

    /// @notice Allows an operator, for instance a market that pays the royalty. Governance only.
    function setOperator(address operator, bool allowed) external;

    /// @notice Allows all accounts with this code hash to receive works. Governance only.
    function setWalletCode(bytes32 codeHash, bool allowed) external;

    /// @notice Whether an operator may move and hold works.
    function isOperator(address operator) external view returns (bool);

    /// @notice Whether accounts with this code may receive works.
    function isWalletCode(bytes32 codeHash) external view returns (bool);
}
