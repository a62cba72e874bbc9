"""What the gateway checks of a request before anything else: the order rules of its schema 3.0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from stampli_assets.sandbox.intacct.replies import ControlFailure
from stampli_assets.sandbox.intacct.supdocs import ORDERS

CONTROL = (
    "senderid", "password", "controlid", "uniqueid", "dtdversion", "policyid", "debug", "includewhitespace",
    "showadditionalerrorinfo",
)  # fmt: skip
ECHOED = ("senderid", "controlid", "uniqueid", "dtdversion")
CONTROL_REQUIRED = ("senderid", "controlid", "dtdversion")
LOGIN = ("userid", "companyid", "password", "clientid", "locationid")
LOGIN_REQUIRED = ("userid", "companyid", "password")
DATE = ("year", "month", "day")
BILL = (
    "vendorid", "datecreated", "dateposted", "datedue", "termname", "action", "batchkey", "billno", "ponumber", "onhold",
    "description", "externalid", "payto", "returnto", "basecurr", "currency", "exchratedate", "exchratetype", "exchrate",
    "nogl", "supdocid", "customfields", "billitems",
)  # fmt: skip
BILL_REQUIRED = ("vendorid", "datecreated", "billitems")
BILL_LINE = (
    "accountlabel", "glaccountno", "offsetglaccountno", "amount", "allocationid", "memo", "locationid", "departmentid",
    "item1099", "form1099type", "form1099box", "key", "totalpaid", "totaldue", "customfields", "revrectemplate",
    "revrecstartdate", "revrecenddate", "projectid", "customerid", "vendorid", "employeeid", "itemid", "classid",
    "contractid", "warehouseid", "billable",
)  # fmt: skip
_AFTER_PROJECT = BILL_LINE.index("projectid") + 1
ADJUSTMENT_LINE = (
    *BILL_LINE[:_AFTER_PROJECT], "taskid", *BILL_LINE[_AFTER_PROJECT:], "totaltrxamount", "taxentries",
)  # fmt: skip
ADJUSTMENT = (
    "vendorid", "datecreated", "dateposted", "batchkey", "adjustmentno", "action", "billno", "description", "externalid",
    "basecurr", "currency", "exchratedate", "exchratetype", "exchrate", "nogl", "customfields", "inclusivetax",
    "taxsolutionid", "apadjustmentitems",
)  # fmt: skip


@dataclass(frozen=True)
class Function:
    """One call of a request."""

    control_id: str
    call: etree._Element

    @property
    def name(self) -> str:
        return str(self.call.tag)


@dataclass(frozen=True)
class Operation:
    """One operation: how it signs in, and its functions."""

    login: dict[str, str] | None
    session_id: str
    functions: tuple[Function, ...]
    transaction: bool


@dataclass(frozen=True)
class Request:
    """A request that obeys the schema."""

    told: dict[str, str]
    sender_password: str
    unique: bool
    operations: tuple[Operation, ...]


def schema_error(text: str) -> ControlFailure:
    """How the gateway refuses a request that does not obey its schema."""
    return ControlFailure(("XL03000003", f"XML Parse schema error: {text}", ""))


def read_request(body: bytes) -> Request:
    """Parse and check a request; raises ControlFailure."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise schema_error(f"malformed XML, {error}") from None
    if root.tag != "request" or [child.tag for child in root][:1] != ["control"] or len(root) < 2:
        raise schema_error("Element 'request': control and operation are expected.")
    control = _ordered(root[0], CONTROL, CONTROL_REQUIRED)
    if control.get("includewhitespace", "false") not in {"true", "false", "1", "0"}:
        raise schema_error("Element 'includewhitespace' is not a valid xs:boolean.")
    if control.get("uniqueid", "true") not in {"true", "false"}:
        raise schema_error("Element 'uniqueid': true or false is expected.")
    if not 1 <= len(control["controlid"]) <= 256:
        raise schema_error("Element 'controlid': 1 to 256 characters are expected.")
    told: dict[str, str] = {
        name: control[name] for name in ("senderid", "controlid", "uniqueid", "dtdversion") if name in control
    }
    operations = tuple(_operation(element) for element in root[1:])
    return Request(told, control.get("password", ""), control.get("uniqueid", "true") == "true", operations)


def _operation(element: etree._Element) -> Operation:
    if element.tag != "operation" or element.get("transaction", "false") not in {"true", "false"}:
        raise schema_error(f"Element '{element.tag}': an operation with transaction true or false is expected.")
    tags = [child.tag for child in element]
    if tags[:1] != ["authentication"] or tags[1:] != sorted(tags[1:], key=["preferences", "content"].index):
        raise schema_error("Element 'operation': authentication, preferences, content are expected in this order.")
    functions = tuple(_function(child) for content in element.findall("content") for child in content)
    if not functions:
        raise schema_error("Element 'content': Missing child element(s). Expected is ( function ).")
    login, session_id = _authentication(element[0])
    return Operation(login, session_id, functions, element.get("transaction") == "true")


def _authentication(element: etree._Element) -> tuple[dict[str, str] | None, str]:
    if len(element) != 1 or element[0].tag not in {"login", "sessionid"}:
        raise schema_error("Element 'authentication': one of login, sessionid is expected.")
    if element[0].tag == "sessionid":
        return None, (element[0].text or "").strip()
    return _ordered(element[0], LOGIN, LOGIN_REQUIRED), ""


def _function(element: etree._Element) -> Function:
    if element.tag != "function" or "controlid" not in element.attrib or len(element) != 1:
        raise schema_error("Element 'function': a controlid and exactly one child element are expected.")
    call = element[0]
    if call.tag in {"create_bill", "update_bill"}:
        _legacy(call, BILL, BILL_REQUIRED if call.tag == "create_bill" else ())
        for line in call.iterfind("billitems/lineitem"):
            _legacy(line, BILL_LINE, ("amount",))
    for element_ in call.iter(*ORDERS):
        _ordered(element_, *ORDERS[str(element_.tag)])
    if call.tag == "create_apadjustment":
        _legacy(call, ADJUSTMENT, ("vendorid", "datecreated", "apadjustmentitems"))
        for line in call.iterfind("apadjustmentitems/lineitem"):
            _legacy(line, ADJUSTMENT_LINE, ("amount",))
    return Function(str(element.get("controlid")), call)


def _legacy(element: etree._Element, order: Sequence[str], required: Sequence[str]) -> None:
    """Legacy functions are strict sequences: a wrong order fails the whole request."""
    given = _ordered(element, order, required)
    ways = [name for name in ("exchratetype", "exchrate") if name in given]
    if len(ways) != (1 if "currency" in given else 0):
        raise schema_error(
            f"Element '{element.tag}': with a currency, exchratetype or exchrate is expected; without, neither."
        )
    if "exchratedate" in given and "exchratetype" not in given:
        raise schema_error("Element 'exchratedate': exchratetype is expected after it.")
    for date in ("datecreated", "dateposted", "datedue", "exchratedate"):
        found = element.find(date)
        if found is not None and [child.tag for child in found] != list(DATE):
            raise schema_error(f"Element '{date}': year, month, day are expected.")


def _ordered(element: etree._Element, order: Sequence[str], required: Sequence[str]) -> dict[str, str]:
    tags = [str(child.tag) for child in element]
    unknown = [tag for tag in tags if tag not in order]
    if unknown:
        raise schema_error(f"Element '{unknown[0]}': This element is not expected in '{element.tag}'.")
    if tags != sorted(set(tags), key=order.index):
        raise schema_error(f"Element '{element.tag}': its children are not in the expected order.")
    missing = [tag for tag in required if tag not in tags]
    if missing:
        raise schema_error(f"Element '{element.tag}': Missing child element(s). Expected is ( {missing[0]} ).")
    return {str(child.tag): (child.text or "").strip() for child in element}
