// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ContentId} from "medici/provenance/ContentId.sol";

import {Test} from "medici-test/base/Test.sol";

contract ContentIdTest is Test {
    /// @dev Base32 as RFC 4648 tells it: bit by bit, five at a time.
    function plainly(bytes memory data) private pure returns (string memory) {
        bytes memory alphabet = "abcdefghijklmnopqrstuvwxyz234567";
        bytes memory text = new bytes((data.length * 8 + 4) / 5);
        for (uint256 i = 0; i < text.length; ++i) {
            uint256 digit;
            for (uint256 bit = 5 * i; bit < 5 * i + 5; ++bit) {
                uint256 value = bit / 8 < data.length ? uint8(data[bit / 8]) >> (7 - bit % 8) & 1 : 0;
                digit = digit << 1 | value;
            }
            text[i] = alphabet[digit];
        }
        return string.concat("b", string(text));
    }

    function testFuzz_agreesWithTheDefinition(uint32 head, bytes32 digest) public pure {
        assertEq(ContentId.toString(head, digest), plainly(abi.encodePacked(head, digest)));
    }

    function testFuzz_leavesMemoryClean(bytes32 digest, bytes calldata before) public pure {
        // Whatever was written to free memory before, the text ends where it ends and what comes next is untouched.
        bytes memory dirt = before;
        string memory first = ContentId.toString(ContentId.RAW_SHA256, digest);
        string memory second = ContentId.toString(ContentId.RAW_KECCAK256, ~digest);
        assertEq(first, plainly(abi.encodePacked(ContentId.RAW_SHA256, digest)));
        assertEq(second, plainly(abi.encodePacked(ContentId.RAW_KECCAK256, ~digest)));
        assertEq(dirt, before);
        bytes32 tail;
        assembly ("memory-safe") {
            tail := mload(add(first, 0x40))
        }
        // 59 characters, then five zero bytes: an event's data must not carry what lay there.
        assertEq(uint256(tail) & 0xffffffffff, 0);
    }
}
