// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title FitCurrency
/// @notice Looks at a token before a firm binds itself to it for ever. What can be seen without moving money is seen
/// here; a token that starts to take fees later is refused by `Exact` when it first does.
library FitCurrency {
    /// @notice The settlement token is not fit: no contract, not an ERC-20, a share-based or fee-taking one.
    error UnfitCurrency(address currency, string why);

    function check(address currency) internal view {
        if (currency.code.length == 0) revert UnfitCurrency(currency, "no contract stands there");
        (bool answers, uint256 decimals) = _ask(currency, "decimals()");
        if (!answers || decimals > 18) revert UnfitCurrency(currency, "decimals are missing or above 18");
        (answers,) = _ask(currency, "totalSupply()");
        if (!answers) revert UnfitCurrency(currency, "not an ERC-20");
        // Questions that only tokens whose balances move by themselves answer: Lido, Aave, Origin.
        string[4] memory questions = [
            "getTotalShares()",
            "scaledTotalSupply()",
            "rebasingCreditsPerToken()",
            "rebasingCreditsPerTokenHighres()"
        ];
        for (uint256 i; i < questions.length; ++i) {
            (answers,) = _ask(currency, questions[i]);
            if (answers) revert UnfitCurrency(currency, "its balances rebase");
        }
        // Tether's switch.
        (bool takesFees, uint256 fee) = _ask(currency, "basisPointsRate()");
        if (takesFees && fee != 0) revert UnfitCurrency(currency, "it takes a fee on transfer");
    }

    function _ask(address token, string memory question) private view returns (bool answers, uint256 value) {
        bytes memory returned;
        (answers, returned) = token.staticcall(abi.encodeWithSignature(question));
        answers = answers && returned.length == 32;
        if (answers) value = abi.decode(returned, (uint256));
    }
}
