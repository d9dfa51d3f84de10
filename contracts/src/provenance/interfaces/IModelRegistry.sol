// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// @title The firm's models: what each is, and from when to when its word counted
/// @notice Anyone proposes, only governance authorises, retires and revokes. A model is authorised once, for
/// one span of time; nothing about it can be changed afterwards.
interface IModelRegistry {
    /// @notice The life of a model. Retired: signs no more, what it had anchored stays mintable. Revoked: its
    /// key or its making is distrusted; nothing of it is minted any more. Both keep what is on the chain.
    enum State {
        Unknown,
        Proposed,
        Authorised,
        Retired,
        Revoked
    }

    /// @notice What the world may know of a model, by digest.
    /// @param id Merkle root over the packed integer tensors.
    /// @param predecessor The model that this one is a new version of, or zero.
    /// @param signer The secp256k1 account that signs for the model and for no other.
    /// @param weightsDigest SHA-256 of the weights file.
    /// @param dataRoot Merkle root over the digests of the training samples.
    /// @param recordDigest SHA-256 of the training record (canonical JSON).
    /// @param biasReportDigest SHA-256 of the bias report (canonical JSON).
    /// @param certificateKeyDigest SHA-256 of the public key (DER) in the model's C2PA certificate.
    /// @param dataLicence SPDX identifier of the licence of the training data, or a short sentence.
    struct Model {
        bytes32 id;
        bytes32 predecessor;
        address signer;
        bytes32 weightsDigest;
        bytes32 dataRoot;
        bytes32 recordDigest;
        bytes32 biasReportDigest;
        bytes32 certificateKeyDigest;
        string dataLicence;
    }

    /// @notice Somebody proposes a model. `proposal` is keccak256(abi.encode(model)).
    event ModelProposed(bytes32 indexed modelId, bytes32 indexed proposal, address indexed by, Model model);

    /// @notice The model's signature counts from now on. `index` is its short number in this registry.
    event ModelAuthorised(bytes32 indexed modelId, address indexed signer, uint16 index, bytes32 predecessor);

    /// @notice The model signs no more; what it had anchored stays mintable.
    event ModelRetired(bytes32 indexed modelId);

    /// @notice The model signs no more and nothing of it is minted any more.
    event ModelRevoked(bytes32 indexed modelId, string reason);

    /// @notice The registry tells (or no longer tells) this contract of revocations.
    event WatcherSet(address indexed watcher, bool watching);

    /// @notice A model needs an id and a signer.
    error IncompleteModel();

    /// @notice These very details were proposed before.
    error AlreadyProposed(bytes32 proposal);

    /// @notice Governance may authorise only what was proposed, to the last detail.
    error NotProposed(bytes32 proposal);

    /// @notice The model is not in a state from which this step leads on.
    error WrongState(bytes32 modelId, State state);

    /// @notice The model's signature does not count now.
    error ModelNotAuthorised(bytes32 modelId, State state);

    /// @notice One key signs for one model.
    error SignerTaken(address signer, bytes32 modelId);

    /// @notice The named predecessor was never authorised.
    error UnknownPredecessor(bytes32 predecessor);

    /// @notice The registry holds no more than 65,535 authorised models.
    error RegistryFull();

    /// @notice The contract is told already, or was not told.
    error WatcherUnchanged(address watcher, bool watching);

    /// @notice The registry tells no more than this many contracts.
    error TooManyWatchers(uint256 most);

    /// @notice No model has this number.
    error UnknownIndex(uint16 index);

    /// @notice Proposes a model for authorisation. Anyone.
    /// @return proposal keccak256(abi.encode(model)), by which the details can be recognised.
    function propose(Model calldata model) external returns (bytes32 proposal);

    /// @notice Lets a proposed model's signature count from now on. The full details are given again, so that
    /// those who vote see what they authorise and nobody can exchange it. Governance only.
    function authorise(Model calldata model) external;

    /// @notice Ends a model's work in peace. Governance only.
    function retire(bytes32 modelId) external;

    /// @notice Ends a model's work in distrust; also possible after it retired. Governance only.
    function revoke(bytes32 modelId, string calldata reason) external;

    /// @notice Tells a contract of every revocation in the same transaction, or ceases to. Governance only.
    function setWatcher(address watcher, bool watching) external;

    /// @notice The contracts that are told of revocations.
    function watchers() external view returns (address[] memory);

    /// @notice How many models were ever revoked.
    function revocations() external view returns (uint16);

    /// @notice Where the model stands in its life.
    function stateOf(bytes32 modelId) external view returns (State);

    /// @notice Whether exactly these details (by hash) were proposed.
    function isProposed(bytes32 proposal) external view returns (bool);

    /// @notice The details of a model that was authorised at some time.
    function modelOf(bytes32 modelId) external view returns (Model memory);

    /// @notice The model with this short number.
    function modelAt(uint16 index) external view returns (bytes32 modelId);

    /// @notice How many models were ever authorised; their numbers run from 1.
    function count() external view returns (uint16);

    /// @notice The model for which an account signs, or zero.
    function modelOfSigner(address signer) external view returns (bytes32 modelId);

    /// @notice The account whose signature counts for the model now, and the model's number.
    /// @dev Reverts with `ModelNotAuthorised` when no signature counts.
    function currentSigner(bytes32 modelId) external view returns (address signer, uint16 index);

    /// @notice Whose signature counted for the model at a time: from the second it was authorised, up to and
    /// without the second it ended. Zero when nobody's did.
    function signerAt(bytes32 modelId, uint256 time) external view returns (address signer);

    /// @notice The span in which the model was authorised; zero where it has no beginning or no end yet.
    function spanOf(bytes32 modelId) external view returns (uint40 from, uint40 until);

    /// @notice Returns if works that the model anchored may be minted, that is if it is authorised or retired;
    /// reverts with `ModelNotAuthorised` otherwise.
    function requireMintable(bytes32 modelId) external view;
}
