from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from stampli_assets.model.findings import End, Finding, OpenFinding
from stampli_assets.pipeline.again import changed_since, worth_trying_again

SINCE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def standing(end: End, partition: str = "p1", code: str = "CODE") -> OpenFinding:
    finding = Finding(end, "INV-1", code, "It happened.", "Do this.")
    return OpenFinding(finding, "acme_us", partition, "a.csv", "run", SINCE, SINCE)


def tries(*found: OpenFinding, minutes: float = 0, rules: str = "r1", posted: str = "3"):
    circumstances = {"mapping rules": rules, "ERP masters": "m1"}
    return worth_trying_again(found, circumstances=circumstances, posted=posted, now=SINCE + timedelta(minutes=minutes))


def test_an_unreachable_erp_is_asked_at_doubling_intervals():
    tokens = [tuple(one.token for one in tries(standing(End.WAITING), minutes=minute)) for minute in range(64)]
    changes = [minute for minute in range(1, 64) if tokens[minute] != tokens[minute - 1]]
    assert changes == [2, 4, 8, 16, 32]


def test_the_pause_never_grows_beyond_some_hours():
    hours = range(100)
    tokens = [tuple(one.token for one in tries(standing(End.WAITING), minutes=60 * hour)) for hour in hours]
    changes = [hour for hour in hours[1:] if tokens[hour] != tokens[hour - 1]]
    assert max(later - earlier for earlier, later in itertools.pairwise(changes)) <= 5


def test_a_payment_that_waits_for_its_bill_is_tried_when_a_bill_was_posted_and_others_are_not():
    awaited = standing(End.WAITING, code="BILL_NOT_POSTED")
    assert tries(awaited, posted="4")[0].token != tries(awaited, posted="3")[0].token
    assert tries(standing(End.WAITING), posted="4") == tries(standing(End.WAITING), posted="3") == []


def test_a_hold_is_worth_a_try_for_each_new_version_of_the_rules_and_not_for_time():
    first = tries(standing(End.HELD))
    assert tries(standing(End.HELD), minutes=500)[0].token == first[0].token
    assert tries(standing(End.HELD), rules="r2")[0].token != first[0].token


def test_a_hold_met_for_the_first_time_was_just_tried_and_a_lost_answer_was_not():
    assert changed_since(tries(standing(End.HELD)), {}) == []
    assert [one.partition for one in changed_since(tries(standing(End.UNKNOWN), minutes=3), {})] == ["p1"]


def test_a_try_is_made_once_per_change():
    (one,) = tries(standing(End.HELD), rules="r2")
    assert changed_since([one], {"p1": "another"}) == [one]
    assert changed_since([one], {"p1": one.token}) == []


def test_a_file_with_several_reasons_is_one_try():
    assert len(tries(standing(End.HELD), standing(End.UNKNOWN), minutes=3)) == 1


def test_what_is_settled_or_refused_whole_is_left_alone():
    assert tries(standing(End.REJECTED), standing(End.FILE_REFUSED, "p2"), minutes=500) == []
