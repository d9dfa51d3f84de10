// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "solady/utils/ECDSA.sol";

/// @notice The one form in which a model's signature is accepted: 65 bytes `r ‖ s ‖ v`, s in the lower half.
/// @dev A model's key is a plain secp256k1 key, so ERC-1271 has no place here. Source: EIP-2 on low s.
library ModelSignature {
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Who signed, or zero if the signature is malformed.
    function recover(bytes32 digest, bytes calldata signature) internal view returns (address) {
        if (signature.length != 65) return address(0);
        uint256 s;
        assembly ("memory-safe") {
            s := calldataload(add(signature.offset, 0x20))
        }
        return s > HALF_ORDER ? address(0) : ECDSA.tryRecoverCalldata(digest, signature);
    }

    /// @notice The same, for a signature in memory.
    function recoverMemory(bytes32 digest, bytes memory signature) internal view returns (address) {
        if (signature.length != 65) return address(0);
        uint256 s;
        assembly ("memory-safe") {
            s := mload(add(signature, 0x40))
        }
        return s > HALF_ORDER ? address(0) : ECDSA.tryRecover(digest, signature);
    }
}
