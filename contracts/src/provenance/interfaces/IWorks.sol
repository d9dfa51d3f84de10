// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {IAnchors} from "./IAnchors.sol";
import {IModelRegistry} from "./IModelRegistry.sol";
import {ISplits} from "./ISplits.sol";

/// @notice The model's word on one work; EIP-712 struct of the same name and order.
/// @param tokenId The content digest as a number.
/// @param recordDigest SHA-256 of the generation record (canonical JSON).
/// @param modelId The model that made the work.
/// @param metadataDigest SHA-256 of the metadata JSON, from which `tokenURI` is computed.
/// @param splitId How the income of the work is shared (`Revenue`).
/// @param parentsDigest Zero, or keccak256 of the parents' token ids, packed.
/// @param creator Who may mint the work, and let operators mint it.
struct Attestation {
    uint256 tokenId;
    bytes32 recordDigest;
    bytes32 modelId;
    bytes32 metadataDigest;
    bytes32 splitId;
    bytes32 parentsDigest;
    address creator;
}

/// @title The works: one token per content, on the word of an authorised model
/// @notice The token id is the content digest. A work is minted once, from the model's signature (`mint`) or
/// from a leaf of an anchored batch (`mintLazily`), by its creator or an operator the creator approved. Split,
/// metadata and parents are fixed at mint. A burnt work never returns.
interface IWorks {
    /// @notice What is known of a minted work, burnt or not.
    struct Provenance {
        bytes32 modelId;
        uint40 mintedAt;
        uint32 splitIndex;
        bytes32 metadataDigest;
        bool burnt;
    }

    /// @notice A work was minted. With `provenanceOf` and `parentsOf` this is its whole attestation.
    event Minted(uint256 indexed tokenId, address creator, bytes32 recordDigest);

    /// @notice The work is a derivative of these.
    event Derived(uint256 indexed tokenId, uint256[] parents);

    /// @notice ERC-4906: metadata may be fetched again. It never changes; its files may have become reachable.
    event MetadataUpdate(uint256 _tokenId);

    /// @notice ERC-4906, for a range.
    event BatchMetadataUpdate(uint256 _fromTokenId, uint256 _toTokenId);

    /// @notice ERC-7572: the description of the collection changed.
    event ContractURIUpdated();

    /// @notice This content was minted before, and may since have been burnt.
    error AlreadyMinted(uint256 tokenId);

    /// @notice The signature over the attestation is not the model's.
    error WrongSigner(address recovered, address expected);

    /// @notice Only the creator or an operator whom the creator approved may mint.
    error NotCreatorNorOperator(address caller, address creator);

    /// @notice The model has not anchored this root.
    error NotAnchored(bytes32 modelId, bytes32 root);

    /// @notice The proof does not lead from the attestation to the root.
    error WrongProof(bytes32 leaf, bytes32 root);

    /// @notice The split is not known to `Revenue`; create it first.
    error UnknownSplit(bytes32 splitId);

    /// @notice The parents given are not the ones attested.
    error WrongParents(bytes32 given, bytes32 attested);

    /// @notice A parent was never minted here.
    error UnknownParent(uint256 tokenId);

    /// @notice The same parent is named twice.
    error DuplicateParent(uint256 tokenId);

    /// @notice A work has at most this many parents.
    error TooManyParents(uint256 given, uint256 most);

    /// @notice The royalty is above what this contract accepts.
    error RoyaltyTooHigh(uint16 bps, uint16 most);

    /// @notice A transfer validator must be a contract.
    error NotAContract(address validator);

    /// @notice Only the model registry brings this news.
    error OnlyRegistry(address caller);

    /// @notice The generation shown does not verify.
    error NotVerified(uint256 tokenId);

    /// @notice Mints from the model's signature. Creator or approved operator; the model must be authorised now.
    /// @param parents The works it derives from, as attested by `parentsDigest`; all minted here before.
    /// @param to Who receives the work. No callback is made.
    /// @param signature The model's 65 bytes `r ‖ s ‖ v` over the EIP-712 digest of the attestation.
    function mint(
        Attestation calldata attestation,
        uint256[] calldata parents,
        address to,
        bytes calldata signature
    ) external;

    /// @notice Mints from a batch that the model anchored while it was authorised. Creator or approved operator.
    /// @param root The anchored Merkle root.
    /// @param proof From the attestation's struct hash to the root (keccak-256, sorted pairs).
    function mintLazily(
        Attestation calldata attestation,
        uint256[] calldata parents,
        bytes32 root,
        bytes32[] calldata proof,
        address to
    ) external;

    /// @notice Returns if `mintLazily` by this caller would succeed now, reverts with its typed reason otherwise.
    function requireMintable(
        Attestation calldata attestation,
        uint256[] calldata parents,
        bytes32 root,
        bytes32[] calldata proof
    ) external view;

    /// @notice Destroys a work for ever. Owner or approved.
    function burn(uint256 tokenId) external;

    /// @notice Asks indexers to fetch a work's metadata again. Owner of the work or governance.
    function refreshMetadata(uint256 tokenId) external;

    /// @notice Changes the description of the collection (ERC-7572). Governance only.
    function setContractURI(string calldata uri) external;

    /// @notice What a sale must know: where income goes, the royalty of a resale, and whether the work still
    /// stands where it was minted, with its creator, so that the whole price is income of the work.
    function saleTerms(uint256 tokenId)
        external
        view
        returns (uint32 splitIndex, uint16 royaltyBps, bool firstSale);

    /// @notice What is known of a work that was ever minted.
    function provenanceOf(uint256 tokenId) external view returns (Provenance memory);

    /// @notice The works that a work derives from; empty for an original.
    function parentsOf(uint256 tokenId) external view returns (uint256[] memory);

    /// @notice Whether the work was minted at any time, burnt or not.
    function wasMinted(uint256 tokenId) external view returns (bool);

    /// @notice The EIP-712 struct hash of an attestation: the leaf of the anchored tree.
    function leafOf(Attestation calldata attestation) external pure returns (bytes32);

    /// @notice The EIP-712 digest that the model signs for a direct mint.
    function attestationDigest(Attestation calldata attestation) external view returns (bytes32);

    /// @notice The EIP-712 digest that the model signs inside the file, before any attestation.
    function generationDigest(bytes32 contentDigest, bytes32 recordDigest, bytes32 modelId)
        external
        view
        returns (bytes32);

    /// @notice ERC-7572: the description of the collection.
    function contractURI() external view returns (string memory);

    /// @notice ERC-2981: the split's deposit address, and the royalty of a resale at this price.
    function royaltyInfo(uint256 tokenId, uint256 salePrice)
        external
        view
        returns (address receiver, uint256 royaltyAmount);

    /// @notice The royalty of a resale, in basis points of the price; the same for all works, for ever.
    function royaltyBps() external view returns (uint16);

    /// @notice The registry that says whose signature counts.
    function registry() external view returns (IModelRegistry);

    /// @notice The time stamps that lazy mints rest on.
    function anchors() external view returns (IAnchors);

    /// @notice Where income of the works is shared.
    function revenue() external view returns (ISplits);
}
