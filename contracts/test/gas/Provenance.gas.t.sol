// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC721 as PlainOpenZeppelin} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721 as Solady} from "solady/tokens/ERC721.sol";

import {Attestation} from "medici/provenance/interfaces/IWorks.sol";

import {Works} from "medici/provenance/Works.sol";
import {ISplits} from "medici/provenance/interfaces/ISplits.sol";
import {Revenue} from "medici/market/Revenue.sol";
import {Recipient} from "medici/market/interfaces/IRevenue.sol";
import {TestDollar} from "medici/money/TestDollar.sol";

import {Firm} from "medici-test/provenance/Firm.sol";

/// @dev Peer: the barest mint of OpenZeppelin, no provenance at all.
contract OpenZeppelinPeer is PlainOpenZeppelin("Peer", "PEER") {
    function mint(address to, uint256 id) external {
        _mint(to, id);
    }
}

/// @dev Peer: the barest mint of solady, no provenance at all.
contract SoladyPeer is Solady {
    function mint(address to, uint256 id) external {
        _mint(to, id);
    }

    function name() public pure override returns (string memory) {
        return "Peer";
    }

    function symbol() public pure override returns (string memory) {
        return "PEER";
    }

    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }
}

/// @notice Gas of whole transactions, held to the bars. Each figure goes to
/// `contracts/out/snapshots/provenance.json` under the name of its row.
/// @dev "first" and "later" speak of the receiver's stored balance; nothing is warm in isolate mode.
/// forge-config: default.isolate = true
contract ProvenanceGasTest is Firm {
    OpenZeppelinPeer private openZeppelin;
    SoladyPeer private solady;
    bytes32 private split;

    /// @dev The works of the measured firm rest on the real `Revenue`, with a split of three.
    function setUp() public override {
        super.setUp();
        Revenue revenue = new Revenue(address(new TestDollar()), governance, new address[](0));
        Recipient[] memory recipients = new Recipient[](3);
        recipients[0] = Recipient(bytes32(uint256(uint160(artist))), 7000);
        recipients[1] = Recipient(bytes32(uint256(uint160(collector))), 2000);
        recipients[2] = Recipient(bytes32(uint256(uint160(market))), 1000);
        (split,) = revenue.createSplit(recipients);
        works = new Works(
            governance, anchors, ISplits(address(revenue)), ROYALTY, "Bottega", "BOT", "ipfs://collection"
        );
        vm.prank(governance);
        registry.setWatcher(address(works), true);
        openZeppelin = new OpenZeppelinPeer();
        solady = new SoladyPeer();
    }

    function splitOf() internal view override returns (bytes32) {
        return split;
    }

    /// @dev Outside isolate mode a call is no transaction, and its figure would be too low to mean anything.
    function measured(string memory row, uint256 bar) private {
        uint256 gas = vm.snapshotGasLastCall("provenance", row);
        assertGe(gas, 21_000, "measured outside isolate mode");
        assertLe(gas, bar, row);
    }

    function measured(string memory row) private {
        measured(row, type(uint256).max);
    }

    function test_mintWithFullProvenance() public {
        Attestation memory attestation = attest("gas, one");
        bytes memory signature = sign(modelKey, attestation);
        vm.prank(artist);
        works.mint(attestation, originals(), collector, signature);
        measured("mint with full provenance, receiver's first", 117_000);

        attestation = attest("gas, two");
        signature = sign(modelKey, attestation);
        vm.prank(artist);
        works.mint(attestation, originals(), collector, signature);
        measured("mint with full provenance, receiver's later", 100_000);
    }

    function test_anchorTenThousandRecords() public {
        bytes32 root = keccak256("gas, root");
        bytes memory signature = signDigest(modelKey, anchors.batchDigest(MODEL, root, 10_000));
        anchors.anchor(MODEL, root, 10_000, signature);
        measured("anchor 10,000 records", 60_000);
    }

    function test_lazyMintFourteenNodeProof() public {
        (Attestation memory attestation, bytes32 root, bytes32[] memory proof) =
            anchorNamed("gas, lazy one", 14);
        vm.prank(artist);
        works.mintLazily(attestation, originals(), root, proof, collector);
        measured("lazy mint, 14-node proof, receiver's first", 120_000);

        (attestation, root, proof) = anchorNamed("gas, lazy two", 14);
        vm.prank(artist);
        works.mintLazily(attestation, originals(), root, proof, collector);
        measured("lazy mint, 14-node proof, receiver's later", 103_000);
    }

    function test_transferWithValidatorOn() public {
        uint256 tokenId = mintNamed("gas, moved", collector);
        mintNamed("gas, held", artist);
        mintNamed("gas, kept", collector);
        vm.prank(governance);
        works.setTransferValidator(address(validator));
        vm.prank(collector);
        works.transferFrom(collector, artist, tokenId);
        measured("transfer with validator on, both hold", 50_000);
    }

    function test_transferByAnAllowedOperator() public {
        uint256 tokenId = mintNamed("gas, moved", collector);
        mintNamed("gas, held", artist);
        mintNamed("gas, kept", collector);
        vm.startPrank(governance);
        works.setTransferValidator(address(validator));
        validator.setOperator(market, true);
        vm.stopPrank();
        vm.prank(collector);
        works.setApprovalForAll(market, true);
        vm.prank(market);
        works.transferFrom(collector, artist, tokenId);
        measured("transfer by an allowed operator, validator asked, both hold");
    }

    function test_burn() public {
        uint256 tokenId = mintNamed("gas, burnt", collector);
        mintNamed("gas, unburnt", collector);
        vm.prank(collector);
        works.burn(tokenId);
        measured("burn, holder keeps others");
    }

    function test_peers() public {
        openZeppelin.mint(collector, uint256(keccak256("one")));
        measured("peer: OpenZeppelin bare mint, first");
        openZeppelin.mint(collector, uint256(keccak256("two")));
        measured("peer: OpenZeppelin bare mint, later");
        solady.mint(collector, uint256(keccak256("one")));
        measured("peer: solady bare mint, first");
        solady.mint(collector, uint256(keccak256("two")));
        measured("peer: solady bare mint, later");

        openZeppelin.mint(artist, uint256(keccak256("three")));
        solady.mint(artist, uint256(keccak256("three")));
        vm.prank(collector);
        openZeppelin.transferFrom(collector, artist, uint256(keccak256("one")));
        measured("peer: OpenZeppelin transfer, both hold");
        vm.prank(collector);
        solady.transferFrom(collector, artist, uint256(keccak256("one")));
        measured("peer: solady transfer, both hold");
    }
}
