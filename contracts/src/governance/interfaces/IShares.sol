// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice A part of the first issue.
/// @param duration 0: free at once. Else shares come free linearly from `start` over `duration` seconds, none before
/// `start + cliff`.
/// @param revocable governance may take back what has not come free yet.
struct Allocation {
    address holder;
    uint88 amount;
    uint40 start;
    uint40 cliff;
    uint40 duration;
    bool revocable;
}

/// @notice Shares that come free over time. The holder votes with them and earns on them from the first day.
struct Vesting {
    uint88 amount;
    uint40 start;
    uint40 cliff;
    uint40 duration;
    bool revocable;
}

/// @notice A standing offer of the firm to buy its shares and burn them.
/// @param price paid for one whole share (10^18 units).
/// @param budget what is left to spend.
struct BuyBack {
    uint128 price;
    uint128 budget;
    uint40 until;
}

/// @title Shares
/// @notice The firm's shares: ERC-20 with votes (ERC-5805, clock in seconds), EIP-2612, dividends in the settlement
/// token by accumulator, vesting, and buy-back with burning. The supply is issued once and can only shrink.
/// @dev Dividends arrive at `inbox`, a deposit address that stands as recipient in splits; `distribute` moves them here
/// and adds them to the accumulator. So whatever this contract holds, less the buy-back's budget, was distributed, and
/// owed ≤ held without a count of claims.
interface IShares {
    // ------------------------------------------------------------------ events

    /// @notice `amount` more is owed to the holders of this moment.
    event DividendDistributed(uint256 amount, uint256 supply);
    /// @notice A holder took its dividends to somewhere else. A claim to the holder itself is told by the currency's own
    /// event, `Transfer(from: this, to: holder, amount)`; what is paid for shares bought back, by `BoughtBack` as well.
    event ClaimedTo(address indexed holder, address indexed to, uint256 amount);
    /// @notice A holder's shares come free over time from now on.
    event VestingGranted(address indexed holder, Vesting vesting);
    /// @notice Governance took back what had not come free.
    event VestingRevoked(address indexed holder, uint256 amount);
    /// @notice The firm offers to buy shares.
    event BuyBackOpened(uint256 price, uint256 budget, uint256 until);
    /// @notice A holder sold shares to the firm; they are burnt.
    event BoughtBack(address indexed holder, uint256 shares, uint256 paid);
    /// @notice The offer is over; the rest of the budget went back to governance.
    event BuyBackClosed(uint256 returned);

    // ------------------------------------------------------------------ errors

    /// @notice The first issue is empty.
    error NoShares();
    /// @notice Nothing has arrived since the last distribution.
    error NothingToDistribute();
    /// @notice Nothing is owed.
    error NothingOwed(address holder);
    /// @notice The holder has fewer shares that have come free.
    error StillVesting(address holder, uint256 free, uint256 wanted);
    /// @notice The holder has a vesting already that is not over.
    error AlreadyVesting(address holder);
    /// @notice A vesting must have shares and end after its cliff.
    error BadVesting(address holder);
    /// @notice The holder has no vesting that could be revoked.
    error NotRevocable(address holder);
    /// @notice No offer to buy stands.
    error NoBuyBack();
    /// @notice An offer stands already; close it first.
    error BuyBackStands(uint256 until);
    /// @notice An offer needs a price, a budget and an end in the future.
    error BadBuyBack(uint256 price, uint256 budget, uint256 until);
    /// @notice The offer pays less than the holder asks.
    error PriceTooLow(uint256 pays, uint256 asked);
    /// @notice The budget does not reach.
    error BudgetTooLow(uint256 pays, uint256 budget);

    // ------------------------------------------------------------------ dividends

    /// @notice The settlement token.
    function currency() external view returns (address);

    /// @notice Where dividends arrive; the recipient to name in a split for the shareholders' part.
    function inbox() external view returns (address);

    /// @notice Adds what has arrived at the inbox to the dividends of all holders. Anybody may call.
    function distribute() external returns (uint256 amount);

    /// @notice What the holder could claim now.
    function owedTo(address holder) external view returns (uint256);

    /// @notice All dividends distributed so far.
    function distributed() external view returns (uint256);

    /// @notice Takes the caller's dividends.
    function claim() external returns (uint256 amount);

    /// @notice Pays a holder its dividends. Anybody may call: the money can go nowhere else.
    function claimFor(address holder) external returns (uint256 amount);

    /// @notice Takes the caller's dividends to another account.
    function claimTo(address to) external returns (uint256 amount);

    // ------------------------------------------------------------------ vesting

    /// @notice The vesting of a holder, all zero if none.
    function vestingOf(address holder) external view returns (Vesting memory);

    /// @notice How many of the holder's shares have not come free.
    function lockedOf(address holder) external view returns (uint256);

    /// @notice Gives shares of governance's own to a holder who has no unfinished vesting, to come free over time.
    function grant(Allocation calldata allocation) external;

    /// @notice Takes back what has not come free of a revocable vesting.
    function revoke(address holder) external returns (uint256 amount);

    // ------------------------------------------------------------------ buy-back

    /// @notice The offer that stands, all zero if none.
    function buyBack() external view returns (BuyBack memory);

    /// @notice Offers to buy shares at `price` a whole share, with `budget` pulled from governance by allowance.
    function openBuyBack(uint128 price, uint128 budget, uint40 until) external;

    /// @notice Sells shares to the firm for at least `minimum`; they are burnt.
    function sellBack(uint256 shares, uint256 minimum) external returns (uint256 paid);

    /// @notice Ends the offer and returns what is left. Governance at any time, anybody after it has run out.
    function closeBuyBack() external;
}
