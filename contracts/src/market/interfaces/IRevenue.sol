// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice One line of a split. `account` is an address padded on the left, or the id of another split (a parent).
struct Recipient {
    bytes32 account;
    uint16 bps;
}

/// @notice What a payment was for.
enum Income {
    Gift,
    Primary,
    Resale,
    ForeignRoyalty,
    Licence,
    Usage,
    Shards,
    PoolFee,
    BuyOut,
    Refund
}

/// @title Revenue
/// @notice The one place where income becomes somebody's. A split is named by the hash of its recipients and never
/// changes; a payment adds to one accumulator of it, whatever the number of recipients; recipients withdraw when they
/// like. A recipient may be another split, so the royalties of a derivative climb to its parents without a loop.
/// @dev For every split, at every moment: received = paid out + owed, where owed includes the dust that the present
/// total does not divide into whole units; later payments carry it. Split 0 is no split: it stands for an account's
/// plain credit (a seller's proceeds, a refund that could not be pushed).
interface IRevenue {
    // ------------------------------------------------------------------ events

    /// @notice A split exists from now on, under `split`, the short number that contracts store.
    event SplitCreated(bytes32 indexed splitId, uint32 indexed split, Recipient[] recipients);

    /// @notice `amount` was added to a split. `ref` says what earned it: the token id of the work, in most kinds.
    event Paid(uint32 indexed split, Income indexed kind, uint256 indexed ref, address payer, uint256 amount);

    /// @notice `amount` was added to the plain credit of an account.
    event Credited(address indexed account, Income indexed kind, uint256 ref, uint256 amount);

    /// @notice The account withdrew to somewhere else. A withdrawal to the account itself is told by the currency's own
    /// event, `Transfer(from: this, to: account, amount)`, and by `shareOf`; saying it twice would cost every recipient.
    event WithdrawnTo(address indexed account, address indexed to, uint256 amount);

    /// @notice A parent split received its share of a child split.
    event Climbed(uint32 indexed child, uint32 indexed parent, uint256 amount);

    /// @notice An account spent credit at a contract that it had allowed to.
    event Spent(address indexed account, address indexed spender, uint256 amount);

    /// @notice An account says whether a depositor may spend its credit for it.
    event SpenderAllowed(address indexed account, address indexed spender, bool allowed);

    /// @notice Governance says whether a contract may name the kind of its payments and spend credit.
    event DepositorSet(address indexed depositor, bool authorised);

    // ------------------------------------------------------------------ errors

    /// @notice Totals above 2^128 - 1 are not money.
    error AmountTooLarge(uint256 amount);
    /// @notice Only a contract that governance authorised may do this.
    error OnlyDepositor(address caller);
    /// @notice A split needs at least one recipient.
    error NoRecipients();
    /// @notice Shares must sum to 10,000 basis points.
    error SharesNotWhole(uint256 sum);
    /// @notice A recipient that could never receive: zero, this contract, the token, or with a share of zero.
    error BadRecipient(bytes32 account, uint16 bps);
    /// @notice The same recipient stands twice in the list.
    error DuplicateRecipient(bytes32 account);
    /// @notice A recipient is a split that does not exist.
    error UnknownParent(bytes32 splitId);
    /// @notice No split has this number.
    error UnknownSplit(uint32 split);
    /// @notice The account has no share in this split.
    error NotARecipient(uint32 split, address account);
    /// @notice The parent has no share in this child.
    error NotAParent(uint32 child, uint32 parent);
    /// @notice Nothing is owed.
    error NothingOwed(uint32 split, address account);
    /// @notice The parent has had its share of this child.
    error NothingToClimb(uint32 child, uint32 parent);
    /// @notice The account did not allow this contract to spend its credit.
    error SpenderNotAllowed(address account, address spender);
    /// @notice The account has less credit than that.
    error CreditTooLow(address account, uint256 credit, uint256 wanted);
    /// @notice The amount is zero.
    error NothingPaid();
    /// @notice Money cannot be sent there.
    error BadDestination(address to);

    // ------------------------------------------------------------------ splits

    /// @notice Makes a split, or finds it: the same list always gives the same id and number.
    /// @param recipients in any order, each once, shares summing to 10,000; parents must exist already.
    /// @return splitId keccak256(abi.encode(recipients))
    /// @return split its short number, from 1
    function createSplit(Recipient[] calldata recipients) external returns (bytes32 splitId, uint32 split);

    /// @notice The number of a split; 0 means unknown.
    function splitIndex(bytes32 splitId) external view returns (uint32);

    /// @notice How many splits exist; numbers run from 1 to this.
    function splitCount() external view returns (uint32);

    /// @notice Everything ever paid into a split, its shares of child splits included once they have climbed.
    function received(uint32 split) external view returns (uint256);

    /// @notice A recipient's share and what it has withdrawn so far. For split 0: what credit it has.
    function shareOf(uint32 split, address account) external view returns (uint16 bps, uint256 paid);

    /// @notice A parent's share in a child split and what has climbed so far.
    function parentShareOf(uint32 child, uint32 parent) external view returns (uint16 bps, uint256 climbed);

    /// @notice What the account could withdraw now: its share of a split, or its plain credit (split 0).
    function owed(uint32 split, address account) external view returns (uint256);

    /// @notice What would climb from a child to its parent now.
    function owedToParent(uint32 child, uint32 parent) external view returns (uint256);

    // ------------------------------------------------------------------ money in

    /// @notice The settlement token of the firm.
    function currency() external view returns (address);

    /// @notice Pays `toSplit` to a split and `toAccount` as plain credit to an account, pulled from the caller by its
    /// allowance. Either may be zero, not both. Anybody may pay; only a depositor's word for `kind` is taken, what
    /// others pay counts as a gift.
    function pay(uint32 split, uint256 toSplit, address account, uint256 toAccount, Income kind, uint256 ref)
        external;

    /// @notice The deposit address of a split: whatever arrives there belongs to it. Known before it is deployed, so
    /// that it can stand as the royalty receiver towards marketplaces that know nothing of splits.
    function walletOf(uint32 split) external view returns (address);

    /// @notice Takes what has arrived at the deposit address into the split. Anybody may call.
    function sweep(uint32 split) external returns (uint256 amount);

    // ------------------------------------------------------------------ money out

    /// @notice Withdraws the caller's share of a split, or its plain credit (split 0).
    function withdraw(uint32 split) external returns (uint256 amount);

    /// @notice Pays an account its share of a split, or its plain credit (split 0). Anybody may call: the money can go
    /// nowhere else.
    function withdrawFor(uint32 split, address account) external returns (uint256 amount);

    /// @notice Pays several accounts their shares of one split in one call. One that cannot be paid is passed over and
    /// stays owed. Anybody may call.
    function withdrawForMany(uint32 split, address[] calldata accounts) external returns (uint256 total);

    /// @notice Withdraws the caller's shares of several splits (0: its plain credit) in one transfer, anywhere. Splits
    /// that owe nothing just now are passed over.
    function withdrawTo(uint32[] calldata splits, address to) external returns (uint256 amount);

    /// @notice Moves a parent's share of a child split up into the parent. Anybody may call.
    function climb(uint32 child, uint32 parent) external returns (uint256 amount);

    // ------------------------------------------------------------------ credit at work

    /// @notice The caller lets a depositor spend its plain credit on its order (bid with it, say), or no longer.
    function allowSpender(address spender, bool allowed) external;

    /// @notice Whether an account lets a contract spend its credit.
    function isSpender(address account, address spender) external view returns (bool);

    /// @notice A depositor takes credit of an account that allowed it to.
    function spend(address account, uint256 amount) external;

    // ------------------------------------------------------------------ governance

    /// @notice Whether a contract may name the kind of its payments, and spend the credit of who allows it.
    function isDepositor(address depositor) external view returns (bool);

    /// @notice Authorises or dismisses a depositor. What is owed to anybody does not change.
    function setDepositor(address depositor, bool authorised) external;
}
