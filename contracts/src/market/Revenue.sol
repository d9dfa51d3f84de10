// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibClone} from "solady/utils/LibClone.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {Exact} from "medici/money/Exact.sol";
import {FitCurrency} from "medici/money/FitCurrency.sol";
import {Locked} from "medici/money/Locked.sol";
import {Governed} from "medici/provenance/Governed.sol";
import {Income, IRevenue, Recipient} from "./interfaces/IRevenue.sol";
import {RevenueWallet} from "./RevenueWallet.sol";

/// @title Revenue
/// @notice See IRevenue. Amounts are in smallest units of the currency.
contract Revenue is IRevenue, Governed, Locked {
    uint256 private constant WHOLE = 10_000;
    /// @dev Marks a word that holds an amount as in use, so that it never falls back to zero and a later payment
    /// costs a fifth of the first.
    uint256 private constant OPEN = 1 << 255;
    uint256 private constant AMOUNT = OPEN - 1;
    /// @dev Marks the key of a parent's share, so that a split's number can never be mistaken for an address.
    uint256 private constant PARENT = 1 << 255;

    /// @inheritdoc IRevenue
    address public immutable currency;
    address private immutable WALLET;

    /// @inheritdoc IRevenue
    uint32 public splitCount;
    /// @inheritdoc IRevenue
    mapping(bytes32 splitId => uint32 split) public splitIndex;
    /// @inheritdoc IRevenue
    mapping(address depositor => bool authorised) public isDepositor;
    /// @inheritdoc IRevenue
    mapping(address account => mapping(address spender => bool allowed)) public isSpender;

    /// @dev Everything ever paid into a split, with the OPEN mark.
    mapping(uint256 split => uint256 openAndAmount) private _received;
    /// @dev A recipient's basis points (high 128 bits) and what it has had so far (low 128 bits); under split 0 an
    /// account's plain credit, with the OPEN mark.
    mapping(uint256 splitAndHolder => uint256 word) private _shares;

    /// @param currency_ the firm's settlement token.
    /// @param governance_ the firm's timelock.
    /// @param depositors contracts that may pay from the first day; their addresses may be known before they stand.
    constructor(address currency_, address governance_, address[] memory depositors) Governed(governance_) {
        FitCurrency.check(currency_);
        currency = currency_;
        WALLET = address(new RevenueWallet(currency_));
        for (uint256 i; i < depositors.length; ++i) {
            isDepositor[depositors[i]] = true;
            emit DepositorSet(depositors[i], true);
        }
    }

    // ------------------------------------------------------------------ splits

    /// @inheritdoc IRevenue
    function createSplit(Recipient[] calldata recipients) external returns (bytes32 splitId, uint32 split) {
        splitId = keccak256(abi.encode(recipients));
        split = splitIndex[splitId];
        if (split != 0) return (splitId, split);
        if (recipients.length == 0) revert NoRecipients();

        split = ++splitCount;
        splitIndex[splitId] = split;
        _received[split] = OPEN;
        uint256 sum;
        for (uint256 i; i < recipients.length; ++i) {
            Recipient calldata recipient = recipients[i];
            uint256 key = _keyOf(split, recipient);
            if (_shares[key] != 0) revert DuplicateRecipient(recipient.account);
            _shares[key] = uint256(recipient.bps) << 128;
            sum += recipient.bps;
        }
        if (sum != WHOLE) revert SharesNotWhole(sum);
        emit SplitCreated(splitId, split, recipients);
    }

    /// @inheritdoc IRevenue
    function received(uint32 split) public view returns (uint256) {
        return _received[split] & AMOUNT;
    }

    /// @inheritdoc IRevenue
    function shareOf(uint32 split, address account) external view returns (uint16 bps, uint256 paid) {
        uint256 word = _shares[_key(split, account)];
        return (uint16(word >> 128), uint128(word));
    }

    /// @inheritdoc IRevenue
    function parentShareOf(uint32 child, uint32 parent) external view returns (uint16 bps, uint256 climbed) {
        uint256 word = _shares[_parentKey(child, parent)];
        return (uint16(word >> 128), uint128(word));
    }

    /// @inheritdoc IRevenue
    function owed(uint32 split, address account) public view returns (uint256) {
        uint256 word = _shares[_key(split, account)];
        return split == 0 ? word & AMOUNT : _due(split, word);
    }

    /// @inheritdoc IRevenue
    function owedToParent(uint32 child, uint32 parent) external view returns (uint256) {
        return _due(child, _shares[_parentKey(child, parent)]);
    }

    // ------------------------------------------------------------------ money in

    /// @inheritdoc IRevenue
    function pay(uint32 split, uint256 toSplit, address account, uint256 toAccount, Income kind, uint256 ref)
        external
        locked
    {
        // A stranger may pay in, but not say what for. A market that governance dismissed can still settle.
        if (!isDepositor[msg.sender]) kind = Income.Gift;
        uint256 sum = toSplit + toAccount;
        if (sum == 0) revert NothingPaid();
        Exact.pull(currency, msg.sender, sum);
        if (toSplit != 0) _addToSplit(split, toSplit, kind, ref, msg.sender);
        if (toAccount != 0) _addToCredit(account, toAccount, kind, ref);
    }

    /// @inheritdoc IRevenue
    function walletOf(uint32 split) public view returns (address) {
        return LibClone.predictDeterministicAddress(
            WALLET, abi.encodePacked(split), bytes32(uint256(split)), address(this)
        );
    }

    /// @inheritdoc IRevenue
    function sweep(uint32 split) external locked returns (uint256 amount) {
        if (split == 0 || split > splitCount) revert UnknownSplit(split);
        (, address wallet) =
            LibClone.createDeterministicClone(WALLET, abi.encodePacked(split), bytes32(uint256(split)));
        uint256 before = SafeTransferLib.balanceOf(currency, address(this));
        RevenueWallet(payable(wallet)).flush();
        amount = SafeTransferLib.balanceOf(currency, address(this)) - before;
        if (amount == 0) revert NothingPaid();
        _addToSplit(split, amount, Income.ForeignRoyalty, 0, wallet);
    }

    // ------------------------------------------------------------------ money out

    /// @inheritdoc IRevenue
    function withdraw(uint32 split) external unlocked returns (uint256 amount) {
        amount = _take(split, msg.sender);
        if (amount == 0) revert NothingOwed(split, msg.sender);
        SafeTransferLib.safeTransfer(currency, msg.sender, amount);
    }

    /// @inheritdoc IRevenue
    function withdrawFor(uint32 split, address account) external unlocked returns (uint256 amount) {
        amount = _take(split, account);
        if (amount == 0) revert NothingOwed(split, account);
        SafeTransferLib.safeTransfer(currency, account, amount);
    }

    /// @inheritdoc IRevenue
    function withdrawForMany(uint32 split, address[] calldata accounts)
        external
        locked
        returns (uint256 total)
    {
        if (split == 0 || split > splitCount) revert UnknownSplit(split);
        for (uint256 i; i < accounts.length; ++i) {
            address account = accounts[i];
            uint256 key = _key(split, account);
            uint256 word = _shares[key];
            uint256 amount = _due(split, word);
            if (amount == 0) continue;
            _shares[key] = word + amount;
            if (Exact.tryPush(currency, account, amount)) {
                total += amount;
            } else {
                _shares[key] = word;
            }
        }
    }

    /// @inheritdoc IRevenue
    function withdrawTo(uint32[] calldata splits, address to) external unlocked returns (uint256 amount) {
        if (to == address(0) || to == address(this)) revert BadDestination(to);
        for (uint256 i; i < splits.length; ++i) {
            amount += _take(splits[i], msg.sender);
        }
        if (amount == 0) revert NothingOwed(0, msg.sender);
        emit WithdrawnTo(msg.sender, to, amount);
        SafeTransferLib.safeTransfer(currency, to, amount);
    }

    /// @inheritdoc IRevenue
    function climb(uint32 child, uint32 parent) external locked returns (uint256 amount) {
        uint256 key = _parentKey(child, parent);
        uint256 word = _shares[key];
        if (word == 0) revert NotAParent(child, parent);
        amount = _due(child, word);
        if (amount == 0) revert NothingToClimb(child, parent);
        _shares[key] = word + amount;
        _received[parent] = _sum(_received[parent], amount);
        emit Climbed(child, parent, amount);
    }

    // ------------------------------------------------------------------ credit at work

    /// @inheritdoc IRevenue
    function allowSpender(address spender, bool allowed) external {
        isSpender[msg.sender][spender] = allowed;
        emit SpenderAllowed(msg.sender, spender, allowed);
    }

    /// @inheritdoc IRevenue
    function spend(address account, uint256 amount) external locked {
        if (!isDepositor[msg.sender]) revert OnlyDepositor(msg.sender);
        if (!isSpender[account][msg.sender]) revert SpenderNotAllowed(account, msg.sender);
        uint256 word = _shares[_key(0, account)];
        if (word & AMOUNT < amount) revert CreditTooLow(account, word & AMOUNT, amount);
        _shares[_key(0, account)] = word - amount;
        emit Spent(account, msg.sender, amount);
        SafeTransferLib.safeTransfer(currency, msg.sender, amount);
    }

    // ------------------------------------------------------------------ governance

    /// @inheritdoc IRevenue
    function setDepositor(address depositor, bool authorised) external onlyGovernance {
        isDepositor[depositor] = authorised;
        emit DepositorSet(depositor, authorised);
    }

    // ------------------------------------------------------------------ inside

    /// @dev Checks a recipient and gives the key of its share.
    function _keyOf(uint32 split, Recipient calldata recipient) private view returns (uint256) {
        bytes32 account = recipient.account;
        if (uint256(account) >> 160 != 0) {
            uint32 parent = splitIndex[account];
            if (parent == 0) revert UnknownParent(account);
            if (recipient.bps == 0) revert BadRecipient(account, 0);
            return _parentKey(split, parent);
        }
        address who = address(uint160(uint256(account)));
        if (recipient.bps == 0 || who == address(0) || who == address(this) || who == currency) {
            revert BadRecipient(account, recipient.bps);
        }
        return _key(split, who);
    }

    function _key(uint32 split, address account) private pure returns (uint256) {
        return uint256(split) << 160 | uint160(account);
    }

    function _parentKey(uint32 child, uint32 parent) private pure returns (uint256) {
        return PARENT | uint256(child) << 160 | parent;
    }

    /// @dev What a share has earned so far, rounded down, less what it has had. The rounding is made on the whole
    /// total each time, so a later payment makes up for it: no dust is lost. A total fits 128 bits and a share 14; what
    /// was had is a share of an earlier, smaller total.
    function _due(uint32 split, uint256 word) private view returns (uint256) {
        unchecked {
            return (_received[split] & AMOUNT) * (word >> 128) / WHOLE - uint128(word);
        }
    }

    /// @dev Books out everything that an account is owed of one split, or its credit. The caller must pay it.
    function _take(uint32 split, address account) private returns (uint256 amount) {
        uint256 key = _key(split, account);
        uint256 word = _shares[key];
        if (split == 0) {
            amount = word & AMOUNT;
            if (amount != 0) _shares[key] = OPEN;
        } else {
            if (word == 0) revert NotARecipient(split, account);
            amount = _due(split, word);
            unchecked {
                if (amount != 0) _shares[key] = word + amount;
            }
        }
    }

    function _addToSplit(uint32 split, uint256 amount, Income kind, uint256 ref, address payer) private {
        uint256 word = _received[split];
        if (word == 0) revert UnknownSplit(split);
        _received[split] = _sum(word, amount);
        emit Paid(split, kind, ref, payer, amount);
    }

    function _addToCredit(address account, uint256 amount, Income kind, uint256 ref) private {
        if (account == address(0) || account == address(this)) revert BadDestination(account);
        uint256 key = _key(0, account);
        _shares[key] = _sum(_shares[key], amount);
        emit Credited(account, kind, ref, amount);
    }

    /// @dev Adds to an amount, marking its word open; totals stay below 2^128.
    function _sum(uint256 word, uint256 amount) private pure returns (uint256 total) {
        if (amount > type(uint128).max) revert AmountTooLarge(amount);
        unchecked {
            total = (word & AMOUNT) + amount;
        }
        if (total > type(uint128).max) revert AmountTooLarge(total);
        total |= OPEN;
    }
}
