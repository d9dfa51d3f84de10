// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {Exact} from "medici/money/Exact.sol";
import {Governed, Pausable} from "medici/provenance/Governed.sol";
import {IWorks} from "medici/provenance/interfaces/IWorks.sol";
import {IMarket, LazyWork, Lot, Terms} from "./interfaces/IMarket.sol";
import {Income, IRevenue} from "./interfaces/IRevenue.sol";

/// @title Market
/// @notice See IMarket. Amounts are in smallest units of the firm's currency, times in Unix seconds.
contract Market is IMarket, Pausable, ReentrancyGuardTransient {
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
        nonReentrant
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
        nonReentrant
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
    function cancel(uint256 lot) external nonReentrant {
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
    function bid(uint256 lot, uint256 amount) external nonReentrant {
        _bid(lot, amount, 0);
    }

    /// @inheritdoc IMarket
    function bidWithPermit(uint256 lot, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
    {
        // A permit that somebody has sent before us leaves its allowance behind, which is all we need.
        try IERC20Permit(currency).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _bid(lot, amount, 0);
    }

    /// @inheritdoc IMarket
    function bidWithCredit(uint256 lot, uint256 amount, uint256 credit) external nonReentrant {
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
    function reveal(uint256 lot, uint256 reserve, bytes32 salt) external nonReentrant {
        Auction storage auction = _endedAuction(lot);
        address bidder = auction.bidder;
        if (!auction.secret || bidder == address(0)) revert NothingToReveal(lot);
        uint256 until = auction.end + REVEAL_TIME;
        if (block.timestamp >= until) revert RevealOver(lot, until);
        if (keccak256(abi.encode(reserve, salt)) != _secrets[lot]) revert WrongReveal(lot);
        uint256 highest = auction.highest;
        bool met = highest >= reserve;
        emit ReserveRevealed(lot, reserve, met);
        if (met) {
            auction.secret = false;
            return;
        }
        (address seller, bool lazy) = (auction.seller, auction.lazy);
        uint256 tokenId = _close(lot, auction);
        emit AuctionUnsold(lot, tokenId);
        _refund(lot, bidder, highest);
        if (!lazy) _giveOrHold(tokenId, seller);
    }

    /// @inheritdoc IMarket
    function settle(uint256 lot) external nonReentrant {
        Auction storage stored = _endedAuction(lot);
        if (stored.lazy) revert WrongSettlement(lot, true);
        Auction memory auction = stored;
        _requireDecided(lot, auction);
        uint256 tokenId = _close(lot, stored);
        address winner = auction.bidder;
        if (winner == address(0)) {
            emit AuctionUnsold(lot, tokenId);
            return _giveOrHold(tokenId, auction.seller);
        }
        uint256 gasBefore = gasleft();
        try IERC721(address(works)).transferFrom(address(this), winner, tokenId) {
            _payOut(lot, auction);
        } catch (bytes memory reason) {
            _requireGas(gasBefore);
            if (winner.code.length != 0) {
                // A program that may not receive works has bought one: it pays, and says later where to send it.
                _hold(tokenId, winner);
                return _payOut(lot, auction);
            }
            if (block.timestamp < auction.end + GRACE) {
                revert Undeliverable(lot, auction.end + GRACE, reason);
            }
            emit AuctionVoided(lot, tokenId, winner);
            _refund(lot, winner, auction.highest);
            _giveOrHold(tokenId, auction.seller);
        }
    }

    /// @inheritdoc IMarket
    function settleLazy(uint256 lot, LazyWork calldata work) external nonReentrant {
        Auction storage stored = _endedAuction(lot);
        if (!stored.lazy) revert WrongSettlement(lot, false);
        if (keccak256(abi.encode(work)) != _lazyWorks[lot]) revert WrongWork(lot);
        Auction memory auction = stored;
        _requireDecided(lot, auction);
        uint256 tokenId = _close(lot, stored);
        address winner = auction.bidder;
        if (winner == address(0)) {
            emit AuctionUnsold(lot, tokenId);
            return;
        }
        uint256 gasBefore = gasleft();
        try works.mintLazily(work.attestation, work.parents, work.root, work.proof, winner) {
            _payOut(lot, auction);
        } catch (bytes memory reason) {
            _requireGas(gasBefore);
            // Only a work that can be minted no more frees the winner at once; regret does not.
            bool free = msg.sender == winner && !_isMintable(work);
            if (!free && block.timestamp < auction.end + GRACE) {
                revert Undeliverable(lot, auction.end + GRACE, reason);
            }
            emit AuctionVoided(lot, tokenId, winner);
            _refund(lot, winner, auction.highest);
        }
    }

    /// @inheritdoc IMarket
    function reclaim(uint256 tokenId, address to) external nonReentrant {
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
    function _close(uint256 lot, Auction storage auction) private returns (uint256 tokenId) {
        tokenId = auction.tokenId;
        if (auction.lazy) delete _lazyWorks[lot];
        if (_secrets[lot] != 0) delete _secrets[lot];
        if (openLotOf[tokenId] == lot) delete openLotOf[tokenId];
        delete _auctions[lot];
    }

    /// @dev The price is here; a primary sale is income of the work, a resale owes it the royalty, rounded up so that
    /// no sale is too small to pay one.
    function _payOut(uint256 lot, Auction memory auction) private {
        uint256 price = auction.highest;
        uint256 toSplit =
            auction.primary ? price : FixedPointMathLib.mulDivUp(price, auction.royaltyBps, WHOLE);
        emit AuctionSettled(lot, auction.tokenId, auction.bidder, toSplit, price - toSplit);
        Income kind = auction.primary ? Income.Primary : Income.Resale;
        revenue.pay(auction.split, toSplit, auction.seller, price - toSplit, kind, auction.tokenId);
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
        if (auction.seller == address(0)) {
            if (lot == 0 || lot > lotCount) revert UnknownLot(lot);
            revert LotClosed(lot);
        }
    }

    function _endedAuction(uint256 lot) private view returns (Auction storage auction) {
        auction = _openAuction(lot);
        if (block.timestamp < auction.end) revert NotEnded(lot, auction.end);
    }

    /// @dev A private reserve that may still be shown leaves the sale open; silence after that counts as met.
    function _requireDecided(uint256 lot, Auction memory auction) private view {
        if (!auction.secret || auction.bidder == address(0)) return;
        uint256 until = auction.end + REVEAL_TIME;
        if (block.timestamp < until) revert RevealPending(lot, until);
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

    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
