// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TestDollar} from "medici/money/TestDollar.sol";

/// @dev A dollar with moods: it can block an account, answer `false` instead of failing, keep a fee, take all gas, or
/// call the receiver back. Good-natured until told otherwise.
contract MoodyDollar is TestDollar {
    mapping(address account => bool) public blocked;
    mapping(address account => bool) public hooked;
    bool public answersFalse;
    bool public burnsGas;
    uint256 public feeBps;

    error Blocked(address account);

    function setBlocked(address account, bool on) external {
        blocked[account] = on;
    }

    function setHooked(address account, bool on) external {
        hooked[account] = on;
    }

    function setAnswersFalse(bool on) external {
        answersFalse = on;
    }

    function setBurnsGas(bool on) external {
        burnsGas = on;
    }

    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (_refuses(to)) return false;
        super.transfer(to, amount);
        _burn(to, _fee(amount));
        _callBack(to);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (_refuses(to)) return false;
        super.transferFrom(from, to, amount);
        _burn(to, _fee(amount));
        _callBack(to);
        return true;
    }

    function _refuses(address to) private view returns (bool) {
        if (!blocked[to]) return false;
        if (burnsGas) {
            while (true) {}
        }
        if (!answersFalse) revert Blocked(to);
        return true;
    }

    function _fee(uint256 amount) private view returns (uint256) {
        return amount * feeBps / 10_000;
    }

    function _callBack(address to) private {
        if (hooked[to]) IMoneyReceiver(to).onMoney();
    }
}

interface IMoneyReceiver {
    function onMoney() external;
}

/// @dev A dollar older than the standard: its transfers return nothing.
contract SilentDollar {
    uint8 public constant decimals = 6;
    uint256 public totalSupply;
    mapping(address account => uint256) public balanceOf;
    mapping(address account => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
        totalSupply += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @dev A token whose balances move by themselves, as Lido's.
contract RebasingDollar is TestDollar {
    function getTotalShares() external pure returns (uint256) {
        return 1;
    }
}

/// @dev A token with Tether's fee switched on.
contract FeeDollar is TestDollar {
    uint256 public constant basisPointsRate = 10;
}
