// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Shares} from "medici/governance/Shares.sol";
import {Market} from "medici/market/Market.sol";
import {Revenue} from "medici/market/Revenue.sol";
import {LazyWork, Lot, Terms} from "medici/market/interfaces/IMarket.sol";
import {Income, Recipient} from "medici/market/interfaces/IRevenue.sol";
import {Works} from "medici/provenance/Works.sol";

import {Test} from "medici-test/base/Test.sol";
import {House} from "./House.sol";
import {MoodyDollar} from "./NastyTokens.sol";

/// @dev What the handler must know of the house, and asks of it.
interface IHouse {
    function prepareWork(uint256 index) external returns (uint256 tokenId);
    function prepareLazyWork(uint256 index) external returns (LazyWork memory);
}

/// @notice Plays the market: sellers, bidders, holders, strangers, in a currency whose moods change, and writes down
/// what everybody put in and was sent, apart from what the contracts say of it.
contract Handler is Test {
    IHouse private house;
    Market private auctions;
    Revenue private revenue;
    Works private works;
    Shares private shares;
    MoodyDollar private dollar;

    address[] public people;
    uint256[] public lots;
    mapping(uint256 lot => address) public sellerOf;
    mapping(uint256 lot => uint256) public tokenOf;
    mapping(uint256 lot => LazyWork) private lazyOf;
    uint32[] public splits;

    uint256 public sales;
    uint256 public paidForSales;
    uint256 public badSale;
    uint256 public badEnd;
    uint256 public movedPast;
    uint256 public distributed;
    uint256 private made;
    address private blocked;

    constructor(
        IHouse house_,
        Market auctions_,
        Shares shares_,
        address[] memory people_,
        uint32[] memory splits_
    ) {
        house = house_;
        auctions = auctions_;
        revenue = Revenue(address(auctions_.revenue()));
        works = Works(address(auctions_.works()));
        dollar = MoodyDollar(auctions_.currency());
        shares = shares_;
        people = people_;
        splits = splits_;
    }

    function lotsMade() external view returns (uint256) {
        return lots.length;
    }

    function peopleCount() external view returns (uint256) {
        return people.length;
    }

    function who(uint256 seed) private view returns (address) {
        return people[seed % people.length];
    }

    function anyLot(uint256 seed) private view returns (uint256) {
        // Mostly one of the latest, which are open.
        if (lots.length == 0) return 0;
        return seed % 8 == 0
            ? lots[seed % lots.length]
            : lots[lots.length - 1 - seed % (lots.length < 3 ? lots.length : 3)];
    }

    // ------------------------------------------------------------------ moods of the currency

    function mood(uint256 seed, bool on, bool answersFalse) external {
        dollar.setBlocked(blocked, false);
        blocked = who(seed);
        dollar.setBlocked(blocked, on);
        dollar.setAnswersFalse(answersFalse);
    }

    /// @dev A token that begins to take fees gets no further than the first payment.
    function bidAndPayWhileItTakesFees(uint256 seed, uint256 lotSeed) external {
        uint256 lot = anyLot(lotSeed);
        dollar.setFee(100);
        vm.startPrank(who(seed));
        try auctions.bid(lot, 1e12) {
            ++badEnd;
        } catch {}
        try revenue.pay(splits[0], 1e6, address(0), 0, Income.Gift, 0) {
            ++badSale;
        } catch {}
        vm.stopPrank();
        dollar.setFee(0);
    }

    function passTime(uint256 time) external {
        skip(bound(time, 1, 2 days));
    }

    // ------------------------------------------------------------------ the market

    function open(uint256 seed, uint96 reserve, bool lazy, bool secret) external {
        Terms memory terms = Terms({
            reserve: uint96(bound(reserve, 0, 1000e6)),
            secretReserve: secret ? keccak256(abi.encode(uint256(500e6), bytes32(0))) : bytes32(0),
            start: 0,
            duration: 1 days,
            extension: 10 minutes,
            raiseBps: 500
        });
        ++made;
        if (lazy) {
            LazyWork memory work = house.prepareLazyWork(made);
            vm.prank(work.attestation.creator);
            note(auctions.openLazyAuction(work, terms), work.attestation.creator, work.attestation.tokenId);
            lazyOf[lots[lots.length - 1]] = work;
        } else {
            uint256 tokenId = house.prepareWork(made);
            address seller = who(seed);
            address owner = works.ownerOf(tokenId);
            vm.startPrank(owner);
            if (owner != seller) works.transferFrom(owner, seller, tokenId);
            vm.stopPrank();
            vm.startPrank(seller);
            works.setApprovalForAll(address(auctions), true);
            note(auctions.openAuction(tokenId, terms), seller, tokenId);
            vm.stopPrank();
        }
    }

    function note(uint256 lot, address seller, uint256 tokenId) private {
        lots.push(lot);
        sellerOf[lot] = seller;
        tokenOf[lot] = tokenId;
    }

    function bid(uint256 seed, uint256 lotSeed, uint256 more, uint256 credit) external {
        uint256 lot = anyLot(lotSeed);
        if (lot == 0) return;
        Lot memory before = auctions.lotOf(lot);
        uint256 lowest = before.seller == address(0) ? 1 : auctions.minimumBid(lot);
        uint256 amount = lowest + bound(more, 0, 100e6);
        address bidder = who(seed);
        uint256 hers = wealth(before.bidder);
        vm.startPrank(bidder);
        if (credit % 2 == 0) {
            auctions.bid(lot, amount);
        } else {
            revenue.allowSpender(address(auctions), true);
            auctions.bidWithCredit(lot, amount, revenue.owed(0, bidder));
        }
        vm.stopPrank();
        // The outbid bidder is whole again, in hand or in credit.
        if (before.bidder != address(0) && before.bidder != bidder) {
            if (wealth(before.bidder) != hers + before.highest) ++badEnd;
        }
    }

    function cancel(uint256 lotSeed) external {
        uint256 lot = anyLot(lotSeed);
        vm.prank(sellerOf[lot]);
        auctions.cancel(lot);
        if (!sellerHasWork(lot)) ++badEnd;
    }

    function mintElsewhere(uint256 lotSeed) external {
        LazyWork memory work = lazyOf[anyLot(lotSeed)];
        vm.prank(work.attestation.creator);
        works.mintLazily(work.attestation, work.parents, work.root, work.proof, work.attestation.creator);
    }

    /// @dev To the end of a lot, or a little before or after.
    function passTo(Lot memory lot, uint256 seed) private {
        if (lot.seller == address(0)) return;
        uint256[5] memory times =
            [uint256(lot.end) - 1, lot.end, lot.end, uint256(lot.end) + 2 days, uint256(lot.end) + 7 days];
        uint256 time = times[seed % 5];
        if (time > vm.getBlockTimestamp()) vm.warp(time);
    }

    function reveal(uint256 lotSeed, uint256 timeSeed) external {
        uint256 lot = anyLot(lotSeed);
        Lot memory before = auctions.lotOf(lot);
        passTo(before, timeSeed % 3);
        uint256 hers = wealth(before.bidder);
        auctions.reveal(lot, 500e6, bytes32(0));
        if (before.highest < 500e6) {
            if (wealth(before.bidder) != hers + before.highest || !sellerHasWork(lot)) ++badEnd;
        }
    }

    function settle(uint256 lotSeed, uint256 seed, uint256 timeSeed) external {
        uint256 lot = anyLot(lotSeed);
        Lot memory before = auctions.lotOf(lot);
        passTo(before, timeSeed);
        uint256 sellersCredit = revenue.owed(0, before.seller);
        uint256 received = before.split == 0 ? 0 : revenue.received(before.split);
        uint256 hers = wealth(before.bidder);
        LazyWork memory work = lazyOf[lot];
        bool early = vm.getBlockTimestamp() < uint256(before.end) + 7 days;
        vm.prank(seed % 2 == 0 ? before.bidder : who(seed));
        if (before.lazy) auctions.settleLazy(lot, work);
        else auctions.settle(lot);

        address owner = works.wasMinted(tokenOf[lot]) ? works.ownerOf(tokenOf[lot]) : address(0);
        if (before.bidder == address(0)) {
            if (!sellerHasWork(lot)) ++badEnd;
        } else if (owner == before.bidder && wealth(before.bidder) <= hers) {
            ++sales;
            uint256 toSplit = revenue.received(before.split) - received;
            uint256 toSeller = revenue.owed(0, before.seller) - sellersCredit;
            paidForSales += before.highest;
            if (toSplit + toSeller != before.highest) ++badSale;
            if (toSplit * 10_000 < uint256(before.highest) * before.royaltyBps || toSplit == 0) ++badSale;
            if (before.primary && toSeller != 0) ++badSale;
        } else if (!(before.lazy || !early) || wealth(before.bidder) != hers + before.highest) {
            ++badEnd;
        }
    }

    function sellerHasWork(uint256 lot) private view returns (bool) {
        uint256 tokenId = tokenOf[lot];
        return !works.wasMinted(tokenId) || works.ownerOf(tokenId) == sellerOf[lot];
    }

    /// @dev What a person has in hand and in plain credit.
    function wealth(address person) private view returns (uint256) {
        return dollar.balanceOf(person) + revenue.owed(0, person);
    }

    // ------------------------------------------------------------------ income

    function give(uint256 seed, uint256 splitSeed, uint256 amount) external {
        vm.prank(who(seed));
        revenue.pay(splits[splitSeed % splits.length], bound(amount, 1, 1e12), address(0), 0, Income.Gift, 0);
    }

    function foreignRoyalty(uint256 splitSeed, uint256 amount) external {
        uint32 split = splits[splitSeed % splits.length];
        dollar.mint(revenue.walletOf(split), bound(amount, 1, 1e9));
        revenue.sweep(split);
    }

    function withdraw(uint256 seed, uint256 splitSeed) external {
        revenue.withdrawFor(splitSeed % 4 == 0 ? 0 : splits[splitSeed % splits.length], who(seed));
    }

    function withdrawMany(uint256 splitSeed) external {
        address[] memory all = people;
        revenue.withdrawForMany(splits[splitSeed % splits.length], all);
    }

    function withdrawTo(uint256 seed, uint256 toSeed) external {
        uint32[] memory all = new uint32[](2);
        all[1] = splits[0];
        vm.prank(who(seed));
        revenue.withdrawTo(all, who(toSeed));
    }

    function climb() external {
        revenue.climb(splits[1], splits[0]);
    }

    // ------------------------------------------------------------------ shares

    function distribute(uint256 amount) external {
        dollar.mint(shares.inbox(), bound(amount, 1, 1e12));
        distributed += shares.distribute();
    }

    function payInbox() external {
        revenue.withdrawFor(splits[0], shares.inbox());
    }

    function transferShares(uint256 seed, uint256 toSeed, uint256 value) external {
        (address from, address to) = (who(seed), who(toSeed));
        uint256 a = shares.owedTo(from);
        uint256 b = shares.owedTo(to);
        uint256 amount = bound(value, 0, shares.balanceOf(from));
        vm.prank(from);
        shares.transfer(to, amount);
        if (shares.owedTo(from) != a || shares.owedTo(to) != b) ++movedPast;
    }

    function claim(uint256 seed) external {
        shares.claimFor(who(seed));
    }

    function openBuyBack(uint256 seed, uint128 price) external {
        address governance = shares.governance();
        uint128 budget = uint128(bound(seed, 1, 1e9));
        dollar.mint(governance, budget);
        vm.startPrank(governance);
        dollar.approve(address(shares), budget);
        shares.openBuyBack(uint128(bound(price, 1, 1e9)), budget, uint40(vm.getBlockTimestamp() + 1 days));
        vm.stopPrank();
    }

    function sellBack(uint256 seed, uint256 value) external {
        address seller = who(seed);
        uint256 owed = shares.owedTo(seller);
        uint256 price = shares.buyBack().price;
        uint256 affordable = price == 0 ? 0 : uint256(shares.buyBack().budget) * 1e18 / price;
        uint256 most = shares.balanceOf(seller) < affordable ? shares.balanceOf(seller) : affordable;
        vm.prank(seller);
        shares.sellBack(bound(value, 0, most), 0);
        if (shares.owedTo(seller) != owed) ++movedPast;
    }

    function closeBuyBack() external {
        shares.closeBuyBack();
    }
}

/// @notice What must hold whatever anybody does in whatever order.
contract MoneyInvariantTest is House, IHouse {
    Handler private handler;
    address[] private people;
    uint32[] private family;

    function newCurrency() internal override returns (address) {
        return address(new MoodyDollar());
    }

    function setUp() public override {
        super.setUp();
        Recipient[] memory list = new Recipient[](3);
        list[0] = Recipient(splitId, 1111);
        list[1] = Recipient(word(collector), 3334);
        list[2] = Recipient(word(curator), 5555);
        (, uint32 child) = revenue.createSplit(list);
        family = [split, child];
        people = [artist, curator, collector, bidder, rival, founder];
        for (uint256 i; i < people.length; ++i) {
            fund(people[i]);
        }
        handler = new Handler(this, auctions, shares, people, family);
        targetContract(address(handler));
    }

    function prepareWork(uint256 index) external returns (uint256) {
        address to = index % 2 == 0 ? artist : collector;
        return mintFor(string.concat("work ", vm.toString(index)), to);
    }

    function prepareLazyWork(uint256 index) external returns (LazyWork memory) {
        return lazyWork(string.concat("lazy ", vm.toString(index)));
    }

    /// @dev Every unit in `Revenue` is somebody's: credit, or what a split received and has not paid out. The dust that
    /// no recipient can have yet is counted, never more than a unit a recipient.
    function invariant_revenuePaidPlusOwedEqualsReceived() public view {
        uint256 owed;
        for (uint256 i; i < people.length; ++i) {
            owed += revenue.owed(0, people[i]);
        }
        for (uint256 s; s < family.length; ++s) {
            uint256 paid;
            uint256 claimable;
            for (uint256 i; i < people.length; ++i) {
                (, uint256 had) = revenue.shareOf(family[s], people[i]);
                paid += had;
                claimable += revenue.owed(family[s], people[i]);
            }
            (, uint256 inboxHad) = revenue.shareOf(family[s], shares.inbox());
            (, uint256 climbed) = revenue.parentShareOf(family[s], family[0]);
            paid += inboxHad + climbed;
            claimable += revenue.owed(family[s], shares.inbox()) + revenue.owedToParent(family[s], family[0]);
            uint256 received = revenue.received(family[s]);
            assertLe(paid + claimable, received);
            assertLe(received - paid - claimable, 2, "dust");
            owed += received - paid;
        }
        assertEq(dollar.balanceOf(address(revenue)), owed);
    }

    function invariant_marketHoldsAllBids() public view {
        uint256 held;
        for (uint256 lot = 1; lot <= auctions.lotCount(); ++lot) {
            held += auctions.lotOf(lot).highest;
        }
        assertEq(dollar.balanceOf(address(auctions)), held);
    }

    function invariant_sellerPaidOrKeepsWork() public view {
        assertEq(handler.badSale(), 0);
        for (uint256 i; i < handler.lotsMade(); ++i) {
            uint256 lot = handler.lots(i);
            Lot memory open = auctions.lotOf(lot);
            if (open.seller == address(0) || open.lazy) continue;
            assertEq(works.ownerOf(open.tokenId), address(auctions));
            assertEq(auctions.openLotOf(open.tokenId), lot);
        }
    }

    function invariant_bidderWinsOrCanWithdrawAll() public view {
        assertEq(handler.badEnd(), 0);
    }

    function invariant_dividendsOwedNeverExceedHeld() public view {
        uint256 owed = shares.owedTo(governance);
        for (uint256 i; i < people.length; ++i) {
            owed += shares.owedTo(people[i]);
        }
        uint256 held = dollar.balanceOf(address(shares)) - shares.buyBack().budget;
        assertLe(owed, held);
        assertLe(held - owed, people.length + 2, "dust");
    }

    function invariant_transferMovesNoPastDividend() public view {
        assertEq(handler.movedPast(), 0);
    }

    function invariant_votesAreShares() public view {
        uint256 sum = shares.balanceOf(governance);
        for (uint256 i; i < people.length; ++i) {
            sum += shares.balanceOf(people[i]);
        }
        assertEq(sum, shares.totalSupply());
    }
}
