"""What Dagster may retry, on each of its three paths."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
import yaml

from stampli_assets.defs.failures import MOST_RETRIES, told_to_dagster
from stampli_assets.model.errors import Defect, FileRefused, Misconfigured, StampliAssetsError, Transient, Unsettled

ROOT = Path(__file__).resolve().parents[2]


def context(tries: int = 0) -> SimpleNamespace:
    return SimpleNamespace(retry_number=tries, log=logging.getLogger("test"))


@pytest.mark.parametrize("tries", range(MOST_RETRIES))
def test_a_transient_failure_backs_off_with_doubling_waits(tries):
    with pytest.raises(dg.RetryRequested) as asked, told_to_dagster(context(tries)):
        raise Transient("The server does not answer.")
    least = 5 * 2**tries
    assert least <= asked.value.seconds_to_wait <= 1.5 * least


def test_a_transient_failure_that_lasts_ends_the_run_in_its_sentence():
    with pytest.raises(dg.Failure) as ended, told_to_dagster(context(MOST_RETRIES)):
        raise Transient("The server does not answer.", remedy="Ask Stampli.")
    assert (ended.value.description, ended.value.allow_retries) == ("The server does not answer. Ask Stampli.", False)


@pytest.mark.parametrize("kind", [Misconfigured, FileRefused, Unsettled, StampliAssetsError, Defect])
def test_a_persons_failure_is_never_repeated_by_the_op(kind):
    with pytest.raises(dg.Failure) as ended, told_to_dagster(context(), {"Held": 1}):
        raise kind("A person must look.")
    assert ended.value.allow_retries is False
    assert "A person must look." in ended.value.description
    assert ended.value.metadata["Held"].value == 1


def test_run_retries_are_for_vanished_processes_only():
    configured = yaml.safe_load((ROOT / "dagster.yaml").read_text())["run_retries"]
    assert (configured["enabled"], configured["retry_on_asset_or_op_failure"]) == (True, False)
