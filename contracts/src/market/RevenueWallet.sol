// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibClone} from "solady/utils/LibClone.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {Locked} from "medici/money/Locked.sol";
import {IRevenue, Recipient} from "./interfaces/IRevenue.sol";

/// @title RevenueWallet
/// @notice The deposit address of one split, deployed as a minimal clone when first needed. What arrives in the firm's
/// currency is swept into `Revenue`; what strangers pay in anything else (ether, another token) is shared out here, to
/// the same recipients in the same parts.
contract RevenueWallet is Locked {
    /// @notice A recipient's part of something that is not the firm's currency left the wallet. Token 0 is ether.
    event Released(address indexed token, bytes32 indexed account, address to, uint256 amount);

    /// @notice Only `Revenue` may do this.
    error OnlyRevenue(address caller);
    /// @notice The firm's currency leaves through `Revenue` only.
    error SweepInstead();
    /// @notice This is not the list of recipients of this wallet's split.
    error WrongRecipients(bytes32 splitId);
    /// @notice Nothing is due to this recipient.
    error NothingDue(address token, bytes32 account);

    address private immutable REVENUE;
    address private immutable CURRENCY;

    mapping(address token => uint256 amount) private _released;
    mapping(address token => mapping(bytes32 account => uint256 amount)) private _releasedTo;

    constructor(address currency) {
        REVENUE = msg.sender;
        CURRENCY = currency;
    }

    receive() external payable {}

    /// @notice Sends the firm's currency home. `Revenue.sweep` calls this and books what arrives.
    function flush() external returns (uint256 amount) {
        if (msg.sender != REVENUE) revert OnlyRevenue(msg.sender);
        amount = SafeTransferLib.balanceOf(CURRENCY, address(this));
        SafeTransferLib.safeTransfer(CURRENCY, REVENUE, amount);
    }

    /// @notice Pays one recipient its part of ether (token 0) or of a token that is not the firm's currency. A parent
    /// split is paid at its own deposit address. Anybody may call.
    /// @param recipients the list that the split was made from.
    /// @param index which of them to pay.
    function release(address token, Recipient[] calldata recipients, uint256 index)
        external
        locked
        returns (uint256 amount)
    {
        if (token == CURRENCY) revert SweepInstead();
        bytes32 splitId = keccak256(abi.encode(recipients));
        if (IRevenue(REVENUE).splitIndex(splitId) != split()) revert WrongRecipients(splitId);
        Recipient calldata recipient = recipients[index];
        bytes32 account = recipient.account;

        uint256 held =
            token == address(0) ? address(this).balance : SafeTransferLib.balanceOf(token, address(this));
        amount = (held + _released[token]) * recipient.bps / 10_000 - _releasedTo[token][account];
        if (amount == 0) revert NothingDue(token, account);
        _released[token] += amount;
        _releasedTo[token][account] += amount;

        address to = uint256(account) >> 160 == 0
            ? address(uint160(uint256(account)))
            : IRevenue(REVENUE).walletOf(IRevenue(REVENUE).splitIndex(account));
        emit Released(token, account, to, amount);
        if (token == address(0)) SafeTransferLib.safeTransferETH(to, amount);
        else SafeTransferLib.safeTransfer(token, to, amount);
    }

    /// @notice The number of the split that this wallet belongs to.
    function split() public view returns (uint32) {
        return uint32(bytes4(LibClone.argsOnClone(address(this))));
    }
}
