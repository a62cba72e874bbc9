"""Reading: ``query`` with its filters and pages, ``readByQuery`` and ``readMore``, ``read``, ``lookup``."""

from __future__ import annotations

import fnmatch
import itertools
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.replies import Done, FunctionFailure, element

MOST_VALUES = 1000
MASTERS = {
    "VENDOR": "vendors", "GLACCOUNT": "accounts", "DEPARTMENT": "departments", "LOCATION": "locations",
    "LOCATIONENTITY": "entities", "PROJECT": "projects", "CLASS": "classes", "CUSTOMER": "customers",
    "EMPLOYEE": "employees", "ITEM": "items", "APTERM": "terms", "CHECKINGACCOUNT": "checking_accounts",
}  # fmt: skip
FIELDS = {
    "APBILL": (
        "RECORDNO RECORDTYPE RECORDID STATE RAWSTATE VENDORID VENDORNAME DOCNUMBER DESCRIPTION TERMNAME WHENCREATED WHENPOSTED "
        "WHENDUE WHENPAID BASECURR CURRENCY TRX_TOTALENTERED TRX_TOTALPAID TRX_TOTALDUE AUWHENCREATED SUPDOCID MEGAENTITYID "
        "EXCH_RATE_DATE EXCH_RATE_TYPE_ID EXCHANGE_RATE TOTALENTERED INCLUSIVETAX TAXSOLUTIONID"
    ).split(),
    "APADJUSTMENT": (
        "RECORDNO RECORDTYPE RECORDID STATE VENDORID VENDORNAME DOCNUMBER DESCRIPTION WHENCREATED WHENPOSTED BASECURR CURRENCY "
        "EXCH_RATE_DATE EXCH_RATE_TYPE_ID EXCHANGE_RATE TOTALENTERED TRX_TOTALENTERED TRX_TOTALPAID TRX_TOTALDUE "
        "AUWHENCREATED MEGAENTITYID"
    ).split(),
    "APBILLITEM": (
        "RECORDKEY LINE_NO ACCOUNTNO TRX_AMOUNT ENTRYDESCRIPTION LOCATIONID DEPARTMENTID PROJECTID TASKID CUSTOMERID EMPLOYEEID "
        "ITEMID CLASSID FORM1099 FORM1099TYPE FORM1099BOX BILLABLE"
    ).split(),
    "APPYMT": (
        "RECORDNO RECORDTYPE VENDORID DOCNUMBER DESCRIPTION PAYMENTMETHOD FINANCIALENTITY WHENCREATED CURRENCY STATE "
        "TRX_TOTALENTERED"
    ).split(),
    "APPYMTDETAIL": "PAYMENTKEY RECORDKEY TRX_PAYMENTAMOUNT".split(),
    "VENDOR": "VENDORID NAME STATUS TAXID CURRENCY TERMNAME ONHOLD DONOTCUTCHECK".split(),
    "GLACCOUNT": (
        "ACCOUNTNO TITLE STATUS REQUIREDEPT REQUIRELOC REQUIREPROJECT REQUIRETASK REQUIRECLASS REQUIRECUSTOMER REQUIREITEM "
        "REQUIREVENDOR REQUIREEMPLOYEE"
    ).split(),
    "DEPARTMENT": "DEPARTMENTID TITLE STATUS".split(),
    "LOCATION": "LOCATIONID NAME STATUS PARENTID".split(),
    "LOCATIONENTITY": "LOCATIONID NAME STATUS".split(),
    "PROJECT": "PROJECTID NAME STATUS".split(),
    "CLASS": "CLASSID NAME STATUS".split(),
    "CUSTOMER": "CUSTOMERID NAME STATUS".split(),
    "EMPLOYEE": "EMPLOYEEID TITLE STATUS".split(),
    "ITEM": "ITEMID NAME STATUS".split(),
    "APTERM": "NAME STATUS".split(),
    "CHECKINGACCOUNT": "BANKACCOUNTID STATUS LOCATIONID".split(),
    "REPORTINGPERIOD": "NAME START_DATE END_DATE STATUS".split(),
}
Row = dict[str, str]
Test = Callable[[Row], bool]


class Reader:
    """The reading functions. Result sets of ``readByQuery`` are kept for ``readMore``."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._kept: dict[str, tuple[str, list[Row]]] = {}
        self._numbers = itertools.count(1)

    def query(self, call: etree._Element) -> Done:
        """``query``: select, filter, order, page."""
        name = (call.findtext("object") or "").upper()
        rows = self._rows(name)
        selected = [(field.text or "").strip().upper() for field in call.iterfind("select/field")]
        _known(name, selected)
        if not selected:
            raise FunctionFailure(("DL02000001", "There was an error processing the request: select is empty.", ""))
        ignore_case = (call.findtext("options/caseinsensitive") or "").strip() == "true"
        condition = call.find("filter")
        if condition is not None:
            if len(condition) != 1:
                raise _bad("a filter holds exactly one condition")
            test = _test(condition[0], name, ignore_case)
            rows = [row for row in rows if test(row)]
        for order in reversed(call.findall("orderby/order")):
            field = (order.findtext("field") or "").strip().upper()
            _known(name, [field])
            rows = sorted(rows, key=_by(field), reverse=order.find("descending") is not None)
        size = _whole(call.findtext("pagesize") or "100", 1, 2000)
        offset = _whole(call.findtext("offset") or "0", 0, 10**9)
        page = rows[offset : offset + size]
        left = max(len(rows) - offset - len(page), 0)
        data = element(
            "data",
            listtype=name,
            totalcount=str(len(rows)),
            offset=str(offset),
            count=str(len(page)),
            numremaining=str(left),
        )
        data.extend(_record(name, row, selected) for row in page)
        return Done(data)

    def read_by_query(self, call: etree._Element) -> Done:
        """``readByQuery``: SQL-like conditions joined by AND; further pages by ``readMore``."""
        name = (call.findtext("object") or "").upper()
        rows = self._rows(name)
        for part in filter(None, re.split(r"\s+and\s+", (call.findtext("query") or "").strip(), flags=re.IGNORECASE)):
            match = re.fullmatch(r"(\w+)\s*(=|<>|like)\s*'((?:[^'\\]|\\.)*)'", part.strip(), re.IGNORECASE)
            if match is None:
                raise FunctionFailure(("DL02000001", "There was an error processing the request.", ""))
            field, operator, value = match[1].upper(), match[2].lower(), re.sub(r"\\(.)", r"\1", match[3])
            _known(name, [field])
            compare = _comparison({"=": "equalto", "<>": "notequalto", "like": "like"}[operator], [value])
            rows = [row for row in rows if compare(row.get(field, ""))]
        wanted = (call.findtext("fields") or "*").strip()
        selected = FIELDS[name] if wanted == "*" else [field.strip().upper() for field in wanted.split(",")]
        _known(name, selected)
        key = f"sandbox-result-{next(self._numbers)}"
        kept = [{field: row.get(field, "") for field in selected} for row in rows]
        return self._page(name.lower(), kept, _whole(call.findtext("pagesize") or "100", 1, 1000), key, len(rows))

    def read_more(self, call: etree._Element) -> Done:
        """``readMore``: the next page of a result set."""
        key = (call.findtext("resultId") or "").strip()
        if key not in self._kept:
            raise FunctionFailure(("readMore failed", f"Attempt to readMore with an invalid resultId {key}", ""))
        name, rows = self._kept.pop(key)
        size = int(key.rpartition(":")[2]) if ":" in key else 100
        return self._page(name, rows, size, key, len(rows))

    def read(self, call: etree._Element) -> Done:
        """``read``: records by their keys."""
        name = (call.findtext("object") or "").upper()
        rows = self._rows(name)
        keys = [key.strip() for key in (call.findtext("keys") or "").split(",") if key.strip()]
        if len(keys) > 100:
            raise _bad("at most 100 keys")
        wanted = (call.findtext("fields") or "*").strip()
        selected = FIELDS[name] if wanted == "*" else [field.strip().upper() for field in wanted.split(",")]
        _known(name, selected)
        key_field = FIELDS[name][0]
        found = [row for row in rows if row.get(key_field) in keys]
        data = element("data", listtype=name, count=str(len(found)))
        data.extend(_record(name, row, selected) for row in found)
        return Done(data)

    def lookup(self, call: etree._Element) -> Done:
        """``lookup``: the fields of an object."""
        name = (call.findtext("object") or "").upper()
        self._rows(name)
        listed = element("Fields", None, *(element("Field", None, element("ID", field)) for field in FIELDS[name]))
        return Done(element("data", None, element("Type", None, listed, Name=name), listtype="All", count="1"))

    def _page(self, name: str, rows: list[Row], size: int, key: str, total: int) -> Done:
        page, rest = rows[:size], rows[size:]
        kept = f"{key.partition(':')[0]}:{size}"
        if rest:
            self._kept[kept] = (name, rest)
        told = {
            "count": str(len(page)),
            "totalcount": str(total),
            "numremaining": str(len(rest)),
            "resultId": kept if rest else "",
        }
        data = element("data", listtype=name, **told)
        data.extend(_record(name, row, list(row)) for row in page)
        return Done(data)

    def _rows(self, name: str) -> list[Row]:
        books = self._books
        if name in books.rules["unlisted"]:
            said = f"You do not have permission for API operation READ_BY_QUERY on objects of type {name.lower()}"
            raise FunctionFailure(("XL03000006", said, ""))
        if name == "REPORTINGPERIOD":
            return _periods(books)
        if name in MASTERS:
            return [dict(row) for row in books.masters[MASTERS[name]].values() if books.is_visible(row)]
        bills = [bill for bill in books.bills.values() if books.is_visible(bill)]
        if name == "APBILL":
            return [_flat(bill) for bill in bills]
        if name == "APADJUSTMENT":
            return [_flat(one) for one in books.adjustments.values() if books.is_visible(one)]
        if name == "APBILLITEM":
            return [
                {**line, "RECORDKEY": bill["RECORDNO"], "LINE_NO": str(place)}
                for bill in bills
                for place, line in enumerate(bill["lines"], start=1)
            ]
        if name == "APPYMT":
            return [_flat(p) for p in books.payments.values() if books.is_visible(p)]
        if name == "APPYMTDETAIL":
            visible = [payment for payment in books.payments.values() if books.is_visible(payment)]
            return [{**detail, "PAYMENTKEY": one["RECORDNO"]} for one in visible for detail in one["details"]]
        raise FunctionFailure(("XL03000009", f"Object definition {name} not found", ""))


def _periods(books: Books) -> list[Row]:
    year = books.now().year
    names = books.rules["periods"]
    months = [date(year, month, 1) for month in range(1, 13)]
    return [
        {
            "NAME": f"{first:%Y-%m}",
            "START_DATE": f"{first:%m/%d/%Y}",
            "END_DATE": f"{(first + timedelta(days=31)).replace(day=1) - timedelta(days=1):%m/%d/%Y}",
            "STATUS": "active",
        }
        for first in months
        if names is None or f"{first:%Y-%m}" in names
    ]


def _by(field: str) -> Callable[[Row], tuple[int, Any]]:
    return lambda row: _sortable(row.get(field, ""))


def _flat(record: dict[str, Any]) -> Row:
    return {name: str(value) for name, value in record.items() if not isinstance(value, list)}


def _record(name: str, row: Row, selected: Iterable[str]) -> etree._Element:
    return element(name, None, *(element(field, row.get(field, "") or None) for field in selected))


def _known(name: str, wanted: Iterable[str]) -> None:
    unknown = [field for field in wanted if field not in FIELDS.get(name, ())]
    if unknown:
        raise FunctionFailure(("XL03000006", f"The following fields cannot be queried: {', '.join(unknown)}", ""))


def _test(condition: etree._Element, name: str, ignore_case: bool) -> Test:  # noqa: FBT001 - as the option is called
    if condition.tag in {"and", "or"}:
        if len(condition) < 2:
            raise _bad(f"{condition.tag} needs at least two conditions")
        tests = [_test(child, name, ignore_case) for child in condition]
        every = all if condition.tag == "and" else any
        return lambda row: every(test(row) for test in tests)
    field = (condition.findtext("field") or "").strip().upper()
    _known(name, [field])
    values = [(value.text or "").strip() for value in condition.iterfind("value")]
    if len(values) > MOST_VALUES:
        raise _bad(f"at most {MOST_VALUES} values in {condition.tag}")
    compare = _comparison(str(condition.tag), values)
    if not ignore_case:
        return lambda row: compare(row.get(field, ""))
    folded = _comparison(str(condition.tag), [value.casefold() for value in values])
    return lambda row: folded(row.get(field, "").casefold())


def _comparison(operator: str, values: list[str]) -> Callable[[str], bool]:
    first = values[0] if values else ""
    among = set(values)
    known: dict[str, Callable[[str], bool]] = {
        "equalto": lambda text: text == first,
        "notequalto": lambda text: text != first,
        "lessthan": lambda text: _sortable(text) < _sortable(first),
        "lessthanorequalto": lambda text: _sortable(text) <= _sortable(first),
        "greaterthan": lambda text: _sortable(text) > _sortable(first),
        "greaterthanorequalto": lambda text: _sortable(text) >= _sortable(first),
        "in": lambda text: text in among,
        "notin": lambda text: text not in among,
        "like": _like(first),
        "notlike": lambda text: not _like(first)(text),
        "isnull": lambda text: text == "",
        "isnotnull": lambda text: text != "",
        "between": lambda text: _sortable(values[0]) <= _sortable(text) <= _sortable(values[1]),
    }
    if operator not in known:
        raise _bad(f"unknown operator {operator}")
    if operator == "between" and len(values) != 2:
        raise _bad("between takes exactly two values")
    return known[operator]


def _like(pattern: str) -> Callable[[str], bool]:
    shell = fnmatch.translate(re.sub(r"([\[\]*?])", r"[\1]", pattern).replace("%", "*").replace("_", "?"))
    return lambda text: re.match(shell, text) is not None


def _sortable(text: str) -> tuple[int, Any]:
    """Numbers by value, dates by day, the rest by letter."""
    try:
        return (0, Decimal(text))
    except InvalidOperation:
        pass
    try:
        return (1, datetime.strptime(text, "%m/%d/%Y"))  # noqa: DTZ007
    except ValueError:
        return (2, text)


def _whole(text: str, least: int, most: int) -> int:
    if not text.strip().isdigit() or not least <= int(text) <= most:
        raise _bad(f"a number from {least} to {most} is expected, not {text}")
    return int(text)


def _bad(text: str) -> FunctionFailure:
    return FunctionFailure(("DL02000001", f"There was an error processing the request: {text}.", ""))
