// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Attestation} from "medici/provenance/interfaces/IWorks.sol";

/// @notice The terms of an English auction, in smallest units of the settlement token and Unix seconds.
/// @param reserve the lowest first bid; 0 means one unit.
/// @param secretReserve zero, or keccak256(abi.encode(uint256 reserve, bytes32 salt)) of a private reserve.
/// @param start when bidding opens; 0 means now.
/// @param duration from start to end.
/// @param extension a bid in the last `extension` seconds moves the end to that many seconds after the bid.
/// @param raiseBps how much above the highest bid the next must be.
struct Terms {
    uint96 reserve;
    bytes32 secretReserve;
    uint40 start;
    uint40 duration;
    uint24 extension;
    uint16 raiseBps;
}

/// @notice All it takes to mint a work from an anchored leaf.
struct LazyWork {
    Attestation attestation;
    uint256[] parents;
    bytes32 root;
    bytes32[] proof;
}

/// @notice A lot as it stands. A closed lot has no seller: its story is told by the events.
struct Lot {
    uint256 tokenId;
    address seller;
    uint40 start;
    uint40 end;
    uint24 extension;
    uint16 raiseBps;
    uint96 reserve;
    bytes32 secretReserve;
    address bidder;
    uint96 highest;
    uint32 split;
    uint16 royaltyBps;
    bool primary;
    bool lazy;
    bool secretPending;
}

/// @title Market
/// @notice English auctions of works, minted already or minted by the settlement itself. Many lots at a time.
/// @dev A seller is paid or keeps the work. A bidder wins, or has all of its money back. A royalty is paid on every sale.
/// An outbid bidder is refunded in the same transaction; where the token refuses that transfer, the refund becomes
/// plain credit in `Revenue`, so that no bidder can stop the next one. Pause stops opening and bidding, nothing else.
interface IMarket {
    // ------------------------------------------------------------------ events

    /// @notice Bidding opens at `terms.start`.
    event AuctionOpened(
        uint256 indexed lot,
        uint256 indexed tokenId,
        address indexed seller,
        Terms terms,
        bool primary,
        bool lazy
    );
    /// @notice What settlement of a lazily minted lot must be called with, kept here so that anybody can.
    event LazyWorkOffered(uint256 indexed lot, LazyWork work);
    /// @notice The highest bid of a lot, and when it ends now.
    event Bid(uint256 indexed lot, address indexed bidder, uint256 amount, uint256 end);
    /// @notice An outbid or unsatisfied bidder could not be sent its money back: it is credit in `Revenue` now.
    event RefundCredited(uint256 indexed lot, address indexed bidder, uint256 amount);
    /// @notice The seller has shown the private reserve.
    event ReserveRevealed(uint256 indexed lot, uint256 reserve, bool met);
    /// @notice Sold: work to the winner, `toSplit` to the split of the work, `toSeller` credited to the seller.
    event AuctionSettled(
        uint256 indexed lot,
        uint256 indexed tokenId,
        address indexed winner,
        uint256 toSplit,
        uint256 toSeller
    );
    /// @notice Over without a sale: no bid, or the private reserve not met. The seller has the work.
    event AuctionUnsold(uint256 indexed lot, uint256 indexed tokenId);
    /// @notice Over because the work could not be delivered. The bidder has its money.
    event AuctionVoided(uint256 indexed lot, uint256 indexed tokenId, address indexed bidder);
    /// @notice Withdrawn by the seller before any bid.
    event AuctionCancelled(uint256 indexed lot, uint256 indexed tokenId);
    /// @notice A work could not be sent back to its seller; it waits here for `reclaim`.
    event WorkHeld(uint256 indexed tokenId, address indexed owner);

    // ------------------------------------------------------------------ errors

    /// @notice No lot has this number.
    error UnknownLot(uint256 lot);
    /// @notice The lot was settled, voided or cancelled already.
    error LotClosed(uint256 lot);
    /// @notice The work is in another open lot.
    error AlreadyOffered(uint256 tokenId, uint256 lot);
    /// @notice Only the work's owner (for a lazy work: its creator, or the creator's operator) may offer it.
    error NotTheSeller(address caller, address seller);
    /// @notice A term is out of bounds.
    error BadTerms(string term, uint256 value, uint256 low, uint256 high);
    /// @notice Bidding has not begun.
    error NotStarted(uint256 lot, uint256 start);
    /// @notice Bidding is over.
    error Ended(uint256 lot, uint256 end);
    /// @notice Bidding is not over.
    error NotEnded(uint256 lot, uint256 end);
    /// @notice The bid is below the lowest that counts now.
    error BidTooLow(uint256 lot, uint256 amount, uint256 minimum);
    /// @notice Amounts above 2^96 - 1 are not money.
    error BidTooHigh(uint256 amount);
    /// @notice The seller cannot bid on its own lot.
    error SellerCannotBid(uint256 lot);
    /// @notice A lot with a bid cannot be cancelled.
    error HasBid(uint256 lot, address bidder, uint256 amount);
    /// @notice The seller may still show the private reserve, until then.
    error RevealPending(uint256 lot, uint256 until);
    /// @notice There is no private reserve to show, or it was shown.
    error NothingToReveal(uint256 lot);
    /// @notice The reveal time is over; silence counted as a reserve that is met.
    error RevealOver(uint256 lot, uint256 until);
    /// @notice Reserve and salt are not what the seller committed to.
    error WrongReveal(uint256 lot);
    /// @notice Not the work that the lot was opened with.
    error WrongWork(uint256 lot);
    /// @notice Settle a lazily minted lot with `settleLazy`, another with `settle`.
    error WrongSettlement(uint256 lot, bool lazy);
    /// @notice The work cannot be delivered just now; from `voidableAt` on anybody may void the lot.
    error Undeliverable(uint256 lot, uint256 voidableAt, bytes reason);
    /// @notice Too little gas was sent to tell a failed delivery from a starved one.
    error GasTooLow(uint256 needed);
    /// @notice No work of the caller's waits here.
    error NothingHeld(uint256 tokenId, address caller);

    // ------------------------------------------------------------------ selling

    /// @notice Offers a work that the caller owns; it goes into the market's keeping. Needs approval in `Works`.
    function openAuction(uint256 tokenId, Terms calldata terms) external returns (uint256 lot);

    /// @notice Offers a work that nobody minted yet; the settlement mints it to the winner. Needs the creator's
    /// approval of the market in `Works`.
    function openLazyAuction(LazyWork calldata work, Terms calldata terms) external returns (uint256 lot);

    /// @notice Takes a lot back before its first bid. Only its seller.
    function cancel(uint256 lot) external;

    // ------------------------------------------------------------------ bidding

    /// @notice Bids `amount`, pulled by allowance.
    function bid(uint256 lot, uint256 amount) external;

    /// @notice Bids `amount` with an EIP-2612 permit for exactly that much. A permit that somebody used up before does
    /// no harm: the allowance counts.
    function bidWithPermit(uint256 lot, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice Bids `amount`, of which `credit` from the caller's plain credit in `Revenue` (which must allow this
    /// contract as spender) and the rest by allowance.
    function bidWithCredit(uint256 lot, uint256 amount, uint256 credit) external;

    // ------------------------------------------------------------------ the end

    /// @notice Shows a private reserve after the end. Not met: the lot closes unsold and the bidder is refunded. Met:
    /// the lot can be settled at once. Not shown within the reveal time: it counts as met, so that silence never
    /// takes the work from a bidder who has won it. Anybody who knows it may show it.
    function reveal(uint256 lot, uint256 reserve, bytes32 salt) external;

    /// @notice Ends a lot of a minted work: work to the winner, price to split and seller, or back to the seller if
    /// nobody bid. Anybody may call, from the end on.
    function settle(uint256 lot) external;

    /// @notice Ends a lot of a lazily minted work, with what `LazyWorkOffered` said. If the work can be minted no
    /// more, the winner may void the lot at once and anybody after the grace time; the bidder is made whole.
    function settleLazy(uint256 lot, LazyWork calldata work) external;

    /// @notice Sends a work that could not be returned to its seller at the end of a lot to where the seller says.
    function reclaim(uint256 tokenId, address to) external;

    // ------------------------------------------------------------------ views

    /// @notice A lot as it stands.
    function lotOf(uint256 lot) external view returns (Lot memory);

    /// @notice How many lots there were; numbers run from 1 to this.
    function lotCount() external view returns (uint256);

    /// @notice The open lot of a work; 0 if none.
    function openLotOf(uint256 tokenId) external view returns (uint256);

    /// @notice The lowest bid that counts now.
    function minimumBid(uint256 lot) external view returns (uint256);

    /// @notice The money that open lots hold.
    function currency() external view returns (address);
}
