// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {Exact} from "medici/money/Exact.sol";
import {Locked} from "medici/money/Locked.sol";
import {Governed, Pausable} from "medici/provenance/Governed.sol";
import {IWorks} from "medici/provenance/interfaces/IWorks.sol";
import {IMarket, LazyWork, Lot, Terms} from "./interfaces/IMarket.sol";
import {Income, IRevenue} from "./interfaces/IRevenue.sol";

/// @title Market
/// @notice See IMarket. Amounts are in smallest units of the firm's currency, times in Unix seconds.
contract Market is IMarket, Pausable, Locked {
    /// @dev A lot in four words; what every bid needs stands in the first two. Deleted when the lot closes.
    struct Auction {
        address seller;
        uint40 end;
        uint24 extension;
        uint16 raiseBps;
        bool primary;
        bool lazy;
        address bidder;
        uint96 highest;
        uint96 reserve;
        uint40 start;
        uint32 split;
        uint16 royaltyBps;
        bool secret;
        uint256 tokenId;
    }

    /// @dev What settlement needs to know of a lot.
    struct Sale {
        address seller;
        address winner;
        uint256 price;
        uint256 tokenId;
        uint32 split;
        uint16 royaltyBps;
        bool primary;
        uint256 voidableAt;
    }

    /// @notice The shortest and the longest auction, and how far ahead one may be announced.
    uint256 public constant SHORTEST = 1 minutes;
    uint256 public constant LONGEST = 90 days;
    /// @notice The longest stretch in which a late bid moves the end.
    uint256 public constant LONGEST_EXTENSION = 1 days;
    /// @notice The least and the greatest minimum raise.
    uint256 public constant LEAST_RAISE = 100;
    uint256 public constant GREATEST_RAISE = 5000;
    /// @notice How long after the end a private reserve may be shown.
    uint256 public constant REVEAL_TIME = 2 days;
    /// @notice How long after the end a work that cannot be delivered may still become deliverable.
    uint256 public constant GRACE = 7 days;
    /// @notice The gas that a delivery may need; with less, its failure proves nothing.
    uint256 public constant DELIVERY_GAS = 800_000;

    uint256 private constant WHOLE = 10_000;

    /// @notice Where the proceeds go.
    IRevenue public immutable revenue;
    /// @notice The works that are sold here.
    IWorks public immutable works;
    /// @inheritdoc IMarket
    address public immutable currency;

    /// @inheritdoc IMarket
    uint256 public lotCount;
    /// @inheritdoc IMarket
    mapping(uint256 tokenId => uint256 lot) public openLotOf;

    mapping(uint256 lot => Auction auction) private _auctions;
    mapping(uint256 lot => bytes32 commitment) private _secrets;
    mapping(uint256 lot => bytes32 hash) private _lazyWorks;
    mapping(uint256 tokenId => address owner) private _held;

    /// @param governance_ the firm's timelock.
    /// @param guardian_ who may pause, or zero.
    constructor(address governance_, IRevenue revenue_, IWorks works_, address guardian_)
        Governed(governance_)
    {
        if (address(works_) == address(0)) revert ZeroAddress();
        revenue = revenue_;
        works = works_;
        currency = revenue_.currency();
        guardian = guardian_;
        emit GuardianChanged(address(0), guardian_);
        SafeTransferLib.safeApprove(currency, address(revenue_), type(uint256).max);
    }

    // ------------------------------------------------------------------ selling

    /// @inheritdoc IMarket
    function openAuction(uint256 tokenId, Terms calldata terms)
        external
        whenOpen
        locked
        returns (uint256 lot)
    {
        address owner = IERC721(address(works)).ownerOf(tokenId);
        if (owner != msg.sender) revert NotTheSeller(msg.sender, owner);
        (uint32 split, uint16 royaltyBps, bool primary) = works.saleTerms(tokenId);
        lot = _open(tokenId, owner, split, royaltyBps, primary, false, terms);
        IERC721(address(works)).transferFrom(owner, address(this), tokenId);
    }

    /// @inheritdoc IMarket
    function openLazyAuction(LazyWork calldata work, Terms calldata terms)
        external
        whenOpen
        locked
        returns (uint256 lot)
    {
        address creator = work.attestation.creator;
        if (creator != msg.sender && !IERC721(address(works)).isApprovedForAll(creator, msg.sender)) {
            revert NotTheSeller(msg.sender, creator);
        }
        works.requireMintable(work.attestation, work.parents, work.root, work.proof);
        uint32 split = revenue.splitIndex(work.attestation.splitId);
        lot = _open(work.attestation.tokenId, creator, split, 0, true, true, terms);
        _lazyWorks[lot] = keccak256(abi.encode(work));
        emit LazyWorkOffered(lot, work);
    }

    /// @inheritdoc IMarket
    function cancel(uint256 lot) external locked {
        Auction storage auction = _openAuction(lot);
        address seller = auction.seller;
        if (seller != msg.sender) revert NotTheSeller(msg.sender, seller);
        if (auction.bidder != address(0)) revert HasBid(lot, auction.bidder, auction.highest);
        bool lazy = auction.lazy;
        uint256 tokenId = _close(lot, auction);
        emit AuctionCancelled(lot, tokenId);
        if (!lazy) _giveOrHold(tokenId, seller);
    }

    // ------------------------------------------------------------------ bidding

    /// @inheritdoc IMarket
    function bid(uint256 lot, uint256 amount) external locked {
        _bid(lot, amount, 0);
    }

    /// @inheritdoc IMarket
    function bidWithPermit(uint256 lot, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        locked
    {
        // A permit that somebody has sent before us leaves its allowance behind, which is all we need.
        try IERC20Permit(currency).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _bid(lot, amount, 0);
    }

    /// @inheritdoc IMarket
    function bidWithCredit(uint256 lot, uint256 amount, uint256 credit) external locked {
        _bid(lot, amount, credit);
    }

    function _bid(uint256 lot, uint256 amount, uint256 credit) private whenOpen {
        Auction storage auction = _openAuction(lot);
        address before = auction.bidder;
        uint256 highest = auction.highest;
        uint256 end = auction.end;
        if (before == address(0) && block.timestamp < auction.start) revert NotStarted(lot, auction.start);
        if (block.timestamp >= end) revert Ended(lot, end);
        if (auction.seller == msg.sender) revert SellerCannotBid(lot);
        uint256 minimum = before == address(0) ? _opening(auction) : _raised(highest, auction.raiseBps);
        if (amount < minimum) revert BidTooLow(lot, amount, minimum);
        if (amount > type(uint96).max) revert BidTooHigh(amount);

        uint256 late = block.timestamp + auction.extension;
        if (late > end) {
            end = late;
            auction.end = uint40(end);
        }
        auction.bidder = msg.sender;
        auction.highest = uint96(amount);
        emit Bid(lot, msg.sender, amount, end);

        if (credit == 0) Exact.pull(currency, msg.sender, amount);
        else _pullWithCredit(amount, FixedPointMathLib.min(amount, credit));
        if (before != address(0)) _refund(lot, before, highest);
    }

    function _pullWithCredit(uint256 amount, uint256 credit) private {
        uint256 held = SafeTransferLib.balanceOf(currency, address(this));
        revenue.spend(msg.sender, credit);
        uint256 moved = SafeTransferLib.balanceOf(currency, address(this)) - held;
        if (moved != credit) revert Exact.InexactTransfer(credit, moved);
        if (amount > credit) Exact.pull(currency, msg.sender, amount - credit);
    }

    // ------------------------------------------------------------------ the end

    /// @inheritdoc IMarket
    function reveal(uint256 lot, uint256 reserve, bytes32 salt) external locked {
        Auction storage auction = _endedAuction(lot);
        address bidder = auction.bidder;
        if (!auction.secret || bidder == address(0)) revert NothingToReveal(lot);
        uint256 until = auction.end + REVEAL_TIME;
        if (block.timestamp >= until) revert RevealOver(lot, until);
        if (keccak256(abi.encode(reserve, salt)) != _secrets[lot]) revert WrongReveal(lot);
        uint256 highest = auction.highest;
        bool met = highest >= reserve;
        emit ReserveRevealed(lot, reserve, met);
        delete _secrets[lot];
        auction.secret = false;
        if (met) return;
        (address seller, bool lazy) = (auction.seller, auction.lazy);
        uint256 tokenId = _close(lot, auction);
        emit AuctionUnsold(lot, tokenId);
        _refund(lot, bidder, highest);
        if (!lazy) _giveOrHold(tokenId, seller);
    }

    /// @inheritdoc IMarket
    function settle(uint256 lot) external locked {
        Sale memory sale = _takeSale(lot, false);
        if (sale.winner == address(0)) {
            emit AuctionUnsold(lot, sale.tokenId);
            return _giveOrHold(sale.tokenId, sale.seller);
        }
        uint256 gasBefore = gasleft();
        try IERC721(address(works)).transferFrom(address(this), sale.winner, sale.tokenId) {
            _payOut(lot, sale);
        } catch (bytes memory reason) {
            _requireGas(gasBefore);
            if (sale.winner.code.length != 0) {
                // A program that may not receive works has bought one: it pays, and says later where to send it.
                _hold(sale.tokenId, sale.winner);
                return _payOut(lot, sale);
            }
            if (block.timestamp < sale.voidableAt) revert Undeliverable(lot, sale.voidableAt, reason);
            _void(lot, sale);
            _giveOrHold(sale.tokenId, sale.seller);
        }
    }

    /// @inheritdoc IMarket
    function settleLazy(uint256 lot, LazyWork calldata work) external locked {
        bytes32 offered = _lazyWorks[lot];
        Sale memory sale = _takeSale(lot, true);
        if (keccak256(abi.encode(work)) != offered) revert WrongWork(lot);
        if (sale.winner == address(0)) {
            emit AuctionUnsold(lot, sale.tokenId);
            return;
        }
        uint256 gasBefore = gasleft();
        try works.mintLazily(work.attestation, work.parents, work.root, work.proof, sale.winner) {
            _payOut(lot, sale);
        } catch (bytes memory reason) {
            _requireGas(gasBefore);
            // Only a work that can be minted no more frees the winner at once; regret does not.
            bool free = msg.sender == sale.winner && !_isMintable(work);
            if (!free && block.timestamp < sale.voidableAt) {
                revert Undeliverable(lot, sale.voidableAt, reason);
            }
            _void(lot, sale);
        }
    }

    /// @inheritdoc IMarket
    function reclaim(uint256 tokenId, address to) external locked {
        if (_held[tokenId] != msg.sender) revert NothingHeld(tokenId, msg.sender);
        delete _held[tokenId];
        IERC721(address(works)).transferFrom(address(this), to, tokenId);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IMarket
    function lotOf(uint256 lot) external view returns (Lot memory) {
        if (lot == 0 || lot > lotCount) revert UnknownLot(lot);
        Auction storage auction = _auctions[lot];
        return Lot({
            tokenId: auction.tokenId,
            seller: auction.seller,
            start: auction.start,
            end: auction.end,
            extension: auction.extension,
            raiseBps: auction.raiseBps,
            reserve: auction.reserve,
            secretReserve: _secrets[lot],
            bidder: auction.bidder,
            highest: auction.highest,
            split: auction.split,
            royaltyBps: auction.royaltyBps,
            primary: auction.primary,
            lazy: auction.lazy,
            secretPending: auction.secret
        });
    }

    /// @inheritdoc IMarket
    function minimumBid(uint256 lot) external view returns (uint256) {
        Auction storage auction = _openAuction(lot);
        return auction.bidder == address(0) ? _opening(auction) : _raised(auction.highest, auction.raiseBps);
    }

    // ------------------------------------------------------------------ inside

    function _open(
        uint256 tokenId,
        address seller,
        uint32 split,
        uint16 royaltyBps,
        bool primary,
        bool lazy,
        Terms calldata terms
    ) private returns (uint256 lot) {
        // A minted work leaves its owner's hands with its lot. Only a work to be minted could be offered twice; a lot
        // of it that is open when somebody else mints it must not stand in the new owner's way.
        if (lazy && openLotOf[tokenId] != 0) revert AlreadyOffered(tokenId, openLotOf[tokenId]);
        uint256 start = terms.start == 0 ? block.timestamp : terms.start;
        _requireWithin("start", start, block.timestamp, block.timestamp + LONGEST);
        _requireWithin("duration", terms.duration, SHORTEST, LONGEST);
        _requireWithin(
            "extension", terms.extension, 0, FixedPointMathLib.min(terms.duration, LONGEST_EXTENSION)
        );
        _requireWithin("raiseBps", terms.raiseBps, LEAST_RAISE, GREATEST_RAISE);

        lot = ++lotCount;
        openLotOf[tokenId] = lot;
        if (terms.secretReserve != 0) _secrets[lot] = terms.secretReserve;
        _auctions[lot] = Auction({
            seller: seller,
            end: uint40(start + terms.duration),
            extension: terms.extension,
            raiseBps: terms.raiseBps,
            primary: primary,
            lazy: lazy,
            bidder: address(0),
            highest: 0,
            reserve: terms.reserve,
            start: uint40(start),
            split: split,
            royaltyBps: royaltyBps,
            secret: terms.secretReserve != 0,
            tokenId: tokenId
        });
        emit AuctionOpened(lot, tokenId, seller, terms, primary, lazy);
    }

    /// @dev Forgets a lot; whatever is to move afterwards, nobody can settle it again.
    function _close(uint256 lot, Auction storage auction, uint256 tokenId, bool lazy, bool secret) private {
        if (lazy) delete _lazyWorks[lot];
        if (secret) delete _secrets[lot];
        if (openLotOf[tokenId] == lot) delete openLotOf[tokenId];
        // Word by word: the compiler would clear field by field, rewriting the same words.
        assembly ("memory-safe") {
            let slot := auction.slot
            sstore(slot, 0)
            sstore(add(slot, 1), 0)
            sstore(add(slot, 2), 0)
            sstore(add(slot, 3), 0)
        }
    }

    function _close(uint256 lot, Auction storage auction) private returns (uint256 tokenId) {
        tokenId = auction.tokenId;
        _close(lot, auction, tokenId, auction.lazy, auction.secret);
    }

    /// @dev Takes an ended lot off the books for its settlement, by whoever calls first. Reads each word of it once.
    function _takeSale(uint256 lot, bool lazy) private returns (Sale memory sale) {
        Auction storage auction = _auctions[lot];
        (uint256 first, uint256 second, uint256 third, uint256 tokenId) = _words(auction);
        if (address(uint160(first)) == address(0)) _revertClosed(lot);
        uint256 end = uint40(first >> 160);
        if (block.timestamp < end) revert NotEnded(lot, end);
        if ((first >> 248 != 0) != lazy) revert WrongSettlement(lot, !lazy);
        sale.seller = address(uint160(first));
        sale.primary = uint8(first >> 240) != 0;
        sale.winner = address(uint160(second));
        sale.price = second >> 160;
        sale.split = uint32(third >> 136);
        sale.royaltyBps = uint16(third >> 168);
        sale.tokenId = tokenId;
        sale.voidableAt = end + GRACE;
        bool secret = third >> 184 != 0;
        if (secret && sale.winner != address(0)) {
            // A private reserve that may still be shown leaves the sale open; silence after that counts as met.
            uint256 until = end + REVEAL_TIME;
            if (block.timestamp < until) revert RevealPending(lot, until);
        }
        _close(lot, auction, tokenId, lazy, secret);
    }

    /// @dev The four words of `Auction`, fields from the low bits up in the order of declaration.
    function _words(Auction storage auction)
        private
        view
        returns (uint256 first, uint256 second, uint256 third, uint256 fourth)
    {
        assembly ("memory-safe") {
            let slot := auction.slot
            first := sload(slot)
            second := sload(add(slot, 1))
            third := sload(add(slot, 2))
            fourth := sload(add(slot, 3))
        }
    }

    /// @dev The price is here; a primary sale is income of the work, a resale owes it the royalty, rounded up so that
    /// no sale is too small to pay one.
    function _payOut(uint256 lot, Sale memory sale) private {
        uint256 price = sale.price;
        (uint256 toSplit, Income kind) = sale.primary
            ? (price, Income.Primary)
            : (FixedPointMathLib.divUp(price * sale.royaltyBps, WHOLE), Income.Resale);
        emit AuctionSettled(lot, sale.tokenId, sale.winner, toSplit, price - toSplit);
        revenue.pay(sale.split, toSplit, sale.seller, price - toSplit, kind, sale.tokenId);
    }

    function _void(uint256 lot, Sale memory sale) private {
        emit AuctionVoided(lot, sale.tokenId, sale.winner);
        _refund(lot, sale.winner, sale.price);
    }

    /// @dev Sends money back at once; where the token refuses, it waits as credit. Either way nobody can stop others.
    function _refund(uint256 lot, address bidder, uint256 amount) private {
        if (Exact.tryPush(currency, bidder, amount)) return;
        emit RefundCredited(lot, bidder, amount);
        revenue.pay(0, 0, bidder, amount, Income.Refund, lot);
    }

    function _giveOrHold(uint256 tokenId, address to) private {
        uint256 gasBefore = gasleft();
        try IERC721(address(works)).transferFrom(address(this), to, tokenId) {}
        catch {
            _requireGas(gasBefore);
            _hold(tokenId, to);
        }
    }

    function _hold(uint256 tokenId, address owner) private {
        _held[tokenId] = owner;
        emit WorkHeld(tokenId, owner);
    }

    function _isMintable(LazyWork calldata work) private view returns (bool) {
        try works.requireMintable(work.attestation, work.parents, work.root, work.proof) {
            return true;
        } catch {
            return false;
        }
    }

    function _openAuction(uint256 lot) private view returns (Auction storage auction) {
        auction = _auctions[lot];
        if (auction.seller == address(0)) _revertClosed(lot);
    }

    function _revertClosed(uint256 lot) private view {
        if (lot == 0 || lot > lotCount) revert UnknownLot(lot);
        revert LotClosed(lot);
    }

    function _endedAuction(uint256 lot) private view returns (Auction storage auction) {
        auction = _openAuction(lot);
        if (block.timestamp < auction.end) revert NotEnded(lot, auction.end);
    }

    function _requireGas(uint256 gasBefore) private pure {
        if (gasBefore < DELIVERY_GAS) revert GasTooLow(DELIVERY_GAS);
    }

    function _requireWithin(string memory term, uint256 value, uint256 low, uint256 high) private pure {
        if (value < low || value > high) revert BadTerms(term, value, low, high);
    }

    function _opening(Auction storage auction) private view returns (uint256) {
        return FixedPointMathLib.max(auction.reserve, 1);
    }

    function _raised(uint256 highest, uint256 raiseBps) private pure returns (uint256) {
        return highest + FixedPointMathLib.max(FixedPointMathLib.mulDivUp(highest, raiseBps, WHOLE), 1);
    }
}
