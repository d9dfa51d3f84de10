// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {Exact} from "medici/money/Exact.sol";
import {FitCurrency} from "medici/money/FitCurrency.sol";
import {Locked} from "medici/money/Locked.sol";
import {Governed} from "medici/provenance/Governed.sol";
import {DividendERC20} from "./DividendERC20.sol";
import {DividendInbox} from "./DividendInbox.sol";
import {Allocation, BuyBack, IShares, Vesting} from "./interfaces/IShares.sol";

/// @title Shares
/// @notice See IShares. Shares have 18 decimals and at most 2^88 - 1 units (309 million shares).
contract Shares is IShares, Governed, DividendERC20, ERC20Permit, ERC20Votes, Locked {
    uint256 private constant ONE_SHARE = 1e18;

    /// @inheritdoc IShares
    address public immutable currency;
    /// @inheritdoc IShares
    address public immutable inbox;

    mapping(address holder => Vesting vesting) private _vestings;
    BuyBack private _buyBack;

    /// @param governance_ the firm's timelock.
    /// @param currency_ the firm's settlement token.
    /// @param issue who holds what on the first day; holders vote for themselves until they delegate.
    constructor(
        string memory name_,
        string memory symbol_,
        address governance_,
        address currency_,
        Allocation[] memory issue
    ) ERC20(name_, symbol_) ERC20Permit(name_) Governed(governance_) {
        FitCurrency.check(currency_);
        currency = currency_;
        inbox = address(new DividendInbox(currency_));
        for (uint256 i; i < issue.length; ++i) {
            Allocation memory part = issue[i];
            if (delegates(part.holder) == address(0)) _delegate(part.holder, part.holder);
            _mint(part.holder, part.amount);
            if (part.duration != 0) _startVesting(part);
        }
        if (totalSupply() == 0) revert NoShares();
    }

    // ------------------------------------------------------------------ dividends

    /// @inheritdoc IShares
    function distribute() external locked returns (uint256 amount) {
        amount = SafeTransferLib.balanceOf(currency, inbox);
        uint256 supply = totalSupply();
        if (amount == 0 || supply == 0) revert NothingToDistribute();
        _share(amount);
        emit DividendDistributed(amount, supply);
        Exact.pull(currency, inbox, amount);
    }

    /// @inheritdoc IShares
    function claim() external unlocked returns (uint256 amount) {
        amount = _claim(msg.sender, msg.sender);
    }

    /// @inheritdoc IShares
    function claimFor(address holder) external unlocked returns (uint256 amount) {
        amount = _claim(holder, holder);
    }

    /// @inheritdoc IShares
    function claimTo(address to) external unlocked returns (uint256 amount) {
        amount = _claim(msg.sender, to);
        emit ClaimedTo(msg.sender, to, amount);
    }

    /// @inheritdoc IShares
    function owedTo(address holder) external view returns (uint256) {
        return _owedTo(holder);
    }

    /// @inheritdoc IShares
    function distributed() external view returns (uint256) {
        return _distributed();
    }

    function _claim(address holder, address to) private returns (uint256 amount) {
        amount = _takeDividends(holder);
        if (amount == 0) revert NothingOwed(holder);
        SafeTransferLib.safeTransfer(currency, to, amount);
    }

    // ------------------------------------------------------------------ vesting

    /// @inheritdoc IShares
    function vestingOf(address holder) external view returns (Vesting memory) {
        return _vestings[holder];
    }

    /// @inheritdoc IShares
    function lockedOf(address holder) public view returns (uint256) {
        if (_vestings[holder].amount == 0) return 0;
        Vesting memory vesting = _vestings[holder];
        if (block.timestamp >= uint256(vesting.start) + vesting.duration) return 0;
        if (block.timestamp < uint256(vesting.start) + vesting.cliff) return vesting.amount;
        return vesting.amount - vesting.amount * (block.timestamp - vesting.start) / vesting.duration;
    }

    /// @inheritdoc IShares
    function grant(Allocation calldata allocation) external onlyGovernance {
        _transfer(msg.sender, allocation.holder, allocation.amount);
        _startVesting(allocation);
    }

    /// @inheritdoc IShares
    function revoke(address holder) external onlyGovernance returns (uint256 amount) {
        amount = lockedOf(holder);
        if (!_vestings[holder].revocable || amount == 0) revert NotRevocable(holder);
        delete _vestings[holder];
        emit VestingRevoked(holder, amount);
        _transfer(holder, msg.sender, amount);
    }

    function _startVesting(Allocation memory part) private {
        if (lockedOf(part.holder) != 0) revert AlreadyVesting(part.holder);
        if (part.amount == 0 || part.cliff > part.duration || part.duration == 0) {
            revert BadVesting(part.holder);
        }
        Vesting memory vesting = Vesting(part.amount, part.start, part.cliff, part.duration, part.revocable);
        _vestings[part.holder] = vesting;
        emit VestingGranted(part.holder, vesting);
    }

    // ------------------------------------------------------------------ buy-back

    /// @inheritdoc IShares
    function buyBack() external view returns (BuyBack memory) {
        return _buyBack;
    }

    /// @inheritdoc IShares
    function openBuyBack(uint128 price, uint128 budget, uint40 until) external onlyGovernance locked {
        if (_buyBack.until != 0) revert BuyBackStands(_buyBack.until);
        if (price == 0 || budget == 0 || until <= block.timestamp) revert BadBuyBack(price, budget, until);
        _buyBack = BuyBack(price, budget, until);
        emit BuyBackOpened(price, budget, until);
        Exact.pull(currency, msg.sender, budget);
    }

    /// @inheritdoc IShares
    function sellBack(uint256 shares, uint256 minimum) external locked returns (uint256 paid) {
        BuyBack memory offer = _buyBack;
        if (block.timestamp >= offer.until) revert NoBuyBack();
        paid = shares * offer.price / ONE_SHARE;
        if (paid == 0 || paid < minimum) revert PriceTooLow(paid, minimum);
        if (paid > offer.budget) revert BudgetTooLow(paid, offer.budget);
        _buyBack.budget = offer.budget - uint128(paid);
        _burn(msg.sender, shares);
        emit BoughtBack(msg.sender, shares, paid);
        SafeTransferLib.safeTransfer(currency, msg.sender, paid);
    }

    /// @inheritdoc IShares
    function closeBuyBack() external locked {
        BuyBack memory offer = _buyBack;
        if (offer.until == 0) revert NoBuyBack();
        if (block.timestamp < offer.until && msg.sender != governance) revert OnlyGovernance(msg.sender);
        delete _buyBack;
        emit BuyBackClosed(offer.budget);
        if (offer.budget != 0) SafeTransferLib.safeTransfer(currency, governance, offer.budget);
    }

    // ------------------------------------------------------------------ votes

    /// @notice The clock of votes: seconds, as for everything else in the firm.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice ERC-6372.
    // forge-lint: disable-next-line(mixed-case-function)
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @inheritdoc ERC20
    function balanceOf(address holder) public view override(ERC20, DividendERC20) returns (uint256) {
        return super.balanceOf(holder);
    }

    /// @inheritdoc ERC20
    function totalSupply() public view override(ERC20, DividendERC20) returns (uint256) {
        return super.totalSupply();
    }

    function _update(address from, address to, uint256 value)
        internal
        override(ERC20, DividendERC20, ERC20Votes)
    {
        if (from != address(0)) {
            uint256 locked = lockedOf(from);
            if (locked != 0) {
                uint256 balance = balanceOf(from);
                uint256 free = balance - locked;
                if (value > free && value <= balance) revert StillVesting(from, free, value);
            }
        }
        super._update(from, to, value);
    }

    function _maxSupply() internal pure override returns (uint256) {
        return type(uint88).max;
    }
}
