"""The guards, each with how it is taken out and a test that must die without it.

``docs/reliability.md`` shows this list; a test keeps the two the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from lxml import etree

from stampli_assets.defs import failures
from stampli_assets.intacct import attachments, bills, gateway, replies, sending, wire
from stampli_assets.landing import store as landing
from stampli_assets.ledger import conflicts, journal, leases, migrations, postings, replay, schema, transitions
from stampli_assets.mapping import rules
from stampli_assets.model import identity
from stampli_assets.model.documents import Kind
from stampli_assets.model.outcome import Posted, Refused
from stampli_assets.network import exchange
from stampli_assets.pipeline import attach, billing, collect, map_documents, map_money, post, send_home
from stampli_assets.reports import audit
from stampli_assets.sftp import connection, inbox
from stampli_assets.stampli import homecoming
from stampli_assets.x3 import bills as x3_bills
from stampli_assets.x3 import folder


@dataclass(frozen=True)
class Guard:
    """``name`` as people call it; ``taken_out`` sabotages the product in this process; ``test`` must fail then."""

    name: str
    taken_out: Callable[[], None]
    test: str


def _put(place: Any, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(place, name, value)


def _a_key_of_every_file() -> None:
    honest = billing.posting_key
    names = iter(range(10**9))
    billing.posting_key = lambda **given: honest(**{**given, "company": f"{given['company']}{next(names)}"})


def _anybody_may_mark() -> None:
    where = postings.postings.c.key == postings.bindparam("its_key")
    values = {name: postings.bindparam(name) for name in postings._WRITTEN_ON_SENDING}
    postings._MARK = postings.postings.update().where(where).values(values)


def _no_intents() -> None:
    def mark(self: Any, intents: Any, source: Any, lease: Any) -> Any:
        return [replace(one.posting, state=postings.State.SENDING, intent_at=self.now()) for one in intents]

    postings.Postings.mark_sending = mark


def _never_stale() -> None:
    post.Pace.__init__.__defaults__ = (*post.Pace.__init__.__defaults__[:-1], timedelta(days=100))


def _changed_is_the_same() -> None:
    postings._with_conflict = lambda posting, bill, beside, source: posting
    post._against = lambda posting, bill, source: posting


def _by_position(results: Sequence[Any]) -> Mapping[str, list[Any]]:
    ids = sorted(result.control_id for result in results)
    return {control_id: [result] for control_id, result in zip(ids, results, strict=True)}


def _first_result_counts() -> None:
    honest = sending.outcome
    sending.outcome = lambda results: honest(results[:1]) if results else Refused(())


def _half_a_reply_is_a_reply() -> None:
    honest = etree.XMLParser
    lenient = {**vars(etree), "XMLParser": lambda **given: honest(**{**given, "recover": True})}
    replies.etree = SimpleNamespace(**lenient)


def _a_new_control_id_for_every_try() -> None:
    honest = transitions.after

    def after(posting: Any, verdict: Any) -> Any:
        change = honest(posting, verdict)
        if type(verdict).__name__ == "ProvenAbsent" and change is not None:
            change["epoch"] = posting.epoch + 1
        return change

    postings.after = after


def _absence_is_always_believed() -> None:
    post._is_over = lambda posting, asked_at, settle: asked_at - posting.intent_at >= settle


def _the_lease_is_for_everybody() -> None:
    honest = leases.Leases.take
    numbers = iter(range(10**9))
    leases.Leases.take = lambda self, name, holder: honest(self, f"{name} {next(numbers)}", holder)


def _numbers_as_they_are() -> None:
    conflicts.folded = postings.folded = lambda number: number


def _every_document_is_a_bill() -> None:
    map_documents.kind_of = billing.kind_of = lambda document_type: Kind.BILL


def _all_lost_answers_are_certain() -> None:
    wire._meaning = lambda error: wire.TurnedAway("lost")


def _opened_unseen(self: Any, landed: Any) -> Any:
    return self.files.open(self._object(landed.digest), "rb")


def _retry_everything() -> None:
    failures.StampliAssetsError, failures.Defect = (), ()  # nothing is told apart any more
    failures.Transient = Exception


def _put_without_a_receipt(name: str, content: bytes, *, directory: str, outbox: Any, **_: Any) -> bool:
    return bool(outbox.put(directory, name, content))


GUARDS = (
    Guard("posting key", _a_key_of_every_file, "tests/pipeline/test_billing_keys.py::test_a_document_keeps_its_key_whatever_file_it_comes_in"),
    Guard("what goes into a key", _put(identity, "digest", lambda parts: "0" * 64), "tests/model/test_money_and_identity.py::test_each_part_of_a_posting_key_matters"),
    Guard("one of two workers", _anybody_may_mark, "tests/ledger/test_postings.py::test_only_one_of_two_workers_gets_to_send"),
    Guard("one document per vendor and number", _put(conflicts, "_same_books", lambda row, source: False), "tests/ledger/test_postings.py::test_two_stampli_vendors_that_map_to_one_cannot_both_post_a_number"),
    Guard("unique index", lambda: schema.postings.indexes.discard(schema.one_document_in_the_erp), "tests/ledger/test_postings.py::test_the_database_itself_refuses_the_twin_that_a_race_let_through"),
    Guard("intent before send", _no_intents, "tests/crash/test_harness.py::test_when_a_create_reaches_the_erp_another_program_can_read_its_intent"),
    Guard("settle window", _put(post, "_is_over", lambda *_: True), "tests/pipeline/test_post.py::test_a_lost_request_waits_for_the_settle_window_and_is_then_sent_under_the_same_control_id"),
    Guard("stale intents", _never_stale, "tests/pipeline/test_post.py::test_an_intent_that_got_old_before_it_was_sent_is_not_sent"),
    Guard("read back by what was sent", _put(post, "replace", lambda bill, **_: bill), "tests/pipeline/test_post.py::test_what_was_sent_is_read_back_by_the_vendor_that_it_was_sent_to"),
    Guard("first look", _put(post, "_adopt_what_is_there", lambda bills, standing, ready, desk: ready), "tests/pipeline/test_post.py::test_a_bill_that_was_keyed_by_hand_is_adopted_when_it_agrees_and_held_when_not"),
    Guard("amount of what is found", _put(post, "_verdict_on_found", lambda posting, records: Posted(records[0])), "tests/pipeline/test_post.py::test_a_read_back_that_finds_another_amount_is_for_a_person"),
    Guard("fingerprint", _changed_is_the_same, "tests/pipeline/test_post.py::test_a_posted_bill_that_comes_changed_is_held_and_nothing_is_sent"),
    Guard("control id of results", _put(gateway, "_by_control_id", _by_position), "tests/intacct/test_intacct_bills.py::test_results_are_matched_by_control_id_whatever_their_order"),
    Guard("one result per function", _first_result_counts, "tests/intacct/test_intacct_bills.py::test_a_missing_result_is_unknown_and_the_others_are_not"),
    Guard("whole replies", _half_a_reply_is_a_reply, "tests/intacct/test_intacct_bills.py::test_a_reply_cut_at_any_byte_is_never_mistaken"),
    Guard("lost answers are unknown", _all_lost_answers_are_certain, "tests/intacct/test_intacct_bills.py::test_whatever_may_have_been_kept_is_unknown"),
    Guard("same control id on a resend", _a_new_control_id_for_every_try, "tests/pipeline/test_post.py::test_a_commit_that_shows_long_after_the_window_is_known_to_the_gateway_and_never_doubled"),
    Guard("the ERP's own word", _absence_is_always_believed, "tests/pipeline/test_post.py::test_what_the_erp_has_taken_and_does_not_show_waits_for_a_person_who_says_that_it_is_absent"),
    Guard("lease", _the_lease_is_for_everybody, "tests/ledger/test_leases.py::test_only_one_holder_at_a_time_and_the_number_grows_with_every_taking"),
    Guard("fencing number", _put(postings, "prolong", lambda *_: None), "tests/ledger/test_leases.py::test_a_lease_ends_by_the_ledgers_clock_and_its_former_holder_may_not_send"),
    Guard("lookalike numbers", _numbers_as_they_are, "tests/pipeline/test_post.py::test_a_number_that_differs_only_in_case_or_spaces_is_flagged_until_a_person_says_that_it_is_another"),
    Guard("posted never changes", _put(transitions, "_same_record", lambda *_: None), "tests/ledger/test_postings.py::test_a_second_record_number_for_a_posted_bill_is_a_defect_and_not_recorded"),
    Guard("legal transitions", _put(transitions, "LEGAL", {kind: frozenset(postings.State) for kind in transitions.LEGAL}), "tests/ledger/test_postings.py::test_nothing_is_recorded_of_a_bill_that_was_never_sent"),
    Guard("total as sent", _put(post, "_as_sent", lambda document, outcome: outcome), "tests/x3/test_x3_credits.py::test_a_cent_that_x3_lets_pass_is_found_and_held"),
    Guard("kind of what is found", _put(x3_bills, "family", lambda row, names: None), "tests/x3/test_x3_credits.py::test_an_invoice_and_a_credit_of_one_number_are_two_documents"),
    Guard("two looks at a file", _put(collect.Looks, "as_before", lambda self, file: True), "tests/collect/test_collect.py::test_a_file_is_taken_only_when_two_looks_agree"),
    Guard("size and time of a download", _put(inbox, "_unchanged", lambda *_: None), "tests/sftp/test_sftp_inbox.py::test_a_file_that_was_replaced_by_one_of_its_size_is_not_taken"),
    Guard("digest of landed bytes", _put(landing.LandingStore, "open", _opened_unseen), "tests/collect/test_collect.py::test_a_landed_copy_that_was_altered_is_never_used"),
    Guard("digest of archived bytes", _put(inbox.SftpInbox, "_verify", lambda *_: None), "tests/sftp/test_sftp_inbox.py::test_bytes_that_are_not_what_was_collected_are_noticed_in_archive"),
    Guard("archive never overwrites", _put(inbox.SftpInbox, "_free_name", lambda self, client, name, digest: name), "tests/collect/test_collect.py::test_an_archived_file_that_is_put_back_is_archived_beside_its_first_copy"),
    Guard("host key", _put(connection, "identify", lambda *_: None), "tests/sftp/test_sftp_inbox.py::test_a_stranger_learns_no_password"),
    Guard("deadline of a whole exchange", _put(exchange.Severable, "_cut", lambda *_: None), "tests/hostile/test_servers.py::test_an_answer_that_trickles_is_late_as_a_whole"),
    Guard("another company's data", _put(gateway, "_is_ours", lambda *_: True), "tests/hostile/test_servers.py::test_another_companys_data_is_not_ours"),
    Guard("domain of a pairing", _put(folder, "_domain", lambda host: ""), "tests/hostile/test_servers.py::test_a_pairing_is_followed_within_the_domain_of_its_region_only"),
    Guard("giant packet", _put(connection, "MOST_PACKET_BYTES", 10**9), "tests/hostile/test_sftp_servers.py::test_a_packet_that_no_server_needs_is_not_taken_in"),
    Guard("chained journal", _put(journal, "digest_of", lambda *_: "0" * 64), "tests/ledger/test_ledger_books.py::test_an_edit_behind_the_programs_back_is_found"),
    Guard("tables as the journal tells", _put(replay.Replay, "compare", lambda *_: iter(())), "tests/ledger/test_trail.py::test_an_edit_of_the_database_is_told_with_the_value_that_was_written"),
    Guard("end of the journal", _put(replay.Replay, "_cut_off", lambda self: None), "tests/ledger/test_trail.py::test_a_tail_that_is_cut_off_is_found_by_the_anchor_alone_where_the_tables_were_cut_too"),
    Guard("formulas in audit exports", _put(audit, "harmless", str), "tests/cli/test_audit.py::test_no_cell_of_an_export_is_a_formula"),
    Guard("newer ledger", _put(migrations, "NEWEST", 10**6), "tests/ledger/test_ledger_books.py::test_a_ledger_of_a_newer_program_is_not_touched"),
    Guard("formulas in reject files", _put(homecoming, "_is_risky", lambda cell: False), "tests/pipeline/test_send_home.py::test_a_cell_that_a_spreadsheet_would_run_is_neutralised_and_comes_back"),
    Guard("rows that were filled up", _put(homecoming, "_still_apart", lambda rules: []), "tests/pipeline/test_send_home.py::test_a_row_that_cannot_be_told_apart_stays_rejected_however_it_is_saved_until_a_person_has_looked"),
    Guard("receipt of a delivery", _put(send_home, "deliver", _put_without_a_receipt), "tests/pipeline/test_send_home.py::test_a_delivered_file_that_was_taken_away_is_not_put_again_but_into_another_directory_it_is"),
    Guard("credits are documents of their own", _every_document_is_a_bill, "tests/mapping/test_mapping_documents.py::test_an_invoice_and_a_credit_memo_of_one_number_are_two_documents"),
    Guard("credits are looked up among credits", _put(bills, "OBJECTS", dict.fromkeys(bills.OBJECTS, "APBILL")), "tests/pipeline/test_credits.py::test_a_credit_whose_answer_was_lost_is_found_among_the_adjustments_and_not_among_the_bills"),
    Guard("one Stampli document, one kind", _put(conflicts, "_stampli_ids_of", str), "tests/ledger/test_kinds.py::test_a_stampli_document_that_was_posted_as_an_invoice_is_not_posted_as_a_credit_too"),
    Guard("sign of a credit", _put(bills, "turned", lambda amount, company: amount), "tests/intacct/test_intacct_credits.py::test_a_credit_is_an_adjustment_in_the_companys_sign_and_found_in_stamplis"),
    Guard("amounts are never rounded", _put(map_money, "_too_fine", lambda work: None), "tests/mapping/test_mapping_documents.py::test_an_amount_finer_than_the_erp_keeps_is_held_and_never_rounded"),
    Guard("clashing patterns", _put(rules, "Clash", lambda fitting: fitting[0]), "tests/mapping/test_patterns.py::test_two_patterns_of_one_priority_that_fit_hold_the_document_with_both_rows"),
    Guard("look before an attachment is made", _put(attachments.IntacctAttachments, "_is_there", lambda *_: False), "tests/intacct/test_intacct_attachments.py::test_done_again_by_another_run_it_changes_nothing"),
    Guard("what a person attached", _put(attach, "attachment_id", lambda key: "OWN-1"), "tests/dagster/test_attachments.py::test_what_a_person_attached_in_intacct_stays"),
    Guard("images are what they say", _put(attach, "why_not_inside", lambda *_: ""), "tests/dagster/test_attachments.py::test_what_is_no_image_is_never_attached"),
    Guard("a person's failure is not repeated", _retry_everything, "tests/dagster/test_failures.py::test_a_persons_failure_is_never_repeated_by_the_op"),
)  # fmt: skip
