// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IModelRegistry} from "medici/provenance/interfaces/IModelRegistry.sol";
import {Attestation, IWorks} from "medici/provenance/interfaces/IWorks.sol";

import {Firm} from "./Firm.sol";

/// @dev Does everything that anybody can do to the works, right and wrong, and remembers what was first seen.
/// Few contents and few models, so that every second attempt meets something that exists already.
contract Handler is Firm {
    uint256 private constant CONTENTS = 8;
    uint256 private constant MODELS = 3;
    uint256 private constant DEPTH = 3;

    struct Seen {
        bytes32 provenance;
        bytes32 parents;
        uint256 mints;
        bool burnt;
        bool lazily;
    }

    mapping(uint256 tokenId => Seen) public seen;
    mapping(bytes32 batch => uint40) public firstTime;
    mapping(bytes32 modelId => bytes32) public span;
    mapping(bytes32 modelId => bool) public revoked;
    mapping(bytes32 modelId => bool) public ended;

    uint256[] public minted;
    uint256[2][] private batches;
    bytes32[] public batchModels;
    bytes32[] public batchRoots;
    address[] public actors;

    uint256 public mintsOfRevoked;
    uint256 public anchorsOfEnded;
    uint256 public mintsWhilePaused;
    uint256 public mintsByStrangers;
    uint256 public burns;
    uint256 public lazyMints;

    constructor() {
        setUp();
        actors = [artist, collector, market, thief];
        vm.startPrank(artist);
        works.setApprovalForAll(market, true);
        vm.stopPrank();
    }

    /// @dev Something to mint lazily from the first step on.
    function begin() external {
        this.authorise(1);
        for (uint256 content = 0; content < 4; ++content) {
            this.anchor(content, content % 2, 1);
        }
    }

    // ------------------------------------------------------------------ material

    function mintedCount() external view returns (uint256) {
        return minted.length;
    }

    function batchCount() external view returns (uint256) {
        return batchRoots.length;
    }

    function actorCount() external view returns (uint256) {
        return actors.length;
    }

    function modelId(uint256 n) public pure returns (bytes32) {
        return n % MODELS == 0 ? MODEL : keccak256(abi.encode("handler model", n % MODELS));
    }

    function keyOf(uint256 n) private returns (uint256 key) {
        (, key) =
            makeKey(n % MODELS == 0 ? "model one" : string.concat("handler model ", vm.toString(n % MODELS)));
    }

    function details(uint256 n) private returns (IModelRegistry.Model memory) {
        return modelDetails(modelId(n), vm.addr(keyOf(n)));
    }

    function actor(uint256 n) private view returns (address) {
        return actors[n % actors.length];
    }

    /// @dev Mostly one who may mint.
    function minter(uint256 n) private view returns (address) {
        return n % 3 == 0 ? actor(n / 3) : n % 3 == 1 ? artist : market;
    }

    /// @dev The attestation of a content by a model. The same content may be attested by several models, with other
    /// metadata each: only one of them can ever be minted.
    function attestation(uint256 content, uint256 model, uint256 parent)
        public
        view
        returns (Attestation memory a, uint256[] memory parents)
    {
        a = attest(string.concat("content ", vm.toString(content % CONTENTS)));
        a.modelId = modelId(model);
        a.metadataDigest = keccak256(abi.encode("metadata", content % CONTENTS, model % MODELS));
        if (parent % 3 == 0 && minted.length != 0) {
            parents = new uint256[](1);
            parents[0] = minted[parent % minted.length];
            a.parentsDigest = keccak256(abi.encodePacked(parents));
        }
    }

    function note(Attestation memory a, bool lazily, address caller) private {
        Seen storage s = seen[a.tokenId];
        if (s.mints++ == 0) {
            minted.push(a.tokenId);
            s.provenance = keccak256(abi.encode(works.provenanceOf(a.tokenId)));
            s.parents = keccak256(abi.encode(works.parentsOf(a.tokenId)));
            s.lazily = lazily;
        }
        if (lazily) ++lazyMints;
        if (revoked[a.modelId]) ++mintsOfRevoked;
        if (works.paused()) ++mintsWhilePaused;
        if (caller != artist && caller != market) ++mintsByStrangers;
    }

    // ------------------------------------------------------------------ models

    function propose(uint256 n) external {
        registry.propose(details(n));
    }

    function authorise(uint256 n) external {
        IModelRegistry.Model memory model = details(n);
        if (!registry.isProposed(keccak256(abi.encode(model)))) registry.propose(model);
        vm.prank(governance);
        registry.authorise(model);
    }

    function retire(uint256 n) external {
        // Endings are seldom, so that much is minted before all models are gone.
        if (n % 4 != 0) return;
        n /= 4;
        vm.prank(governance);
        registry.retire(modelId(n));
        end(n);
    }

    function revoke(uint256 n) external {
        if (n % 4 != 0) return;
        n /= 4;
        vm.prank(governance);
        registry.revoke(modelId(n), "");
        revoked[modelId(n)] = true;
        if (!ended[modelId(n)]) end(n);
    }

    function end(uint256 n) private {
        ended[modelId(n)] = true;
        (uint40 from, uint40 until) = registry.spanOf(modelId(n));
        span[modelId(n)] = keccak256(abi.encode(from, until));
    }

    function watch(bool watching) external {
        vm.prank(governance);
        registry.setWatcher(address(works), watching);
    }

    // ------------------------------------------------------------------ anchoring and minting

    function anchor(uint256 content, uint256 model, uint256 wrongKey) external {
        (Attestation memory a,) = attestation(content, model, 1);
        (bytes32 root,) = plant(works.leafOf(a), DEPTH);
        uint256 key = keyOf(wrongKey % 4 == 0 ? model + 1 : model);
        anchorRoot(a.modelId, key, root, 8);
        if (ended[a.modelId]) ++anchorsOfEnded;
        bytes32 batch = keccak256(abi.encode(a.modelId, root));
        if (firstTime[batch] == 0) {
            firstTime[batch] = uint40(vm.getBlockTimestamp());
            batches.push([content, model]);
            batchModels.push(a.modelId);
            batchRoots.push(root);
        }
    }

    function mint(
        uint256 content,
        uint256 model,
        uint256 parent,
        uint256 caller,
        uint256 to,
        uint256 wrongKey
    ) external {
        (Attestation memory a, uint256[] memory parents) = attestation(content, model, parent);
        bytes memory signature = sign(keyOf(wrongKey % 4 == 0 ? model + 1 : model), a);
        vm.prank(minter(caller));
        works.mint(a, parents, actor(to), signature);
        note(a, false, minter(caller));
    }

    function mintLazily(uint256 content, uint256 model, uint256 caller, uint256 to) external {
        // Half the time something that is really anchored.
        if (model % 2 == 0) {
            (content, model) = (batches[content % batches.length][0], batches[content % batches.length][1]);
        }
        (Attestation memory a, uint256[] memory parents) = attestation(content, model, 1);
        (bytes32 root, bytes32[] memory proof) = plant(works.leafOf(a), DEPTH);
        vm.prank(minter(caller));
        works.mintLazily(a, parents, root, proof, actor(to));
        note(a, true, minter(caller));
    }

    // ------------------------------------------------------------------ what happens to works

    function burn(uint256 which, uint256 caller) external {
        if (which % 3 != 0) return;
        uint256 tokenId = minted[which % minted.length];
        address owner = works.ownerOf(tokenId);
        vm.prank(caller % 2 == 0 ? owner : actor(caller));
        works.burn(tokenId);
        seen[tokenId].burnt = true;
        ++burns;
    }

    function transfer(uint256 which, uint256 caller, uint256 to) external {
        uint256 tokenId = minted[which % minted.length];
        address owner = works.ownerOf(tokenId);
        vm.prank(caller % 2 == 0 ? owner : actor(caller));
        works.transferFrom(owner, actor(to), tokenId);
    }

    function approve(uint256 caller, uint256 operator, bool approved) external {
        if (actor(caller) == artist) return;
        vm.prank(actor(caller));
        works.setApprovalForAll(actor(operator), approved);
    }

    function pause(uint8 seldom) external {
        bool closed = seldom % 4 == 0;
        vm.prank(closed ? guardian : governance);
        if (closed) works.pause();
        else works.unpause();
    }

    function pass(uint32 time) external {
        skip(time % 30 days);
    }

    function useValidator(bool on) external {
        vm.prank(governance);
        works.setTransferValidator(on ? address(validator) : address(0));
    }

    // ------------------------------------------------------------------ what must hold

    function checkWork(uint256 tokenId) external view {
        Seen memory s = seen[tokenId];
        assertEq(s.mints, 1, "minted more than once");
        IWorks.Provenance memory p = works.provenanceOf(tokenId);
        assertEq(p.burnt, s.burnt, "burnt works stay burnt, others live");
        p.burnt = false;
        assertEq(keccak256(abi.encode(p)), s.provenance, "provenance changed");
        assertEq(keccak256(abi.encode(works.parentsOf(tokenId))), s.parents, "parents changed");

        (uint40 from, uint40 until) = registry.spanOf(p.modelId);
        assertGt(from, 0);
        assertLe(from, p.mintedAt, "minted before its model was authorised");
        if (!s.lazily && until != 0) assertLe(p.mintedAt, until, "signed after its model ended");
    }

    function checkBatch(uint256 i) external view {
        bytes32 model = batchModels[i];
        uint40 time = anchors.anchoredAt(model, batchRoots[i]);
        assertEq(time, firstTime[keccak256(abi.encode(model, batchRoots[i]))], "anchor time changed");
        (uint40 from, uint40 until) = registry.spanOf(model);
        assertLe(from, time);
        if (until != 0) assertLe(time, until, "anchored after its model ended");
    }

    function checkSpan(uint256 n) external view {
        if (!ended[modelId(n)]) return;
        (uint40 from, uint40 until) = registry.spanOf(modelId(n));
        assertEq(keccak256(abi.encode(from, until)), span[modelId(n)], "an ended model's span changed");
    }

    function liveWorks() external view returns (uint256 live, uint256 held) {
        for (uint256 i = 0; i < minted.length; ++i) {
            if (!seen[minted[i]].burnt) ++live;
        }
        for (uint256 i = 0; i < actors.length; ++i) {
            held += works.balanceOf(actors[i]);
        }
    }
}

contract ProvenanceInvariantTest is Firm {
    Handler private handler;

    function setUp() public override {
        handler = new Handler();
        handler.begin();
        targetContract(address(handler));
        bytes4[] memory actions = new bytes4[](14);
        actions[0] = Handler.propose.selector;
        actions[1] = Handler.authorise.selector;
        actions[2] = Handler.retire.selector;
        actions[3] = Handler.revoke.selector;
        actions[4] = Handler.watch.selector;
        actions[5] = Handler.anchor.selector;
        actions[6] = Handler.mint.selector;
        actions[7] = Handler.mintLazily.selector;
        actions[8] = Handler.burn.selector;
        actions[9] = Handler.transfer.selector;
        actions[10] = Handler.approve.selector;
        actions[11] = Handler.pause.selector;
        actions[12] = Handler.pass.selector;
        actions[13] = Handler.useValidator.selector;
        targetSelector(FuzzSelector(address(handler), actions));
    }

    function invariant_oneLiveTokenPerContentDigest() public view {
        (uint256 live, uint256 held) = handler.liveWorks();
        assertEq(live, held);
        for (uint256 i = 0; i < handler.mintedCount(); ++i) {
            (,, uint256 mints,,) = handler.seen(handler.minted(i));
            assertEq(mints, 1);
        }
    }

    function invariant_splitMetadataParentsNeverChange() public view {
        for (uint256 i = 0; i < handler.mintedCount(); ++i) {
            handler.checkWork(handler.minted(i));
        }
    }

    function invariant_anchorTimeNeverChanges() public view {
        for (uint256 i = 0; i < handler.batchCount(); ++i) {
            handler.checkBatch(i);
        }
    }

    function invariant_revokedModelNeverMintsLater() public view {
        assertEq(handler.mintsOfRevoked(), 0);
    }

    function invariant_endedModelNeverAnchorsLater() public view {
        assertEq(handler.anchorsOfEnded(), 0);
    }

    function invariant_historyOfAnEndedModelNeverChanges() public view {
        for (uint256 n = 0; n < 3; ++n) {
            handler.checkSpan(n);
        }
    }

    function invariant_nothingIsMintedWhilePausedOrByStrangers() public view {
        assertEq(handler.mintsWhilePaused(), 0);
        assertEq(handler.mintsByStrangers(), 0);
    }

    /// @dev The invariants mean something only if the handler gets through: each of its actions can succeed.
    function test_theHandlerReachesEverything() public {
        // Anchored at the start: contents 0 to 3 by the models 0, 1, 0, 1.
        uint256 batches = handler.batchCount();
        handler.anchor(5, 1, 1);
        handler.mint(6, 0, 1, 0, 0, 1);
        handler.mint(7, 1, 0, 2, 1, 1);
        handler.mintLazily(1, 0, 2, 1);
        handler.transfer(0, 0, 3);
        handler.burn(0, 0);
        handler.retire(4);
        handler.mintLazily(batches, 0, 0, 0);
        handler.revoke(4);
        assertEq(handler.mintedCount(), 4);
        assertEq(handler.batchCount(), batches + 1);
        assertEq(handler.lazyMints(), 2);
        assertEq(handler.burns(), 1);
        (uint256 live, uint256 held) = handler.liveWorks();
        assertEq(live, 3);
        assertEq(held, 3);
        vm.expectRevert();
        handler.mintLazily(4, 1, 0, 0);
    }
}
