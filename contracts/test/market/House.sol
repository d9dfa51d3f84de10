// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Shares} from "medici/governance/Shares.sol";
import {Allocation} from "medici/governance/interfaces/IShares.sol";
import {Market} from "medici/market/Market.sol";
import {Revenue} from "medici/market/Revenue.sol";
import {LazyWork, Lot, Terms} from "medici/market/interfaces/IMarket.sol";
import {Recipient} from "medici/market/interfaces/IRevenue.sol";
import {TestDollar} from "medici/money/TestDollar.sol";
import {Works} from "medici/provenance/Works.sol";
import {ISplits} from "medici/provenance/interfaces/ISplits.sol";
import {Attestation} from "medici/provenance/interfaces/IWorks.sol";

import {Firm} from "medici-test/provenance/Firm.sol";

/// @notice A whole firm with real money: the proof room of `Firm`, and market, revenue and shares on top.
/// The firm's split: artist 60 %, curator 15 %, the shareholders' inbox 25 %.
abstract contract House is Firm {
    uint256 internal constant DOLLAR = 1e6;

    address internal curator;
    address internal founder;
    address internal bidder;
    address internal rival;

    TestDollar internal dollar;
    Revenue internal revenue;
    Market internal auctions;
    Shares internal shares;
    bytes32 internal splitId;
    uint32 internal split;

    function setUp() public virtual override {
        super.setUp();
        curator = makeAddr("curator");
        founder = makeAddr("founder");
        bidder = makeAddr("bidder");
        rival = makeAddr("rival");

        dollar = TestDollar(newCurrency());
        revenue = new Revenue(address(dollar), governance, new address[](0));
        works =
            new Works(governance, anchors, ISplits(address(revenue)), ROYALTY, "Bottega", "BOT", "ipfs://c");
        auctions = new Market(governance, revenue, works, guardian);
        shares = new Shares("Bottega Shares", "BOTS", governance, address(dollar), issue());
        vm.startPrank(governance);
        registry.setWatcher(address(works), true);
        revenue.setDepositor(address(auctions), true);
        vm.stopPrank();
        (splitId, split) = revenue.createSplit(firmSplit());

        fund(bidder);
        fund(rival);
        fund(collector);
        vm.prank(artist);
        works.setApprovalForAll(address(auctions), true);
        vm.prank(collector);
        works.setApprovalForAll(address(auctions), true);
    }

    /// @dev Tests of nasty tokens put theirs here; it must answer as TestDollar does, as far as it is asked.
    function newCurrency() internal virtual returns (address) {
        return address(new TestDollar());
    }

    function issue() internal view virtual returns (Allocation[] memory parts) {
        parts = new Allocation[](2);
        parts[0] = Allocation(founder, 700_000e18, 0, 0, 0, false);
        parts[1] = Allocation(governance, 300_000e18, 0, 0, 0, false);
    }

    function firmSplit() internal view returns (Recipient[] memory list) {
        list = new Recipient[](3);
        list[0] = Recipient(word(artist), 6000);
        list[1] = Recipient(word(curator), 1500);
        list[2] = Recipient(word(shares.inbox()), 2500);
    }

    function word(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    function fund(address account) internal {
        dollar.mint(account, 1_000_000 * DOLLAR);
        vm.startPrank(account);
        dollar.approve(address(auctions), type(uint256).max);
        dollar.approve(address(revenue), type(uint256).max);
        vm.stopPrank();
    }

    // ------------------------------------------------------------------ works

    function made(string memory name) internal view returns (Attestation memory attestation) {
        attestation = attest(name);
        attestation.splitId = splitId;
    }

    /// @dev A work minted to somebody, by the artist.
    function mintFor(string memory name, address to) internal returns (uint256 tokenId) {
        Attestation memory attestation = made(name);
        bytes memory signature = sign(modelKey, attestation);
        vm.prank(artist);
        works.mint(attestation, originals(), to, signature);
        return attestation.tokenId;
    }

    /// @dev A work anchored in a batch of 2^14 records, not minted.
    function lazyWork(string memory name) internal returns (LazyWork memory work) {
        work.attestation = made(name);
        work.parents = originals();
        (work.root, work.proof) = plant(works.leafOf(work.attestation), 14);
        anchorRoot(MODEL, modelKey, work.root, 1 << 14);
    }

    // ------------------------------------------------------------------ auctions

    /// @dev Reserve 100 dollars, one day, raises of 5 %, ten minutes of extension, at once.
    function plainTerms() internal pure returns (Terms memory) {
        return Terms({
            reserve: uint96(100 * DOLLAR),
            secretReserve: 0,
            start: 0,
            duration: 1 days,
            extension: 10 minutes,
            raiseBps: 500
        });
    }

    function openFor(address seller, uint256 tokenId) internal returns (uint256 lot) {
        vm.prank(seller);
        return auctions.openAuction(tokenId, plainTerms());
    }

    function openLazy(LazyWork memory work) internal returns (uint256 lot) {
        vm.prank(work.attestation.creator);
        return auctions.openLazyAuction(work, plainTerms());
    }

    function bids(address who, uint256 lot, uint256 amount) internal {
        vm.prank(who);
        auctions.bid(lot, amount);
    }

    function passEnd(uint256 lot) internal {
        vm.warp(auctions.lotOf(lot).end);
    }

    function isOpen(uint256 lot) internal view returns (bool) {
        return auctions.lotOf(lot).seller != address(0);
    }
}
