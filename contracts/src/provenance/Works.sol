// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC721} from "solady/tokens/ERC721.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {MerkleProofLib} from "solady/utils/MerkleProofLib.sol";

import {ContentId} from "./ContentId.sol";
import {Governed, Pausable} from "./Governed.sol";
import {IAnchors} from "./interfaces/IAnchors.sol";
import {IERC7007} from "./interfaces/IERC7007.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRevocationWatcher} from "./interfaces/IRevocationWatcher.sol";
import {ISplits} from "./interfaces/ISplits.sol";
import {ICreatorToken, ITransferValidator} from "./interfaces/ITransferValidator.sol";
import {Attestation, IWorks} from "./interfaces/IWorks.sol";
import {ModelSignature} from "./ModelSignature.sol";

/// @notice The firm's works.
/// @dev A work costs two words beside its owner's balance: owner with 96 bits of origin, and the metadata digest.
/// The origin (see `_origin`) outlives a burn, which is what keeps a burnt content from coming back.
contract Works is IWorks, IERC7007, ICreatorToken, IRevocationWatcher, Pausable, ERC721, EIP712 {
    bytes32 internal constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(uint256 tokenId,bytes32 recordDigest,bytes32 modelId,bytes32 metadataDigest,bytes32 splitId,bytes32 parentsDigest,address creator)"
    );
    bytes32 internal constant GENERATION_TYPEHASH =
        keccak256("Generation(bytes32 contentDigest,bytes32 recordDigest,bytes32 modelId)");

    uint256 internal constant MOST_PARENTS = 16;
    uint16 internal constant MOST_ROYALTY = 2500;
    uint256 internal constant FULL_BPS = 10_000;

    /// @dev Set in the origin while the work stays where it was minted, with its creator.
    uint96 private constant UNMOVED = 1 << 88;

    /// @inheritdoc IWorks
    IModelRegistry public immutable registry;
    /// @inheritdoc IWorks
    IAnchors public immutable anchors;
    /// @inheritdoc IWorks
    ISplits public immutable revenue;
    /// @inheritdoc IWorks
    uint16 public immutable royaltyBps;

    /// @dev True once the registry tells us of revocations, until it tells of one. Beside `paused` in storage, so
    /// that a lazy mint reads both at once and need not ask the registry as long as nothing was ever revoked.
    bool private _noneRevoked;

    address private _validator;
    string private _name;
    string private _symbol;

    /// @inheritdoc IWorks
    string public contractURI;

    mapping(uint256 tokenId => bytes32) private _metadata;
    mapping(uint256 tokenId => uint256[]) private _parents;

    constructor(
        address governance_,
        IAnchors anchors_,
        ISplits revenue_,
        uint16 royaltyBps_,
        string memory name_,
        string memory symbol_,
        string memory contractURI_
    ) Governed(governance_) {
        if (address(anchors_) == address(0) || address(revenue_) == address(0)) {
            revert ZeroAddress();
        }
        if (royaltyBps_ > MOST_ROYALTY) revert RoyaltyTooHigh(royaltyBps_, MOST_ROYALTY);
        registry = anchors_.registry();
        anchors = anchors_;
        revenue = revenue_;
        royaltyBps = royaltyBps_;
        _name = name_;
        _symbol = symbol_;
        contractURI = contractURI_;
    }

    // ------------------------------------------------------------------ minting and burning

    /// @inheritdoc IWorks
    function mint(
        Attestation calldata attestation,
        uint256[] calldata parents,
        address to,
        bytes calldata signature
    ) external {
        _requireNew(attestation);
        _requireParents(attestation, parents);
        (address expected, uint16 model) = registry.currentSigner(attestation.modelId);
        address recovered = ModelSignature.recover(_hashTypedData(_structHash(attestation)), signature);
        if (recovered != expected) revert WrongSigner(recovered, expected);
        _mintWork(attestation, parents, to, model, _split(attestation));
    }

    /// @inheritdoc IWorks
    function mintLazily(
        Attestation calldata attestation,
        uint256[] calldata parents,
        bytes32 root,
        bytes32[] calldata proof,
        address to
    ) external {
        (uint256 model, uint256 split) = _requireMintable(attestation, parents, root, proof);
        _mintWork(attestation, parents, to, model, split);
    }

    /// @inheritdoc IWorks
    function requireMintable(
        Attestation calldata attestation,
        uint256[] calldata parents,
        bytes32 root,
        bytes32[] calldata proof
    ) external view {
        _requireMintable(attestation, parents, root, proof);
    }

    /// @inheritdoc IWorks
    function burn(uint256 tokenId) external {
        _burn(msg.sender, tokenId);
    }

    function _requireMintable(
        Attestation calldata attestation,
        uint256[] calldata parents,
        bytes32 root,
        bytes32[] calldata proof
    ) private view returns (uint256 model, uint256 split) {
        bool noneRevoked = _requireNew(attestation);
        _requireParents(attestation, parents);
        if (!noneRevoked) registry.requireMintable(attestation.modelId);
        model = _ask(address(anchors), IAnchors.anchoredModel.selector, attestation.modelId, root);
        if (model == 0) revert NotAnchored(attestation.modelId, root);
        bytes32 leaf = _structHash(attestation);
        if (!MerkleProofLib.verifyCalldata(proof, root, leaf)) revert WrongProof(leaf, root);
        split = _split(attestation);
    }

    /// @dev Open, complete, never minted, and asked for by who may ask. Both flags stand in one word, read once.
    function _requireNew(Attestation calldata attestation) private view returns (bool noneRevoked) {
        bool closed;
        assembly ("memory-safe") {
            let word := sload(paused.slot)
            closed := and(0xff, shr(shl(3, paused.offset), word))
            noneRevoked := and(0xff, shr(shl(3, _noneRevoked.offset), word))
        }
        if (closed) revert IsPaused();
        uint256 tokenId = attestation.tokenId;
        if (_getExtraData(tokenId) != 0) revert AlreadyMinted(tokenId);
        address creator = attestation.creator;
        if (msg.sender != creator && !isApprovedForAll(creator, msg.sender)) {
            revert NotCreatorNorOperator(msg.sender, creator);
        }
    }

    function _requireParents(Attestation calldata attestation, uint256[] calldata parents) private view {
        uint256 count = parents.length;
        bytes32 attested = attestation.parentsDigest;
        if (uint256(attested) | count == 0) return;
        bytes32 given = count == 0 ? bytes32(0) : keccak256(abi.encodePacked(parents));
        if (given != attested) revert WrongParents(given, attested);
        if (count > MOST_PARENTS) revert TooManyParents(count, MOST_PARENTS);
        for (uint256 i = 0; i < count; ++i) {
            if (_getExtraData(parents[i]) == 0) revert UnknownParent(parents[i]);
            for (uint256 j = 0; j < i; ++j) {
                if (parents[i] == parents[j]) revert DuplicateParent(parents[i]);
            }
        }
    }

    function _split(Attestation calldata attestation) private view returns (uint256 split) {
        split = _ask(address(revenue), ISplits.splitIndex.selector, attestation.splitId, 0);
        if (split == 0) revert UnknownSplit(attestation.splitId);
    }

    /// @dev A question of one or two words to one of our own contracts, which answers with one word. What the
    /// compiler makes of the same call costs 200 gas more, twice in every lazy mint.
    function _ask(address whom, bytes4 selector, bytes32 first, bytes32 second)
        private
        view
        returns (uint256 answer)
    {
        assembly ("memory-safe") {
            let call_ := mload(0x40)
            mstore(call_, selector)
            mstore(add(call_, 0x04), first)
            mstore(add(call_, 0x24), second)
            if iszero(staticcall(gas(), whom, call_, 0x44, 0x00, 0x20)) {
                returndatacopy(call_, 0x00, returndatasize())
                revert(call_, returndatasize())
            }
            if lt(returndatasize(), 0x20) { revert(0x00, 0x00) }
            answer := mload(0x00)
        }
    }

    function _mintWork(
        Attestation calldata attestation,
        uint256[] calldata parents,
        address to,
        uint256 model,
        uint256 split
    ) private {
        uint256 tokenId = attestation.tokenId;
        address creator = attestation.creator;
        uint256 origin = model | block.timestamp << 16 | split << 56;
        if (to == creator) origin |= UNMOVED;
        _metadata[tokenId] = attestation.metadataDigest;
        if (parents.length != 0) {
            _parents[tokenId] = parents;
            emit Derived(tokenId, parents);
        }
        _mintAndSetExtraDataUnchecked(to, tokenId, uint96(origin));
        emit Minted(tokenId, creator, attestation.recordDigest);
    }

    // ------------------------------------------------------------------ news from the registry

    /// @inheritdoc IRevocationWatcher
    function onWatch(bool watching, bool clean) external {
        if (msg.sender != address(registry)) revert OnlyRegistry(msg.sender);
        _noneRevoked = watching && clean;
    }

    /// @inheritdoc IRevocationWatcher
    function onRevocation() external {
        if (msg.sender != address(registry)) revert OnlyRegistry(msg.sender);
        _noneRevoked = false;
    }

    // ------------------------------------------------------------------ transfers

    function _beforeTokenTransfer(address from, address to, uint256 tokenId) internal override {
        if (from == address(0) || to == address(0)) return;
        // From a person to a person no validator is asked, so none can trap a work: where programs take no part,
        // there is no sale to bind a royalty to.
        if (msg.sender != from || to.code.length != 0) _validate(from, to, tokenId);
        uint96 origin = _getExtraData(tokenId);
        if (origin & UNMOVED != 0) _setExtraData(tokenId, origin ^ UNMOVED);
    }

    /// @dev `ITransferValidator(validator).validateTransfer(msg.sender, from, to, tokenId)`, 300 gas cheaper.
    function _validate(address from, address to, uint256 tokenId) private view {
        address validator = _validator;
        if (validator == address(0)) return;
        bytes4 selector = ITransferValidator.validateTransfer.selector;
        assembly ("memory-safe") {
            let call_ := mload(0x40)
            mstore(call_, selector)
            mstore(add(call_, 0x04), caller())
            mstore(add(call_, 0x24), shr(96, shl(96, from)))
            mstore(add(call_, 0x44), shr(96, shl(96, to)))
            mstore(add(call_, 0x64), tokenId)
            if iszero(staticcall(gas(), validator, call_, 0x84, 0x00, 0x00)) {
                returndatacopy(call_, 0x00, returndatasize())
                revert(call_, returndatasize())
            }
        }
    }

    /// @inheritdoc ICreatorToken
    function getTransferValidator() external view returns (address) {
        return _validator;
    }

    /// @inheritdoc ICreatorToken
    function setTransferValidator(address validator) external onlyGovernance {
        // The call in `_validate` would take an empty account's silence for consent.
        if (validator != address(0) && validator.code.length == 0) revert NotAContract(validator);
        emit TransferValidatorUpdated(_validator, validator);
        _validator = validator;
    }

    /// @inheritdoc ICreatorToken
    function getTransferValidationFunction() external pure returns (bytes4, bool) {
        return (ITransferValidator.validateTransfer.selector, true);
    }

    // ------------------------------------------------------------------ what is known of a work

    /// @inheritdoc IWorks
    function provenanceOf(uint256 tokenId) external view returns (Provenance memory) {
        (uint16 model, uint40 mintedAt, uint32 split,) = _origin(tokenId);
        return Provenance(
            registry.modelAt(model), mintedAt, split, _metadata[tokenId], _ownerOf(tokenId) == address(0)
        );
    }

    /// @inheritdoc IWorks
    function saleTerms(uint256 tokenId) external view returns (uint32, uint16, bool) {
        if (!_exists(tokenId)) revert TokenDoesNotExist();
        (,, uint32 split, bool unmoved) = _origin(tokenId);
        return (split, royaltyBps, unmoved);
    }

    /// @inheritdoc IWorks
    function royaltyInfo(uint256 tokenId, uint256 salePrice) external view returns (address, uint256) {
        (,, uint32 split,) = _origin(tokenId);
        return (revenue.walletOf(split), salePrice * royaltyBps / FULL_BPS);
    }

    /// @inheritdoc IWorks
    function parentsOf(uint256 tokenId) external view returns (uint256[] memory) {
        return _parents[tokenId];
    }

    /// @inheritdoc IWorks
    function wasMinted(uint256 tokenId) external view returns (bool) {
        return _getExtraData(tokenId) != 0;
    }

    /// @dev Origin, from the low bits: model 16, mint time 40, split 32, flags 8. Never zero once minted.
    function _origin(uint256 tokenId)
        private
        view
        returns (uint16 model, uint40 mintedAt, uint32 split, bool unmoved)
    {
        uint96 origin = _getExtraData(tokenId);
        if (origin == 0) revert TokenDoesNotExist();
        return (uint16(origin), uint40(origin >> 16), uint32(origin >> 56), origin & UNMOVED != 0);
    }

    // ------------------------------------------------------------------ hashes and proofs of generation

    /// @inheritdoc IWorks
    function leafOf(Attestation calldata attestation) external pure returns (bytes32) {
        return _structHash(attestation);
    }

    /// @inheritdoc IWorks
    function attestationDigest(Attestation calldata attestation) external view returns (bytes32) {
        return _hashTypedData(_structHash(attestation));
    }

    /// @inheritdoc IWorks
    function generationDigest(bytes32 contentDigest, bytes32 recordDigest, bytes32 modelId)
        external
        view
        returns (bytes32)
    {
        return
            _hashTypedData(keccak256(abi.encode(GENERATION_TYPEHASH, contentDigest, recordDigest, modelId)));
    }

    /// @inheritdoc IERC7007
    function addAigcData(
        uint256 tokenId,
        bytes calldata prompt,
        bytes calldata aigcData,
        bytes calldata proof
    ) external {
        if (!_exists(tokenId)) revert TokenDoesNotExist();
        if (uint256(sha256(aigcData)) != tokenId || !verify(prompt, aigcData, proof)) {
            revert NotVerified(tokenId);
        }
        emit AigcData(tokenId, prompt, aigcData, proof);
    }

    /// @inheritdoc IERC7007
    function verify(bytes calldata prompt, bytes calldata aigcData, bytes calldata proof)
        public
        view
        returns (bool)
    {
        (Attestation memory attestation, bytes memory signature, bytes32 root, bytes32[] memory path) =
            abi.decode(proof, (Attestation, bytes, bytes32, bytes32[]));
        if (sha256(prompt) != attestation.recordDigest) return false;
        if (uint256(sha256(aigcData)) != attestation.tokenId) return false;
        bytes32 leaf = keccak256(abi.encode(ATTESTATION_TYPEHASH, attestation));
        if (signature.length == 0) {
            if (anchors.anchoredAt(attestation.modelId, root) == 0) return false;
            return MerkleProofLib.verify(path, root, leaf);
        }
        address recovered = ModelSignature.recoverMemory(_hashTypedData(leaf), signature);
        return recovered != address(0) && recovered == registry.signerAt(attestation.modelId, block.timestamp);
    }

    /// @dev keccak256(abi.encode(ATTESTATION_TYPEHASH, attestation)) without decoding.
    function _structHash(Attestation calldata attestation) private pure returns (bytes32 hash) {
        bytes32 typeHash = ATTESTATION_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 0x20), attestation, 0xe0)
            hash := keccak256(words, 0x100)
        }
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Medici Works", "1");
    }

    // ------------------------------------------------------------------ the collection

    function name() public view override returns (string memory) {
        return _name;
    }

    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    /// @notice `ipfs://` and the content identifier of the metadata JSON, computed from its digest.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        if (!_exists(tokenId)) revert TokenDoesNotExist();
        return string.concat("ipfs://", ContentId.toString(ContentId.RAW_SHA256, _metadata[tokenId]));
    }

    /// @inheritdoc IWorks
    function refreshMetadata(uint256 tokenId) external {
        if (msg.sender != ownerOf(tokenId) && msg.sender != governance) revert OnlyGovernance(msg.sender);
        emit MetadataUpdate(tokenId);
    }

    /// @inheritdoc IWorks
    function setContractURI(string calldata uri) external onlyGovernance {
        contractURI = uri;
        emit ContractURIUpdated();
    }

    /// @notice ERC-165. Also: 2981 royalties, 4906 metadata updates, 7007 generated content, 721C validators.
    function supportsInterface(bytes4 id) public view override returns (bool) {
        return super.supportsInterface(id) || id == 0x2a55205a || id == 0x49064906
            || id == type(IERC7007).interfaceId || id == type(ICreatorToken).interfaceId;
    }
}
