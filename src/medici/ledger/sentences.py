"""One sentence for every typed error that our contracts, and their parts, can give.

Keys are error signatures. Values in braces are the error's arguments; the word behind the colon
says how they are written: ``money``, ``shares``, ``time``, ``id`` (first digits of a digest),
``percent`` (of basis points).
"""

from __future__ import annotations

from typing import NamedTuple


class Sentence(NamedTuple):
    """What to tell people.

    Attributes:
        text: what happened.
        hint: what to do about it.
        funds: whether it is for want of balance or allowance (`NoFunds`).
    """

    text: str
    hint: str = ""
    funds: bool = False


_MARKET = {
    "RevealOver(uint256,uint256)": Sentence(
        "the private reserve of auction {lot} could be shown until {until:time}"
    ),
    "AlreadyOffered(uint256,uint256)": Sentence(
        "work {tokenId:id} is in open auction {lot} already"
    ),
    "BadTerms(string,uint256,uint256,uint256)": Sentence(
        "the term {term} is {value}, which is out of range", "{low} to {high}"
    ),
    "BidTooHigh(uint256)": Sentence("{amount:money} is more than any sum of money"),
    "BidTooLow(uint256,uint256,uint256)": Sentence(
        "bid {amount:money} is below the minimum {minimum:money}", "bid {minimum:money} or more"
    ),
    "Ended(uint256,uint256)": Sentence("bidding on auction {lot} ended at {end:time}"),
    "GasTooLow(uint256)": Sentence("at least {needed} gas must be sent along"),
    "HasBid(uint256,address,uint256)": Sentence(
        "auction {lot} has a bid of {amount:money} by {bidder} and cannot be cancelled"
    ),
    "LotClosed(uint256)": Sentence("auction {lot} is over already"),
    "NotEnded(uint256,uint256)": Sentence(
        "auction {lot} runs until {end:time}", "settle it after that"
    ),
    "NotStarted(uint256,uint256)": Sentence("bidding on auction {lot} begins at {start:time}"),
    "NotTheSeller(address,address)": Sentence(
        "account {caller} may not offer this work; {seller} may"
    ),
    "NothingHeld(uint256,address)": Sentence(
        "the market holds no work {tokenId:id} for account {caller}"
    ),
    "NothingToReveal(uint256)": Sentence("auction {lot} has no private reserve left to show"),
    "RevealPending(uint256,uint256)": Sentence(
        "the seller of auction {lot} may show the private reserve until {until:time}"
    ),
    "SellerCannotBid(uint256)": Sentence("the seller cannot bid on its own auction {lot}"),
    "Undeliverable(uint256,uint256,bytes)": Sentence(
        "the work of auction {lot} cannot be delivered now",
        "from {voidableAt:time} on anybody may void the auction, and the bidder is refunded",
    ),
    "UnknownLot(uint256)": Sentence("there is no auction {lot}"),
    "WrongReveal(uint256)": Sentence(
        "reserve and salt are not what the seller of auction {lot} committed to"
    ),
    "WrongSettlement(uint256,bool)": Sentence(
        "auction {lot} must be settled the other way",
        "settleLazy for a work not yet minted, settle for any other",
    ),
    "WrongWork(uint256)": Sentence("this is not the work that auction {lot} was opened with"),
}

_REVENUE = {
    "AmountTooLarge(uint256)": Sentence("{amount:money} is more than any sum of money"),
    "NothingDue(address,bytes32)": Sentence("nothing of token {token} is due to {account}"),
    "NothingToClimb(uint32,uint32)": Sentence(
        "split {parent} has had its share of split {child} already"
    ),
    "OnlyRevenue(address)": Sentence("only Revenue may do this, not account {caller}"),
    "SweepInstead()": Sentence("the firm's money leaves a deposit address through Revenue only"),
    "WrongRecipients(bytes32)": Sentence("these are not the recipients of split {splitId:id}"),
    "BadDestination(address)": Sentence("money cannot be sent to account {to}"),
    "BadRecipient(bytes32,uint16)": Sentence(
        "a recipient of the split is malformed: {account} with {bps:percent}"
    ),
    "CreditTooLow(address,uint256,uint256)": Sentence(
        "account {account} has a credit of {credit:money}, not {wanted:money}", funds=True
    ),
    "DuplicateRecipient(bytes32)": Sentence("recipient {account} stands in the split twice"),
    "InexactTransfer(uint256,uint256)": Sentence(
        "the settlement token moved {moved:money} when told to move {told:money}",
        "tokens that take a fee or change balances cannot be the firm's money",
    ),
    "NoRecipients()": Sentence("a split needs recipients"),
    "NotAParent(uint32,uint32)": Sentence("split {parent} is no recipient of split {child}"),
    "NotARecipient(uint32,address)": Sentence("account {account} has no share in split {split}"),
    "NothingOwed(address)": Sentence("nothing is owed to account {holder}"),
    "NothingOwed(uint32,address)": Sentence("split {split} owes account {account} nothing"),
    "NothingPaid()": Sentence("there is nothing to pay"),
    "OnlyDepositor(address)": Sentence("account {caller} may not credit income"),
    "SharesNotWhole(uint256)": Sentence(
        "the shares of the split sum to {sum:percent}", "they must sum to 100 %"
    ),
    "SpenderNotAllowed(address,address)": Sentence(
        "account {account} has not allowed {spender} to spend its credit"
    ),
    "UnfitCurrency(address,string)": Sentence("token {currency} cannot be the firm's money: {why}"),
    "UnknownParent(bytes32)": Sentence("the parent split {splitId:id} does not exist"),
    "UnknownSplit(bytes32)": Sentence(
        "the split {splitId:id} does not exist", "create it in Revenue first"
    ),
    "UnknownSplit(uint32)": Sentence("there is no split {split}"),
}

_PROVENANCE = {
    "NotAContract(address)": Sentence("no contract stands at {validator}"),
    "OnlyRegistry(address)": Sentence("only the model registry may do this, not {caller}"),
    "TooManyWatchers(uint256)": Sentence("the registry tells no more than {most} contracts"),
    "WatcherUnchanged(address,bool)": Sentence("{watcher} is told of revocations just as before"),
    "AlreadyAnchored(bytes32,bytes32,uint40)": Sentence(
        "the batch {root:id} was anchored at {time:time} already"
    ),
    "AlreadyMinted(uint256)": Sentence("work {tokenId:id} was minted before"),
    "AlreadyProposed(bytes32)": Sentence("this very model was proposed before"),
    "DuplicateParent(uint256)": Sentence("parent {tokenId:id} is named twice"),
    "EmptyBatch()": Sentence("a batch needs at least one work"),
    "IncompleteModel()": Sentence("a model needs an id and a signer"),
    "IsPaused()": Sentence("new works and batches are paused", "what exists is not touched"),
    "ModelNotAuthorised(bytes32,uint8)": Sentence(
        "model {modelId:id} is not authorised",
        "governance authorises models: medici model propose",
    ),
    "NotAnchored(bytes32,bytes32)": Sentence(
        "model {modelId:id} has not anchored the batch {root:id}", "medici anchor does it"
    ),
    "NotCreatorNorOperator(address,address)": Sentence(
        "account {caller} may not mint this work; {creator} and its operators may"
    ),
    "NotProposed(bytes32)": Sentence("these model details were never proposed"),
    "NotVerified(uint256)": Sentence("the generation of work {tokenId:id} does not verify"),
    "OperatorNotAllowed(address)": Sentence(
        "operator {operator} may not move works: it is not known to pay royalties"
    ),
    "ReceiverNotAllowed(address)": Sentence("program {receiver} may not receive works"),
    "RegistryFull()": Sentence("the registry holds no more models"),
    "RoyaltyTooHigh(uint16,uint16)": Sentence(
        "a royalty of {bps:percent} is above the most, {most:percent}"
    ),
    "SignerTaken(address,bytes32)": Sentence(
        "key {signer} already signs for model {modelId:id}", "one key signs for one model"
    ),
    "TooManyParents(uint256,uint256)": Sentence("{given} parents are more than the {most} allowed"),
    "UnknownIndex(uint16)": Sentence("no model has number {index}"),
    "UnknownParent(uint256)": Sentence("parent {tokenId:id} was never minted"),
    "UnknownPredecessor(bytes32)": Sentence("predecessor {predecessor:id} was never authorised"),
    "WrongParents(bytes32,bytes32)": Sentence("the parents are not those that were attested"),
    "WrongProof(bytes32,bytes32)": Sentence(
        "the proof does not lead from the work to the batch {root:id}"
    ),
    "WrongSigner(address,address)": Sentence(
        "the signature is by {recovered}, not by the model's key {expected}"
    ),
    "WrongState(bytes32,uint8)": Sentence("model {modelId:id} is not in a state for this step"),
}

_GOVERNANCE = {
    "IssueClosed()": Sentence("shares are issued once, before the first dividend"),
    "AlreadyVesting(address)": Sentence("account {holder} has shares that vest already"),
    "BadBuyBack(uint256,uint256,uint256)": Sentence(
        "an offer to buy back needs a price, a budget and a time in the future"
    ),
    "BadVesting(address)": Sentence(
        "the vesting of {holder} must have shares and outlast its cliff"
    ),
    "BudgetTooLow(uint256,uint256)": Sentence(
        "buying back would pay {pays:money}, the budget holds {budget:money}"
    ),
    "BuyBackStands(uint256)": Sentence("an offer to buy back stands until {until:time}"),
    "DividendsOutOfRange(uint256)": Sentence("more dividends than can be counted: {total:money}"),
    "NoBuyBack()": Sentence("no offer to buy back shares stands"),
    "NoShares()": Sentence("the first issue of shares is empty"),
    "NotRevocable(address)": Sentence("account {holder} has no vesting that can be revoked"),
    "NothingToDistribute()": Sentence("nothing has arrived since the last dividend"),
    "OnlyGovernance(address)": Sentence(
        "only governance may do this, not account {caller}", "propose it to the shareholders"
    ),
    "OnlyGuardian(address)": Sentence(
        "only the guardian or governance may do this, not account {caller}"
    ),
    "PriceTooLow(uint256,uint256)": Sentence(
        "the offer pays {pays:money}, less than the {asked:money} asked"
    ),
    "StillVesting(address,uint256,uint256)": Sentence(
        "account {holder} has {free:shares} shares free, not {wanted:shares}", funds=True
    ),
    "ZeroAddress()": Sentence("an address that must be set is zero"),
}

_POOR = Sentence(
    "the money could not be moved: the payer's balance or allowance is too small",
    "get money, or allow the contract to take it",
    funds=True,
)

_MONEY = (
    {
        "AllowanceOverflow()": Sentence("the allowance is too large"),
        "AllowanceUnderflow()": Sentence("the allowance is smaller than what is to be taken off"),
        "AllowanceTooLow(address,address,uint256,uint256)": Sentence(
            "account {payer} lets {taker} take {allowance:money}, not the {needed:money} needed",
            "allow the contract to take the money",
            funds=True,
        ),
        "MoneyTooLow(address,uint256,uint256)": Sentence(
            "account {payer} holds {balance:money}, not the {needed:money} needed", funds=True
        ),
        "PaymentRefused(address,uint256)": Sentence(
            "the settlement token refused to move {amount:money} of account {payer}"
        ),
        "ApproveFailed()": Sentence("the token refused to allow a spender"),
        "AuthorizationNotValidNow(uint256,uint256)": Sentence(
            "the payment authorisation is valid only from {validAfter:time} to {validBefore:time}"
        ),
        "AuthorizationUsedBefore(address,bytes32)": Sentence(
            "this payment authorisation of {authorizer} was used or cancelled before"
        ),
        "ERC20ExceededSafeSupply(uint256,uint256)": Sentence(
            "a supply of {increasedSupply:shares} is above the most, {cap:shares}"
        ),
        "ERC20InsufficientAllowance(address,uint256,uint256)": Sentence(
            "{spender} may take {allowance} units, not the {needed} needed", funds=True
        ),
        "ERC20InsufficientBalance(address,uint256,uint256)": Sentence(
            "account {sender} holds {balance} units, not the {needed} needed", funds=True
        ),
        "ERC20InvalidApprover(address)": Sentence("account {approver} cannot allow anything"),
        "ERC20InvalidReceiver(address)": Sentence("account {receiver} cannot receive this"),
        "ERC20InvalidSender(address)": Sentence("account {sender} cannot send this"),
        "ERC20InvalidSpender(address)": Sentence("account {spender} cannot be allowed to spend"),
        "ERC2612ExpiredSignature(uint256)": Sentence("the permit ended at {deadline:time}"),
        "ERC2612InvalidSigner(address,address)": Sentence(
            "the permit is signed by {signer}, not by {owner}"
        ),
        "ETHTransferFailed()": Sentence("the chain's coin could not be sent"),
        "InsufficientAllowance()": Sentence(
            "the allowance is too small", "allow the contract to take the money", funds=True
        ),
        "InsufficientBalance()": Sentence("the balance is too small", funds=True),
        "InvalidPermit()": Sentence("the permit is not signed by the owner of the money"),
        "OnlyLocalChain(uint256)": Sentence("play money cannot be deployed on chain {chainId}"),
        "OnlyPayee(address,address)": Sentence(
            "only {payee} may collect this payment, not {caller}"
        ),
        "PermitExpired()": Sentence("the permit has ended"),
        "TotalSupplyOverflow()": Sentence("the supply is larger than can be counted"),
        "TotalSupplyQueryFailed()": Sentence("the token does not tell its supply"),
        "TransferFailed()": _POOR,
        "TransferFromFailed()": _POOR,
    }
    | {
        f"Permit2{what}()": Sentence("the token's Permit2 allowance could not be used")
        for what in ("AllowanceIsFixedAtInfinity", "AmountOverflow", "ApproveFailed", "Failed")
    }
    | {"Permit2LockdownFailed()": Sentence("the token's Permit2 allowance could not be locked")}
)

_PARTS = {
    "AccessControlBadConfirmation()": Sentence("a role can be given up only by its holder"),
    "AccessControlUnauthorizedAccount(address,bytes32)": Sentence(
        "account {account} lacks the role {neededRole:id}",
        "only the proposers may propose to the timelock",
    ),
    "AccountBalanceOverflow()": Sentence("an account cannot hold more works"),
    "BalanceQueryForZeroAddress()": Sentence("the zero address holds nothing"),
    "CheckpointUnorderedInsertion()": Sentence("votes were recorded out of order"),
    "ECDSAInvalidSignature()": Sentence("the signature is not valid"),
    "ECDSAInvalidSignatureLength(uint256)": Sentence("the signature has {length} bytes, not 65"),
    "ECDSAInvalidSignatureS(bytes32)": Sentence("the signature is in its malleable form"),
    "ERC5805FutureLookup(uint256,uint48)": Sentence("votes of the future are not known"),
    "FailedCall()": Sentence("a call that was governed failed without a reason"),
    "InvalidAccountNonce(address,uint256)": Sentence(
        "the signed message of {account} is out of order: {currentNonce} comes next"
    ),
    "InvalidShortString()": Sentence("a name is stored wrongly"),
    "NotOwnerNorApproved()": Sentence("only the owner of a work, or whom it approved, may do this"),
    "Reentrancy()": Sentence("the contract was called again while it was working"),
    "SafeCastOverflowedUintDowncast(uint8,uint256)": Sentence(
        "{value} does not fit into {bits} bits"
    ),
    "StringTooLong(string)": Sentence("the text {str} is too long"),
    "TimelockInsufficientDelay(uint256,uint256)": Sentence(
        "a delay of {delay} s is below the timelock's {minDelay} s"
    ),
    "TimelockInvalidOperationLength(uint256,uint256,uint256)": Sentence(
        "the lists of a batch differ in length: {targets}, {payloads} and {values}"
    ),
    "TimelockUnauthorizedCaller(address)": Sentence(
        "only the timelock itself may do this, not account {caller}"
    ),
    "TimelockUnexecutedPredecessor(bytes32)": Sentence(
        "the proposal {predecessorId:id} must be executed before"
    ),
    "TimelockUnexpectedOperationState(bytes32,bytes32)": Sentence(
        "the proposal {operationId:id} is not in a state for this step",
        "its delay may not be over, or it was executed or cancelled",
    ),
    "TokenAlreadyExists()": Sentence("the work was minted before"),
    "TokenDoesNotExist()": Sentence("the work is not minted, or was burnt"),
    "TransferFromIncorrectOwner()": Sentence("the work belongs to another account"),
    "TransferToNonERC721ReceiverImplementer()": Sentence("that program cannot receive works"),
    "TransferToZeroAddress()": Sentence("a work cannot be sent to the zero address"),
    "VotesExpiredSignature(uint256)": Sentence("the signed vote ended at {expiry:time}"),
}

SENTENCES: dict[str, Sentence] = _MARKET | _REVENUE | _PROVENANCE | _GOVERNANCE | _MONEY | _PARTS
