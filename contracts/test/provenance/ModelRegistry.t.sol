// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IGoverned} from "medici/provenance/interfaces/IGoverned.sol";
import {IModelRegistry} from "medici/provenance/interfaces/IModelRegistry.sol";
import {IRevocationWatcher} from "medici/provenance/interfaces/IRevocationWatcher.sol";

import {Firm} from "./Firm.sol";

contract Listener is IRevocationWatcher {
    bool public watching;
    bool public clean;
    uint256 public heard;

    function onWatch(bool watching_, bool clean_) external {
        (watching, clean) = (watching_, clean_);
    }

    function onRevocation() external {
        ++heard;
    }
}

contract ModelRegistryTest is Firm {
    IModelRegistry.Model private fresh;

    function setUp() public override {
        super.setUp();
        fresh = modelDetails(OTHER_MODEL, otherSigner);
    }

    function state(bytes32 id) private view returns (uint256) {
        return uint256(registry.stateOf(id));
    }

    // ------------------------------------------------------------------ proposing and authorising

    function test_lifeOfAModel() public {
        assertEq(state(OTHER_MODEL), uint256(IModelRegistry.State.Unknown));
        registry.propose(fresh);
        assertEq(state(OTHER_MODEL), uint256(IModelRegistry.State.Proposed));
        vm.prank(governance);
        registry.authorise(fresh);
        assertEq(state(OTHER_MODEL), uint256(IModelRegistry.State.Authorised));
        vm.prank(governance);
        registry.retire(OTHER_MODEL);
        assertEq(state(OTHER_MODEL), uint256(IModelRegistry.State.Retired));
        vm.prank(governance);
        registry.revoke(OTHER_MODEL, "trained on stolen works");
        assertEq(state(OTHER_MODEL), uint256(IModelRegistry.State.Revoked));
    }

    function test_whatWasAuthorisedCanBeRead() public {
        fresh.predecessor = MODEL;
        bytes32 proposal = registry.propose(fresh);
        assertEq(proposal, keccak256(abi.encode(fresh)));
        assertTrue(registry.isProposed(proposal));
        vm.prank(governance);
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelAuthorised(OTHER_MODEL, otherSigner, 2, MODEL);
        registry.authorise(fresh);
        assertEq(keccak256(abi.encode(registry.modelOf(OTHER_MODEL))), keccak256(abi.encode(fresh)));
        assertEq(registry.modelAt(2), OTHER_MODEL);
        assertEq(registry.count(), 2);
        assertEq(registry.modelOfSigner(otherSigner), OTHER_MODEL);
        (address signer, uint16 index) = registry.currentSigner(OTHER_MODEL);
        assertEq(signer, otherSigner);
        assertEq(index, 2);
    }

    function testFuzz_onlyGovernanceMovesAModelOn(address stranger) public {
        vm.assume(stranger != governance);
        registry.propose(fresh);
        vm.startPrank(stranger);
        bytes memory denied = abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, stranger);
        vm.expectRevert(denied);
        registry.authorise(fresh);
        vm.expectRevert(denied);
        registry.retire(MODEL);
        vm.expectRevert(denied);
        registry.revoke(MODEL, "");
        vm.expectRevert(denied);
        registry.setWatcher(stranger, true);
        vm.expectRevert(denied);
        registry.transferGovernance(stranger);
    }

    function test_aRivalProposalChangesNothing() public {
        registry.propose(fresh);
        IModelRegistry.Model memory rival = modelDetails(OTHER_MODEL, thief);
        vm.prank(thief);
        registry.propose(rival);
        vm.prank(governance);
        registry.authorise(fresh);
        assertEq(registry.modelOfSigner(thief), 0);
        // What was proposed beside it can no longer replace it.
        vm.prank(governance);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.WrongState.selector, OTHER_MODEL, IModelRegistry.State.Authorised
            )
        );
        registry.authorise(rival);
    }

    function test_detailsCannotBeExchangedAfterTheProposal() public {
        registry.propose(fresh);
        fresh.signer = thief;
        vm.prank(governance);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.NotProposed.selector, keccak256(abi.encode(fresh)))
        );
        registry.authorise(fresh);
    }

    function test_oneKeySignsForOneModel() public {
        fresh.signer = modelSigner;
        registry.propose(fresh);
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.SignerTaken.selector, modelSigner, MODEL));
        registry.authorise(fresh);
    }

    function test_aRevokedKeyNeverSignsForAnotherModel() public {
        vm.prank(governance);
        registry.revoke(MODEL, "key stolen");
        fresh.signer = modelSigner;
        registry.propose(fresh);
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.SignerTaken.selector, modelSigner, MODEL));
        registry.authorise(fresh);
    }

    function test_anEndedModelNeverReturns() public {
        vm.startPrank(governance);
        registry.retire(MODEL);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.WrongState.selector, MODEL, IModelRegistry.State.Retired)
        );
        registry.authorise(modelDetails(MODEL, modelSigner));
        registry.revoke(MODEL, "");
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.WrongState.selector, MODEL, IModelRegistry.State.Revoked)
        );
        registry.retire(MODEL);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.WrongState.selector, MODEL, IModelRegistry.State.Revoked)
        );
        registry.revoke(MODEL, "");
    }

    function test_badProposals() public {
        vm.expectRevert(IModelRegistry.IncompleteModel.selector);
        registry.propose(modelDetails(0, otherSigner));
        vm.expectRevert(IModelRegistry.IncompleteModel.selector);
        registry.propose(modelDetails(OTHER_MODEL, address(0)));
        bytes32 proposal = registry.propose(fresh);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.AlreadyProposed.selector, proposal));
        registry.propose(fresh);
        bytes32 stranger = keccak256("never seen");
        fresh.predecessor = stranger;
        registry.propose(fresh);
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownPredecessor.selector, stranger));
        registry.authorise(fresh);
    }

    function test_questionsAboutTheUnknown() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelNotAuthorised.selector, OTHER_MODEL, IModelRegistry.State.Unknown
            )
        );
        registry.currentSigner(OTHER_MODEL);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelNotAuthorised.selector, OTHER_MODEL, IModelRegistry.State.Unknown
            )
        );
        registry.modelOf(OTHER_MODEL);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownIndex.selector, 7));
        registry.modelAt(7);
        assertEq(registry.signerAt(OTHER_MODEL, block.timestamp), address(0));
    }

    // ------------------------------------------------------------------ when a signature counts

    function testFuzz_signerCountsExactlyWhileAuthorised(
        uint32 before,
        uint32 lasted,
        uint256 asked,
        bool revoked
    ) public {
        skip(before);
        uint256 from = vm.getBlockTimestamp();
        authoriseOther();
        skip(lasted);
        uint256 until = vm.getBlockTimestamp();
        vm.prank(governance);
        if (revoked) registry.revoke(OTHER_MODEL, "");
        else registry.retire(OTHER_MODEL);
        skip(1000);

        asked = bound(asked, from > 10 ? from - 10 : 0, until + 10);
        bool counts = asked >= from && asked < until;
        assertEq(registry.signerAt(OTHER_MODEL, asked), counts ? otherSigner : address(0));
        (uint40 begun, uint40 ended) = registry.spanOf(OTHER_MODEL);
        assertEq(begun, from);
        assertEq(ended, until);
    }

    function test_revokingAfterRetiringKeepsTheSpan() public {
        skip(100);
        vm.prank(governance);
        registry.retire(MODEL);
        (uint40 from, uint40 until) = registry.spanOf(MODEL);
        skip(100);
        vm.prank(governance);
        registry.revoke(MODEL, "");
        (uint40 fromThen, uint40 untilThen) = registry.spanOf(MODEL);
        assertEq(fromThen, from);
        assertEq(untilThen, until);
    }

    function test_aVeryLongLifeStillEnds() public {
        skip(200 * 365 days);
        vm.prank(governance);
        registry.revoke(MODEL, "");
        assertEq(state(MODEL), uint256(IModelRegistry.State.Revoked));
        assertEq(registry.signerAt(MODEL, vm.getBlockTimestamp()), address(0));
    }

    // ------------------------------------------------------------------ who is told of revocations

    function test_watchersHearEveryRevocation() public {
        Listener listener = new Listener();
        authoriseOther();
        vm.startPrank(governance);
        registry.setWatcher(address(listener), true);
        assertTrue(listener.watching() && listener.clean());
        registry.retire(MODEL);
        assertEq(listener.heard(), 0);
        registry.revoke(MODEL, "");
        registry.revoke(OTHER_MODEL, "");
        assertEq(listener.heard(), 2);
        assertEq(registry.revocations(), 2);
        registry.setWatcher(address(listener), false);
        assertFalse(listener.watching() || listener.clean());
        assertEq(registry.watchers().length, 1);
    }

    function test_watchersAreFewAndOnce() public {
        vm.startPrank(governance);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.WatcherUnchanged.selector, address(works), true)
        );
        registry.setWatcher(address(works), true);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.WatcherUnchanged.selector, thief, false));
        registry.setWatcher(thief, false);
        for (uint256 i = 1; i < 8; ++i) {
            registry.setWatcher(address(new Listener()), true);
        }
        Listener tooMany = new Listener();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.TooManyWatchers.selector, 8));
        registry.setWatcher(address(tooMany), true);
    }

    // ------------------------------------------------------------------ handing over

    function test_governanceHandsOverAndKeepsNothing() public {
        vm.prank(governance);
        registry.transferGovernance(collector);
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.OnlyGovernance.selector, governance));
        registry.retire(MODEL);
        vm.prank(collector);
        vm.expectRevert(IGoverned.ZeroAddress.selector);
        registry.transferGovernance(address(0));
        vm.prank(collector);
        registry.retire(MODEL);
    }
}
