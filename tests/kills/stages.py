"""What a run was doing when it died: from the points that it reached, and from Dagster's own event log."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

STEPS = {
    "invoice_file": "collecting",
    "approved_invoices": "parsing",
    "map": "mapping",
    "post": "posting",
    "archive": "archiving",
    "every_document_is_in_the_erp": "checking",
}
ORDER = (
    "starting",
    "collecting: before the download",
    "collecting: downloading",
    "collecting: recording the arrival",
    "parsing",
    "mapping",
    "posting: before the lease",
    "posting: looking up what the ERP holds",
    "posting: writing intents",
    "posting: a request is under way",
    "posting: writing answers",
    "posting: between and after requests",
    "archiving: before the move",
    "archiving: moving",
    "archiving: moved, not recorded",
    "checking",
    "between steps, ending",
)


def stage_of(points: Sequence[str], instance: dg.DagsterInstance, run: str) -> str:
    """One of :data:`ORDER`."""
    started = [record.event_log_entry for record in instance.get_records_for_run(run).records]
    open_step = ""
    for entry in started:
        event = entry.dagster_event
        if event is None or event.step_key is None:
            continue
        if event.is_step_start:
            open_step = event.step_key
        elif event.is_step_success or event.is_step_failure:
            open_step = ""
    if not any(entry.dagster_event and entry.dagster_event.is_step_start for entry in started):
        return "starting"
    doing = next((name for ending, name in STEPS.items() if open_step.endswith(ending)), "")
    return _finer(doing, points) if doing else "between steps, ending"


def _finer(doing: str, points: Sequence[str]) -> str:
    last = points[-1] if points else ""
    if doing == "collecting":
        return {
            "before-download": "collecting: downloading",
            "downloaded-not-landed": "collecting: downloading",
            "landed": "collecting: recording the arrival",
        }.get(last, "collecting: before the download")
    if doing == "archiving":
        return {
            "before-archive": "archiving: moving",
            "archived-not-recorded": "archiving: moved, not recorded",
        }.get(last, "archiving: before the move")
    return _posting(points) if doing == "posting" else doing


def _posting(points: Sequence[str]) -> str:
    last = points[-1] if points else ""
    if "leased" not in points:
        return "posting: before the lease"
    if last in {"leased", "verified-not-recorded"}:
        return "posting: looking up what the ERP holds"
    if last == "before-intent":
        return "posting: writing intents"
    if last == "sent-not-recorded":
        return "posting: writing answers"
    flying = points.count("intent-recorded") > points.count("sent-not-recorded")
    return "posting: a request is under way" if flying else "posting: between and after requests"
