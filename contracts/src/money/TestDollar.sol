// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC3009, IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ERC20} from "solady/tokens/ERC20.sol";

/// @title TestDollar
/// @notice Play money for a chain on one's own machine: ERC-20 with 6 decimals, EIP-2612 and EIP-3009 as USDC has them,
/// and a faucet that anybody may draw from. It cannot be deployed where money is real.
contract TestDollar is ERC20, IERC3009, IERC3009Cancel {
    /// @notice Play money is for local chains (31337, 1337) only.
    error OnlyLocalChain(uint256 chainId);
    /// @notice The authorisation is valid only between these times, both excluded.
    error AuthorizationNotValidNow(uint256 validAfter, uint256 validBefore);
    /// @notice The authorisation was used or cancelled before.
    error AuthorizationUsedBefore(address authorizer, bytes32 nonce);
    /// @notice The signature is not the payer's.
    error WrongSigner(address recovered, address expected);
    /// @notice Only the payee may receive by this kind of authorisation.
    error OnlyPayee(address caller, address payee);

    bytes32 private constant TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant CANCEL_TYPEHASH =
        keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    /// @inheritdoc IERC3009
    mapping(address authorizer => mapping(bytes32 nonce => bool)) public authorizationState;

    constructor() {
        if (block.chainid != 31_337 && block.chainid != 1337) revert OnlyLocalChain(block.chainid);
    }

    /// @notice The faucet: gives `amount` new dollars to anybody.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes32 hash = keccak256(
            abi.encode(TRANSFER_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
        );
        _requireSigned(from, hash, v, r, s);
        _pay(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IERC3009
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        if (msg.sender != to) revert OnlyPayee(msg.sender, to);
        bytes32 hash =
            keccak256(abi.encode(RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce));
        _requireSigned(from, hash, v, r, s);
        _pay(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IERC3009Cancel
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external {
        _requireSigned(authorizer, keccak256(abi.encode(CANCEL_TYPEHASH, authorizer, nonce)), v, r, s);
        _use(authorizer, nonce);
        emit AuthorizationCanceled(authorizer, nonce);
    }

    /// @notice Name of the token, and of its EIP-712 domain.
    function name() public pure override returns (string memory) {
        return "Test Dollar";
    }

    /// @notice Short name.
    function symbol() public pure override returns (string memory) {
        return "TUSD";
    }

    /// @notice As USDC.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice Version of the EIP-712 domain, as USDC tells its own.
    function version() external pure returns (string memory) {
        return "1";
    }

    function _pay(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce
    ) private {
        if (block.timestamp <= validAfter || block.timestamp >= validBefore) {
            revert AuthorizationNotValidNow(validAfter, validBefore);
        }
        _use(from, nonce);
        emit AuthorizationUsed(from, nonce);
        _transfer(from, to, value);
    }

    function _use(address authorizer, bytes32 nonce) private {
        if (authorizationState[authorizer][nonce]) revert AuthorizationUsedBefore(authorizer, nonce);
        authorizationState[authorizer][nonce] = true;
    }

    function _requireSigned(address signer, bytes32 structHash, uint8 v, bytes32 r, bytes32 s) private view {
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), structHash));
        address recovered = ECDSA.recover(digest, v, r, s);
        if (recovered != signer) revert WrongSigner(recovered, signer);
    }

    function _constantNameHash() internal pure override returns (bytes32) {
        return keccak256("Test Dollar");
    }

    /// @dev No contract may move dollars that nobody allowed it to.
    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}
