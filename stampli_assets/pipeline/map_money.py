"""Amounts that need more than a number: foreign currencies and their rates, tax, and what the tax office is told of a line."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from stampli_assets.mapping.rules import TAX_CODES, Clash
from stampli_assets.mapping.verdicts import Found, Hold, Verdict
from stampli_assets.model.frames import MONEY_COLUMNS
from stampli_assets.model.money import Money, exponent
from stampli_assets.pipeline.worksheet import CORRECT_IN_STAMPLI, Worksheet

FLAGS: Mapping[str, bool] = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
_TITLES = {"billable": "Billable", "form_1099": "Form 1099"}
_AMOUNTS = {"invoice_total": "Invoice Total", "line_amount": "Line Amount", "tax_amount": "Tax Amount"}


def amounts(work: Worksheet, currencies: Mapping[str, str]) -> None:
    """The ERP's tax code of each line in ``erp_tax_code``; holds what cannot be sent exactly as it was approved.

    ``currencies`` says which currency the ERP keeps each vendor in, where it says so.
    """
    _vendor_currencies(work, currencies)
    _exchange(work)
    _too_fine(work)
    _tax(work)
    _flags(work)


def _vendor_currencies(work: Worksheet, currencies: Mapping[str, str]) -> None:
    if work.target.foreign_currencies == "send":
        return
    heads = work.heads()
    own = heads["erp_vendor_id"].map(lambda vendor: currencies.get(vendor, ""))
    for at in heads.index[(own != "") & (own != heads["currency"])]:
        currency, vendor = str(heads.at[at, "currency"]), str(heads.at[at, "erp_vendor_id"])
        because = f"the invoice is in {currency}, vendor {vendor} is kept in {own[at]}"
        remedy = (
            "Correct the vendor's currency in the ERP, or map the invoice to the vendor kept in this currency; where the "
            "ERP takes invoices in foreign currencies, set erp.foreign_currencies to send."
        )
        work.hold(at, "Currency", currency, Hold("CURRENCY_DIFFERS", because, remedy))


def _exchange(work: Worksheet) -> None:
    """A rate is positive; the company's own currency has none but one."""
    heads, base = work.heads(), work.target.base_currency
    for at in heads.index[heads["exchange_rate"] != ""]:
        rate, currency = str(heads.at[at, "exchange_rate"]), str(heads.at[at, "currency"])
        if Decimal(rate) <= 0:
            why = Hold("EXCHANGE_RATE", f"{rate} is no exchange rate: it must be more than zero", CORRECT_IN_STAMPLI)
            work.hold(at, "Exchange Rate", rate, why)
        elif currency == base and Decimal(rate) != 1:
            because = f"the invoice is in {base}, the company's own currency, and carries the exchange rate {rate}"
            work.hold(at, "Exchange Rate", rate, Hold("EXCHANGE_RATE", because, CORRECT_IN_STAMPLI))


def _too_fine(work: Worksheet) -> None:
    """The ERP would round what is finer than it keeps."""
    most = work.target.most_decimals
    if most is None:
        return
    frame = work.frame
    for currency in frame["currency"].unique():
        finer = exponent(currency) - most
        if finer <= 0:
            continue
        for column in MONEY_COLUMNS:
            for at in frame.index[(frame["currency"] == currency) & (frame[column] % 10**finer != 0)]:
                amount = Money(int(frame.at[at, column]), currency).labelled
                because = f"{amount} is finer than the ERP keeps amounts: it would round to {most} decimals"
                work.hold(at, _AMOUNTS[column], amount, Hold("AMOUNT_TOO_FINE", because, CORRECT_IN_STAMPLI))


def _tax(work: Worksheet) -> None:
    def match(code: str, day: str) -> Verdict:
        given = work.rules.find(TAX_CODES, (code,), day) or code
        return given.hold("tax code", code) if isinstance(given, Clash) else Found(given)

    frame = work.frame
    frame["erp_tax_code"] = work.look_up(("tax_code", "posting_date"), match, heads_only=False, shown="Tax Code")
    for at in frame.index[frame["tax_amount"] != 0]:
        tax = Money(int(frame.at[at, "tax_amount"]), str(frame.at[at, "currency"])).labelled
        if work.target.tax == "refuse":
            because = f"the line carries {tax} of tax beside its amount, which would be missing from the bill"
            remedy = (
                "Code the tax as a line of type TAX with its GL account in Stampli's template; where the ERP keeps VAT or "
                "GST of its own, set erp.tax to on_top or inclusive."
            )
            work.hold(at, "Tax Amount", tax, Hold("TAX_AMOUNT", because, remedy))
        elif not frame.at[at, "tax_code"]:
            because = f"the line carries {tax} of tax and no tax code, without which the ERP takes no tax"
            work.hold(at, "Tax Code", "", Hold("TAX_CODE_MISSING", because, CORRECT_IN_STAMPLI))


def _flags(work: Worksheet) -> None:
    frame = work.frame
    for column, title in _TITLES.items():
        unread = (frame[column] != "") & ~frame[column].str.lower().isin(FLAGS)
        for at in frame.index[unread]:
            text = str(frame.at[at, column])
            work.hold(at, title, text, Hold("FLAG_UNREADABLE", f"{text!r} is neither Y nor N", CORRECT_IN_STAMPLI))
    for at in frame.index[(frame["form_1099_box"] != "") & (frame["form_1099"] == "")]:
        box = str(frame.at[at, "form_1099_box"])
        because = f"the line names box {box} of form 1099, and does not say whether it is reported (Form 1099: Y or N)"
        work.hold(at, "Form 1099", "", Hold("FORM_1099_MISSING", because, CORRECT_IN_STAMPLI))
