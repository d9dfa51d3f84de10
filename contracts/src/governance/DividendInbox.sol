// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title DividendInbox
/// @notice An address where dividends arrive, and nothing else: only its maker can take them. Kept apart from what the
/// maker owes already, so that new money needs no bookkeeping to be told from old.
contract DividendInbox {
    constructor(address currency) {
        SafeTransferLib.safeApprove(currency, msg.sender, type(uint256).max);
    }
}
