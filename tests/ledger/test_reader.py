from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.ledger.firm import MODEL, SmallFirm, model_details

from medici.errors import NotDeployed
from medici.ledger.accounts import Key
from medici.ledger.reader import Reader
from medici.ledger.timelock import govern
from medici.records import Digest, ModelId, WorkId

if TYPE_CHECKING:
    from medici.ledger.rpc import Rpc


@pytest.fixture
def reader(firm: SmallFirm) -> Reader:
    return Reader(firm.rpc, firm.contracts.works.address)


def test_a_firm_is_found_through_its_works(firm: SmallFirm, reader: Reader) -> None:
    assert reader.registry == firm.contracts.registry.address
    assert reader.anchors == firm.contracts.anchors.address
    assert reader.chain_id == 31337
    assert reader.name() == "Bottega"


def test_a_model_and_its_life(firm: SmallFirm, reader: Reader) -> None:
    details = model_details(firm.model)
    found = reader.model(MODEL)
    assert found is not None
    assert found.state == "authorised"
    assert found.signer == firm.model.address
    assert found.weights_sha256 == details.weights_digest
    assert found.data_root == details.data_root
    assert found.record == details.record_digest
    assert found.bias_report == details.bias_report_digest
    assert found.certificate_key == details.certificate_key_digest
    assert found.authorised_from > 0
    assert found.authorised_until == 0
    assert reader.model_of_signer(firm.model.address) == MODEL
    revoke = firm.contracts.registry.revoke(MODEL, "stolen key")
    receipt = govern(firm.sender, firm.contracts.timelock, "revoke", firm.artist, revoke)
    found = reader.model(MODEL)
    assert found is not None
    assert (found.state, found.authorised_until) == ("revoked", receipt.time)


def test_models_that_are_only_proposed_or_unheard_of(firm: SmallFirm, reader: Reader) -> None:
    assert reader.model(ModelId.of(b"unheard of")) is None
    assert reader.model_of_signer(Key.generate().address) is None
    proposed = model_details(Key.generate())._replace(id_=ModelId.of(b"model two"))
    firm.sender.send("propose two", firm.artist, firm.contracts.registry.propose(proposed))
    found = reader.model(ModelId.of(b"model two"))
    assert found is not None
    assert found.state == "proposed"
    assert found.authorised_from == 0


def test_when_a_batch_was_anchored(firm: SmallFirm, reader: Reader) -> None:
    root = Digest.of(b"root")
    assert reader.anchored_at(MODEL, root) is None
    assert reader.anchor_transaction(root) == ""
    receipt = firm.anchor(root, 64)
    assert reader.anchored_at(MODEL, root) == receipt.time
    assert reader.anchor_transaction(root) == receipt.hash
    assert reader.transaction_time(receipt.hash) == receipt.time
    assert reader.transaction_time("0x" + "12" * 32) is None


def test_a_work_from_mint_to_burning(firm: SmallFirm, reader: Reader) -> None:
    work = WorkId.of(b"one")
    assert reader.token(work) is None
    minted = firm.mint("one")
    found = reader.token(work)
    assert found is not None
    assert found.model == MODEL
    assert found.owner == firm.artist.address
    assert found.minted_at == minted.time
    assert found.metadata == firm.attest("one").metadata_digest
    assert found.split == firm.contracts.revenue.split_index(firm.split)
    collector = Key.generate().address
    works = firm.contracts.works
    given = works.transfer_from(firm.artist.address, collector, work.token_id)
    moved = firm.sender.send("give", firm.artist, given)
    history = reader.transfers(work)
    assert [(t.sender, t.receiver, t.time, t.transaction) for t in history] == [
        (None, firm.artist.address, minted.time, minted.hash),
        (firm.artist.address, collector, moved.time, moved.hash),
    ]
    firm.mint("two")
    firm.sender.send("burn", firm.artist, works.burn(WorkId.of(b"two").token_id))
    burnt = reader.token(WorkId.of(b"two"))
    assert burnt is not None
    assert burnt.owner is None
    assert reader.transfers(WorkId.of(b"two"))[-1].receiver is None


def test_no_firm_at_that_address(rpc: Rpc, firm: SmallFirm) -> None:
    for address in (Key.generate().address, firm.contracts.currency.address):
        with pytest.raises(NotDeployed):
            Reader(rpc, address)


def test_reading_imports_neither_codec_nor_signing_nor_models(firm: SmallFirm, rpc: Rpc) -> None:
    code = (
        "import sys\nfrom medici.ledger.reader import Reader\nfrom medici.ledger.rpc import Rpc\n"
        "from medici.records import Address, WorkId\n"
        "Reader(Rpc(sys.argv[1]), Address(sys.argv[2])).token(WorkId('0' * 64))\n"
        "heavy = {'eth_account', 'eth_abi', 'pydantic', 'web3', 'torch', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code, rpc.url, firm.contracts.works.address]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
