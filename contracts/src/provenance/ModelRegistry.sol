// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Governed} from "./Governed.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRevocationWatcher} from "./interfaces/IRevocationWatcher.sol";

/// @notice The firm's models and their lives.
contract ModelRegistry is IModelRegistry, Governed {
    /// @dev All that a mint or an anchoring must know of a model, in one word.
    struct Life {
        address signer;
        uint40 authorisedAt;
        /// Seconds from authorisation to end; 136 years at most.
        uint32 lasted;
        State state;
        uint16 index;
    }

    mapping(bytes32 modelId => Life) private _lives;
    mapping(bytes32 modelId => Model) private _models;

    /// @inheritdoc IModelRegistry
    mapping(bytes32 proposal => bool) public isProposed;

    /// @inheritdoc IModelRegistry
    mapping(address signer => bytes32 modelId) public modelOfSigner;

    mapping(uint16 index => bytes32 modelId) private _modelAt;

    /// @inheritdoc IModelRegistry
    uint16 public count;

    /// @inheritdoc IModelRegistry
    uint16 public revocations;

    uint256 private constant MOST_WATCHERS = 8;
    address[] private _watchers;

    constructor(address governance_) Governed(governance_) {}

    /// @inheritdoc IModelRegistry
    function propose(Model calldata model) external returns (bytes32 proposal) {
        if (model.id == 0 || model.signer == address(0)) revert IncompleteModel();
        proposal = keccak256(abi.encode(model));
        if (isProposed[proposal]) revert AlreadyProposed(proposal);
        isProposed[proposal] = true;
        // A rival proposal for a known model changes nothing: only governance moves it on.
        Life storage life = _lives[model.id];
        if (life.state == State.Unknown) life.state = State.Proposed;
        emit ModelProposed(model.id, proposal, msg.sender, model);
    }

    /// @inheritdoc IModelRegistry
    function authorise(Model calldata model) external onlyGovernance {
        bytes32 proposal = keccak256(abi.encode(model));
        if (!isProposed[proposal]) revert NotProposed(proposal);
        Life storage life = _lives[model.id];
        if (life.state != State.Proposed) revert WrongState(model.id, life.state);
        if (modelOfSigner[model.signer] != 0) revert SignerTaken(model.signer, modelOfSigner[model.signer]);
        if (model.predecessor != 0 && _lives[model.predecessor].index == 0) {
            revert UnknownPredecessor(model.predecessor);
        }
        if (count == type(uint16).max) revert RegistryFull();

        uint16 index = ++count;
        _modelAt[index] = model.id;
        modelOfSigner[model.signer] = model.id;
        _models[model.id] = model;
        _lives[model.id] = Life(model.signer, uint40(block.timestamp), 0, State.Authorised, index);
        emit ModelAuthorised(model.id, model.signer, index, model.predecessor);
    }

    /// @inheritdoc IModelRegistry
    function retire(bytes32 modelId) external onlyGovernance {
        Life storage life = _lives[modelId];
        if (life.state != State.Authorised) revert WrongState(modelId, life.state);
        _end(life, State.Retired);
        emit ModelRetired(modelId);
    }

    /// @inheritdoc IModelRegistry
    function revoke(bytes32 modelId, string calldata reason) external onlyGovernance {
        Life storage life = _lives[modelId];
        if (life.state == State.Authorised) _end(life, State.Revoked);
        else if (life.state == State.Retired) life.state = State.Revoked;
        else revert WrongState(modelId, life.state);
        ++revocations;
        emit ModelRevoked(modelId, reason);
        for (uint256 i = 0; i < _watchers.length; ++i) {
            // A watcher that fails stops the revocation: better than one that mints on, not having heard.
            IRevocationWatcher(_watchers[i]).onRevocation();
        }
    }

    /// @inheritdoc IModelRegistry
    function setWatcher(address watcher, bool watching) external onlyGovernance {
        uint256 size = _watchers.length;
        uint256 at = 0;
        while (at < size && _watchers[at] != watcher) ++at;
        if ((at < size) == watching) revert WatcherUnchanged(watcher, watching);
        if (watching) {
            if (size == MOST_WATCHERS) revert TooManyWatchers(MOST_WATCHERS);
            _watchers.push(watcher);
        } else {
            _watchers[at] = _watchers[size - 1];
            _watchers.pop();
        }
        emit WatcherSet(watcher, watching);
        IRevocationWatcher(watcher).onWatch(watching, revocations == 0);
    }

    /// @inheritdoc IModelRegistry
    function watchers() external view returns (address[] memory) {
        return _watchers;
    }

    /// @inheritdoc IModelRegistry
    function stateOf(bytes32 modelId) external view returns (State) {
        return _lives[modelId].state;
    }

    /// @inheritdoc IModelRegistry
    function modelOf(bytes32 modelId) external view returns (Model memory) {
        if (_lives[modelId].index == 0) revert ModelNotAuthorised(modelId, _lives[modelId].state);
        return _models[modelId];
    }

    /// @inheritdoc IModelRegistry
    function modelAt(uint16 index) external view returns (bytes32 modelId) {
        modelId = _modelAt[index];
        if (modelId == 0) revert UnknownIndex(index);
    }

    /// @inheritdoc IModelRegistry
    function currentSigner(bytes32 modelId) external view returns (address signer, uint16 index) {
        // Every mint and every anchoring asks this: the word is read once and cut by hand, 500 gas cheaper.
        Life storage life = _lives[modelId];
        uint256 word;
        assembly ("memory-safe") {
            word := sload(life.slot)
        }
        State state = State(uint8(word >> 232));
        if (state != State.Authorised) revert ModelNotAuthorised(modelId, state);
        return (address(uint160(word)), uint16(word >> 240));
    }

    /// @inheritdoc IModelRegistry
    function requireMintable(bytes32 modelId) external view {
        State state = _lives[modelId].state;
        if (state != State.Authorised && state != State.Retired) revert ModelNotAuthorised(modelId, state);
    }

    /// @inheritdoc IModelRegistry
    function signerAt(bytes32 modelId, uint256 time) external view returns (address) {
        (uint40 from, uint40 until) = spanOf(modelId);
        bool counted = from != 0 && time >= from && (until == 0 || time < until);
        return counted ? _lives[modelId].signer : address(0);
    }

    /// @inheritdoc IModelRegistry
    function spanOf(bytes32 modelId) public view returns (uint40 from, uint40 until) {
        Life storage life = _lives[modelId];
        from = life.authorisedAt;
        if (life.state == State.Retired || life.state == State.Revoked) until = from + life.lasted;
    }

    function _end(Life storage life, State state) private {
        uint256 lasted = block.timestamp - life.authorisedAt;
        // Ending a model must never fail, so a span beyond 136 years is cut rather than refused.
        life.lasted = lasted > type(uint32).max ? type(uint32).max : uint32(lasted);
        life.state = state;
    }
}
