// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title DividendERC20
/// @notice ERC-20 whose holders earn dividends by accumulator: one number per share for all, one correction per holder.
/// @dev What a holder is owed is (perShare × balance + correction) / SCALE. A transfer of v shares adds perShare × v to
/// the correction of who gives and takes it from who receives, so that it moves no past dividend. Balance and correction
/// share one word, so a transfer writes no more words than without dividends. Source: ERC-1726 (Roger Wu, 2019), packed.
///
/// Ranges: balances fit 88 bits because the supply does. SCALE × (all dividends) is kept below 2^167, and a correction
/// lies between -perShare × balance and SCALE × (all dividends), so 168 signed bits hold it, provided that the supply
/// never grows after the first dividend, which is why `_update` refuses to mint then.
abstract contract DividendERC20 is ERC20 {
    /// @notice More dividends than the accumulator can count were to be distributed in all.
    error DividendsOutOfRange(uint256 total);
    /// @notice Shares are issued once, before the first dividend.
    error IssueClosed();

    /// @dev A power of ten, so that the parts of round numbers of shares come out round; below 2^80.
    uint256 private constant SCALE = 1e24;
    uint256 private constant BALANCE_BITS = 88;
    uint256 private constant BALANCE = (1 << BALANCE_BITS) - 1;
    uint256 private constant MOST_DIVIDENDS = (1 << 87) - 1;

    /// @dev Low 88 bits the balance, high 168 bits the correction, in two's complement.
    mapping(address holder => uint256 correctionAndBalance) private _accounts;
    /// @dev High 168 bits dividends per share unit × SCALE, low 88 bits the remainder that the supply did not divide.
    uint256 private _perShareAndRest;
    /// @dev High 128 bits all dividends so far, low 128 bits the supply.
    uint256 private _distributedAndSupply;

    /// @inheritdoc ERC20
    function balanceOf(address holder) public view virtual override returns (uint256) {
        return _accounts[holder] & BALANCE;
    }

    /// @inheritdoc ERC20
    function totalSupply() public view virtual override returns (uint256) {
        return uint128(_distributedAndSupply);
    }

    function _distributed() internal view returns (uint256) {
        return _distributedAndSupply >> 128;
    }

    function _owedTo(address holder) internal view returns (uint256) {
        return _owed(_accounts[holder]);
    }

    /// @dev Shares `amount` among all holders of this moment. The rest that does not divide goes into the next.
    function _share(uint256 amount) internal {
        uint256 word = _distributedAndSupply;
        uint256 total = (word >> 128) + amount;
        if (total > MOST_DIVIDENDS) revert DividendsOutOfRange(total);
        _distributedAndSupply = word + (amount << 128);
        uint256 supply = uint128(word);
        uint256 perShare = _perShareAndRest >> BALANCE_BITS;
        uint256 pool = amount * SCALE + (_perShareAndRest & BALANCE);
        _perShareAndRest = (perShare + pool / supply) << BALANCE_BITS | pool % supply;
    }

    /// @dev Books out all whole units that a holder is owed.
    function _takeDividends(address holder) internal returns (uint256 amount) {
        uint256 word = _accounts[holder];
        amount = _owed(word);
        unchecked {
            // The correction stands in the high bits, so this subtracts amount × SCALE from it, modulo 2^168.
            _accounts[holder] = word - (amount * SCALE << BALANCE_BITS);
        }
    }

    function _owed(uint256 word) private view returns (uint256) {
        unchecked {
            uint256 perShare = _perShareAndRest >> BALANCE_BITS;
            // Never negative: what was earned since is at least what the correction takes away.
            return uint256(int256(perShare * (word & BALANCE)) + (int256(word) >> BALANCE_BITS)) / SCALE;
        }
    }

    /// @dev Replaces the bookkeeping of ERC20, with the same checks and event.
    function _update(address from, address to, uint256 value) internal virtual override {
        uint256 perShare = _perShareAndRest >> BALANCE_BITS;
        unchecked {
            if (from == address(0)) {
                if (_distributedAndSupply >> 128 != 0) revert IssueClosed();
                uint256 supply = totalSupply() + value;
                // Reached only when the sum overflowed or leaves the range; ERC20Votes checks its own cap later.
                if (supply > BALANCE || supply < value) revert ERC20InvalidReceiver(to);
                _distributedAndSupply = supply;
            } else {
                uint256 word = _accounts[from];
                if (word & BALANCE < value) revert ERC20InsufficientBalance(from, word & BALANCE, value);
                _accounts[from] = word - value + (perShare * value << BALANCE_BITS);
            }
            if (to == address(0)) {
                _distributedAndSupply -= value;
            } else {
                _accounts[to] += value - (perShare * value << BALANCE_BITS);
            }
        }
        emit Transfer(from, to, value);
    }
}
