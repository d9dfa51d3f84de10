// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TestDollar} from "medici/money/TestDollar.sol";

import {Test} from "medici-test/base/Test.sol";

contract TestDollarTest is Test {
    TestDollar private dollar;
    address private payer;
    uint256 private payerKey;
    address private payee;
    bytes32 private constant NONCE = keccak256("nonce");

    function setUp() public {
        dollar = new TestDollar();
        (payer, payerKey) = makeKey("payer");
        payee = makeAddr("payee");
        dollar.mint(payer, 1000);
    }

    function test_onlyOnLocalChains() public {
        uint256[3] memory real = [uint256(1), 8453, 11_155_111];
        for (uint256 i; i < real.length; ++i) {
            vm.chainId(real[i]);
            vm.expectRevert(abi.encodeWithSelector(TestDollar.OnlyLocalChain.selector, real[i]));
            new TestDollar();
        }
        vm.chainId(1337);
        new TestDollar();
    }

    function test_sixDecimals() public view {
        assertEq(dollar.decimals(), 6);
        assertEq(dollar.symbol(), "TUSD");
        assertEq(dollar.totalSupply(), 1000);
    }

    function test_theDomainIsWhatWalletsCompute() public view {
        bytes32 expected = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256(bytes(dollar.name())),
                keccak256(bytes(dollar.version())),
                block.chainid,
                address(dollar)
            )
        );
        assertEq(dollar.DOMAIN_SEPARATOR(), expected);
    }

    function signed(string memory kind, uint256 key, uint256 after_, uint256 before)
        private
        view
        returns (uint8, bytes32, bytes32)
    {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                kind,
                "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
            )
        );
        return sign(key, keccak256(abi.encode(typeHash, payer, payee, uint256(100), after_, before, NONCE)));
    }

    function sign(uint256 key, bytes32 structHash) private view returns (uint8, bytes32, bytes32) {
        return vm.sign(key, keccak256(abi.encodePacked("\x19\x01", dollar.DOMAIN_SEPARATOR(), structHash)));
    }

    function test_anybodyDeliversASignedTransferOnce() public {
        uint256 before = block.timestamp + 1;
        (uint8 v, bytes32 r, bytes32 s) = signed("TransferWithAuthorization", payerKey, 0, before);
        dollar.transferWithAuthorization(payer, payee, 100, 0, before, NONCE, v, r, s);
        assertEq(dollar.balanceOf(payee), 100);
        assertTrue(dollar.authorizationState(payer, NONCE));
        vm.expectRevert(abi.encodeWithSelector(TestDollar.AuthorizationUsedBefore.selector, payer, NONCE));
        dollar.transferWithAuthorization(payer, payee, 100, 0, before, NONCE, v, r, s);
    }

    function test_onlyThePayeeReceives() public {
        uint256 before = block.timestamp + 1;
        (uint8 v, bytes32 r, bytes32 s) = signed("ReceiveWithAuthorization", payerKey, 0, before);
        vm.expectRevert(abi.encodeWithSelector(TestDollar.OnlyPayee.selector, address(this), payee));
        dollar.receiveWithAuthorization(payer, payee, 100, 0, before, NONCE, v, r, s);
        vm.expectPartialRevert(TestDollar.WrongSigner.selector);
        dollar.transferWithAuthorization(payer, payee, 100, 0, before, NONCE, v, r, s);
        vm.prank(payee);
        dollar.receiveWithAuthorization(payer, payee, 100, 0, before, NONCE, v, r, s);
        assertEq(dollar.balanceOf(payee), 100);
    }

    function test_anAuthorisationHasItsTime() public {
        uint256 now_ = block.timestamp;
        (uint8 v, bytes32 r, bytes32 s) = signed("TransferWithAuthorization", payerKey, now_, now_ + 10);
        vm.expectRevert(abi.encodeWithSelector(TestDollar.AuthorizationNotValidNow.selector, now_, now_ + 10));
        dollar.transferWithAuthorization(payer, payee, 100, now_, now_ + 10, NONCE, v, r, s);
        vm.warp(now_ + 10);
        vm.expectRevert(abi.encodeWithSelector(TestDollar.AuthorizationNotValidNow.selector, now_, now_ + 10));
        dollar.transferWithAuthorization(payer, payee, 100, now_, now_ + 10, NONCE, v, r, s);
        vm.warp(now_ + 9);
        dollar.transferWithAuthorization(payer, payee, 100, now_, now_ + 10, NONCE, v, r, s);
    }

    function test_aCancelledAuthorisationPaysNothing() public {
        bytes32 typeHash = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
        (uint8 v, bytes32 r, bytes32 s) = sign(payerKey, keccak256(abi.encode(typeHash, payer, NONCE)));
        vm.expectPartialRevert(TestDollar.WrongSigner.selector);
        dollar.cancelAuthorization(payee, NONCE, v, r, s);
        dollar.cancelAuthorization(payer, NONCE, v, r, s);
        uint256 before = block.timestamp + 1;
        (v, r, s) = signed("TransferWithAuthorization", payerKey, 0, before);
        vm.expectRevert(abi.encodeWithSelector(TestDollar.AuthorizationUsedBefore.selector, payer, NONCE));
        dollar.transferWithAuthorization(payer, payee, 100, 0, before, NONCE, v, r, s);
    }

    function testFuzz_aStrangersSignatureMovesNothing(uint256 key) public {
        key = bound(key, 1, 1 << 200);
        vm.assume(key != payerKey);
        uint256 before = block.timestamp + 1;
        (uint8 v, bytes32 r, bytes32 s) = signed("TransferWithAuthorization", key, 0, before);
        vm.expectRevert(abi.encodeWithSelector(TestDollar.WrongSigner.selector, vm.addr(key), payer));
        dollar.transferWithAuthorization(payer, payee, 100, 0, before, NONCE, v, r, s);
    }

    function test_noContractIsAllowedByDefault() public view {
        assertEq(dollar.allowance(payer, 0x000000000022D473030F116dDEE9F6B43aC78BA3), 0);
    }
}
