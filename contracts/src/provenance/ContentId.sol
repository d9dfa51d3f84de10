// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Content identifiers, version 1, in base32: what IPFS calls a file or a block.
/// @dev Source: multiformats/cid, RFC 4648 section 6 (lower case, no padding).
library ContentId {
    /// @dev CIDv1, codec raw, multihash sha2-256 of 32 bytes.
    uint32 internal constant RAW_SHA256 = 0x01551220;

    /// @dev CIDv1, codec raw, multihash keccak-256 of 32 bytes.
    uint32 internal constant RAW_KECCAK256 = 0x01551b20;

    /// @notice The text of the identifier with this four-byte head: `b` and 58 characters.
    function toString(uint32 head, bytes32 digest) internal pure returns (string memory cid) {
        // Head and digest are 288 bits: 32 characters hold the first 160, 26 the other 128 and two zeros.
        uint256 first = _encode(uint256(head) << 128 | uint256(digest) >> 128);
        uint256 second = _encode(uint256(uint128(uint256(digest))) << 32);
        assembly ("memory-safe") {
            cid := mload(0x40)
            mstore(0x40, add(cid, 0x60))
            mstore(cid, 59)
            mstore8(add(cid, 0x20), 0x62)
            mstore(add(cid, 0x21), first)
            // The last six characters belong to nothing; what follows the text stays clean.
            mstore(add(cid, 0x41), and(second, not(0xffffffffffff)))
        }
    }

    /// @dev The 32 base32 characters of the low 160 bits, all at once: halves each lane five times until every
    /// byte holds five bits, then turns 0–25 into a–z and 26–31 into 2–7.
    function _encode(uint256 bits) private pure returns (uint256 text) {
        unchecked {
            text = bits;
            text = (text << 48 & 0x000000000000ffffffffffffffffffff00000000000000000000000000000000)
                | (text & 0x00000000000000000000000000000000000000000000ffffffffffffffffffff);
            text = (text << 24 & 0x000000ffffffffff0000000000000000000000ffffffffff0000000000000000)
                | (text & 0x0000000000000000000000ffffffffff0000000000000000000000ffffffffff);
            text = (text << 12 & 0x000fffff00000000000fffff00000000000fffff00000000000fffff00000000)
                | (text & 0x00000000000fffff00000000000fffff00000000000fffff00000000000fffff);
            text = (text << 6 & 0x03ff000003ff000003ff000003ff000003ff000003ff000003ff000003ff0000)
                | (text & 0x000003ff000003ff000003ff000003ff000003ff000003ff000003ff000003ff);
            text = (text << 3 & 0x1f001f001f001f001f001f001f001f001f001f001f001f001f001f001f001f00)
                | (text & 0x001f001f001f001f001f001f001f001f001f001f001f001f001f001f001f001f);
            uint256 digits = ((text + 0x0606060606060606060606060606060606060606060606060606060606060606)
                    >> 5) & 0x0101010101010101010101010101010101010101010101010101010101010101;
            text = text + 0x6161616161616161616161616161616161616161616161616161616161616161 - 73 * digits;
        }
    }
}
