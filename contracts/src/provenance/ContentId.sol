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
        assembly ("memory-safe") {
            cid := mload(0x40)
            mstore(0x40, add(cid, 0x60))
            mstore(cid, 59)
            let out := add(cid, 0x20)
            let alphabet := "abcdefghijklmnopqrstuvwxyz234567"
            mstore8(out, 0x62)
            out := add(out, 1)
            // 288 bits do not fit a word: seven characters hold the head and three bits of the digest,
            let bits := or(shl(3, head), shr(253, digest))
            for { let shift := 30 } 1 { shift := sub(shift, 5) } {
                mstore8(out, byte(and(shr(shift, bits), 31), alphabet))
                out := add(out, 1)
                if iszero(shift) { break }
            }
            // fifty-one hold the other 253 and two zeros.
            bits := shl(3, digest)
            for { let shift := 251 } 1 { shift := sub(shift, 5) } {
                mstore8(out, byte(and(shr(shift, bits), 31), alphabet))
                out := add(out, 1)
                if eq(shift, 1) { break }
            }
        }
    }
}
