"""The objects of the folder: X3's field codes [T], the GraphQL names of the same things, their kinds and lengths.

GraphQL names are [D] for ``supplierInvoiceHeader``, [S] for the shape of ``supplier``, else [P]; REST classes are [D] for
``BPSUPPLIER``, else [P]. Both are defaults: a simulator can publish any of them under another name. The restriction table has
no known name at all: its names here are those that this folder's administrator gave it.
"""

from __future__ import annotations

from dataclasses import dataclass

MENUS: dict[str, tuple[str, ...]] = {
    "PurchaseInvoiceCategory": ("invoice", "creditMemo", "debitNote", "creditNote", "proforma"),
    "SupplierInvoiceStatus": ("notPosted", "simulated", "final"),
    "PaymentStatus": ("entered", "posted", "cancelled"),
    "PaymentApproval": ("notApproved", "approved", "hold"),
    "RateType": ("dailyRate", "monthlyRate", "averageRate"),
    "PeriodStatus": ("notOpened", "open", "closed"),
}
"""Local menus: the word of number 1, 2, 3 …. ``INVTYP`` [T]; the other words are [P]."""


@dataclass(frozen=True)
class Field:
    """One property: its code in X3, its name in GraphQL, its kind.

    Kinds: ``text``, ``date``, ``decimal``, ``whole``, ``menu`` (of a local menu), ``flag``, ``reference`` (to an object),
    ``children`` (lines of an object), ``texts`` (a list of codes; in GraphQL the only property of an object, where one is
    named).
    """

    code: str
    name: str
    kind: str = "text"
    of: str = ""
    length: int = 0
    stored: str = ""
    computed: bool = False

    @property
    def kept(self) -> str:
        """The code under which the books keep it."""
        return self.stored or self.code


@dataclass(frozen=True)
class Entity:
    """One object: where the books keep it, how each API calls it. ``creates`` says whether it can be created."""

    type_name: str
    rows: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    package: str = ""
    node: str = ""
    rest_class: str = ""
    representation: str = ""
    creates: bool = False

    def by_code(self, code: str) -> Field | None:
        """The property with this X3 code."""
        return next((field for field in self.fields if field.code == code), None)

    def key_of(self, row: dict[str, object], joined_by: str = "~") -> str:
        """The key of a row: ``~`` joins composite keys in REST [D]; ``|`` in GraphQL's ``_id`` [P]."""
        return joined_by.join(str(row.get(code, "")) for code in self.key)


def _f(code: str, name: str, kind: str = "text", of: str = "", length: int = 0, stored: str = "") -> Field:
    return Field(code, name, kind, of, length, stored)


def _out(code: str, name: str, kind: str = "text", of: str = "") -> Field:
    return Field(code, name, kind, of, computed=True)


_ENABLED = (_f("ENAFLG", "isActive", "flag"),)
_VALIDITY = (*_ENABLED, _f("VLYSTR", "validityStartDate", "date"), _f("VLYEND", "validityEndDate", "date"))
_PARTNER_CODES = (
    _f("CRY", "country", length=3), _f("LAN", "language", length=3),
    _f("EECNUM", "europeanUnionVatNumber", length=20), _f("CRN", "companyRegistrationNumber", length=20),
)  # fmt: skip
ADDRESS_LINE = Entity("AddressLine", "", ("BPAADDLIG",), (_f("BPAADDLIG", "addressLine", length=50),))
ADDRESS = Entity("Address", "", ("BPAADD",), (
    _f("BPAADD", "code", length=5), _f("BPADES", "description", length=30),
    _f("BPAADDLIG", "addressLines", "texts", "AddressLine", length=50), _f("POSCOD", "zipCode", length=10),
    _f("CTY", "city", length=40), _f("SAT", "state", length=35), _f("CRY", "country", length=3),
))  # fmt: skip
PARTNER = Entity("BusinessPartner", "suppliers", ("BPSNUM",), (
    _f("BPRNUM", "code", length=15, stored="BPSNUM"), _f("BPRNAM", "companyName", length=35, stored="BPSNAM"),
    _f("BPRSHO", "shortCompanyName", length=10, stored="BPSSHO"), *_PARTNER_CODES, *_ENABLED,
    _f("BPADDRESS", "addresses", "children", "Address"),
), "x3MasterData", "businessPartner", "BPARTNER", "BPARTNER")  # fmt: skip
SUPPLIER = Entity("Supplier", "suppliers", ("BPSNUM",), (
    _f("BPSNUM", "code", "reference", "BusinessPartner", 15), _f("BPSNAM", "companyName", length=35),
    _f("BPSSHO", "shortCompanyName", length=10), _f("BSGCOD", "category", length=5),
    _f("CUR", "currency", "reference", "Currency", 3), _f("PTE", "paymentTerm", "reference", "PaymentTerm", 15),
    _f("VACBPR", "taxRule", "reference", "TaxRule", 5), _f("ACCCOD", "accountingCode", length=10),
    _f("DIA", "accountStructure", length=10), _f("BPAADD", "defaultAddress", length=5),
    _f("BPAINV", "billByAddress", length=5), _f("BPAPAY", "payToAddress", length=5),
    _f("BPRPAY", "payToBusinessPartner", "reference", "BusinessPartner", 15),
    _f("BPSTYP", "supplierType", "whole"), *_VALIDITY, _f("PAYLOKFLG", "isPaymentHold", "flag"),
    _f("DOUFLG", "isDispute", "flag"), *_PARTNER_CODES, _f("BPADDRESS", "addresses", "children", "Address"),
), "x3MasterData", "supplier", "BPSUPPLIER", "BPSUPPLIER", creates=True)  # fmt: skip
ANALYTICAL_LINE = Entity("SupplierBpInvoiceAnalyticalLine", "", ("ANALIG",), (
    _out("ANALIG", "lineNumber", "whole"), _f("DIE", "dimensionType", length=10), _f("CCE", "dimension", length=15),
    _f("AMT", "amount", "decimal"), _f("QTY", "quantity", "decimal"),
))  # fmt: skip
LINE = Entity("SupplierBpInvoiceLine", "", ("LIG",), (
    _out("LIG", "lineNumber", "whole"), _f("FCYLIN", "site", "reference", "Site", 5),
    _f("COA", "chartCode", length=10), _f("ACC", "account", "reference", "Account", 10), _f("SAC", "control", length=5),
    _f("BPRLIN", "businessPartner", length=15), _f("DES", "description", length=30),
    _f("AMTNOTLIN", "amountExcludingTax", "decimal"), _f("AMTATILIN", "amountIncludingTax", "decimal"),
    _f("VAT", "tax", "reference", "Tax", 5), _f("AMTVAT", "taxAmount", "decimal"), _f("QTY", "quantity", "decimal"),
    _f("UOM", "unit", length=3), _f("DSP", "distributionKey", length=10), _f("PJTLIN", "project", length=40),
    _f("STRDAT", "startDate", "date"), _f("ENDDAT", "endDate", "date"),
    _f("BPSINVLIGA", "analyticalLines", "children", "SupplierBpInvoiceAnalyticalLine"),
))  # fmt: skip
_HEADER = (
    _out("NUM", "id"), _f("PIVTYP", "category", length=5),
    _f("INVTYP", "purchaseInvoiceCategory", "menu", "PurchaseInvoiceCategory"),
    _f("BPR", "billBySupplier", "reference", "Supplier", 15), _f("BPRSAC", "control", length=5),
    _f("CPY", "company", length=5), _f("FCY", "site", "reference", "Site", 5), _f("ACCDAT", "accountingDate", "date"),
    _out("NUMINT", "internalNumber", "whole"), _f("REFINT", "internalReference", length=20),
    _f("BPRDAT", "sourceDocumentDate", "date"), _f("BPRVCR", "sourceDocument", length=20),
    _f("CUR", "currency", "reference", "Currency", 3), _f("CURTYP", "rateType", "menu", "RateType"),
    _f("RATDAT", "rateDate", "date"), _f("RATMLT", "currencyRate", "decimal"),
    _f("BPRPAY", "payToBusinessPartner", "reference", "BusinessPartner", 15),
    _f("PTE", "paymentTerm", "reference", "PaymentTerm", 15), _f("VAC", "taxRule", "reference", "TaxRule", 5),
    _out("STA", "status", "menu", "SupplierInvoiceStatus"), _out("PAZ", "paymentApproval", "menu", "PaymentApproval"),
    _f("INVNUM", "originalInvoiceNumber", length=20), _out("SNS", "debitOrCredit", "whole"),
    _f("AMTATI", "totalAmountIncludingTax", "decimal"), _f("AMTNOT", "totalAmountExcludingTax", "decimal"),
    _out("AMTATIL", "totalAmountIncludingTaxInCompanyCurrency", "decimal"),
)  # fmt: skip
INVOICE_HEADER = Entity(
    "SupplierInvoiceHeader", "supplier_invoices", ("NUM",), _HEADER, "x3InvoicingData", "supplierInvoiceHeader"
)
INVOICE = Entity("SupplierBpInvoice", "supplier_invoices", ("NUM",), (
    *_HEADER, _f("STRDUDDAT", "dueDateCalculationStartDate", "date"), _f("DES", "description", length=30),
    _f("BPSINVLIG", "lines", "children", "SupplierBpInvoiceLine"),
), "x3Invoicing", "supplierBpInvoice", "BPSUPPLIERINVOICE", "BIS", creates=True)  # fmt: skip
MASTERS = (
    Entity("Account", "accounts", ("ACC",), (
        _f("ACC", "code"), _f("COA", "chartCode"), _f("DES", "description"), *_VALIDITY,
        _f("DIE", "mandatoryDimensionTypes", "texts"), _f("FCY", "sites", "texts"),
    ), "x3FinanceData", "account", "GACCOUNT", "GACCOUNT"),
    Entity("DimensionType", "dimension_types", ("DIE",), (_f("DIE", "code"), _f("DES", "description"), *_ENABLED),
           "x3FinanceData", "dimensionType", "GDIE", "GDIE"),
    Entity("Dimension", "dimensions", ("DIE", "CCE"), (
        _f("DIE", "dimensionType", "reference", "DimensionType"), _f("CCE", "dimension"), _f("DES", "description"),
        _f("FCY", "sites", "texts"), *_VALIDITY,
    ), "x3FinanceData", "dimension", "CACCE", "CACCE"),
    Entity("AnalyticalRestriction", "restrictions", ("ACC", "DIE", "CCE"), (
        _f("ACC", "account"), _f("DIE", "dimensionType"), _f("CCE", "dimension"),
    ), "x3FinanceData", "analyticalRestriction", "YRESTRICTION", "YRESTRICTION"),
    Entity("Tax", "tax_codes", ("VAT",), (
        _f("VAT", "code"), _f("DES", "description"), _f("RATE", "rate", "decimal"), *_VALIDITY,
    ), "x3FinanceData", "tax", "TABVAT", "TABVAT"),
    Entity("TaxRule", "tax_rules", ("VAC",), (_f("VAC", "code"), _f("DES", "description"), *_ENABLED),
           "x3FinanceData", "taxRule", "TABVACBPR", "TABVACBPR"),
    Entity("Site", "sites", ("FCY",), (_f("FCY", "code"), _f("DES", "description"), _f("CPY", "company"), *_ENABLED),
           "x3FinanceData", "site", "FACILITY", "FACILITY"),
    Entity("Currency", "currencies", ("CUR",), (_f("CUR", "code"), _f("DES", "description"),
           _f("DECNBR", "decimals", "whole"), *_ENABLED),
           "x3FinanceData", "currency", "TABCUR", "TABCUR"),
    Entity("ExchangeRate", "exchange_rates", ("CUR", "CURTYP", "RATDAT"), (
        _f("CUR", "currency"), _f("CURTYP", "rateType", "menu", "RateType"), _f("RATDAT", "startDate", "date"),
        _f("RATE", "rate", "decimal"),
    ), "x3FinanceData", "currencyRate", "TABCHANGE", "TABCHANGE"),
    Entity("Bank", "banks", ("BAN",), (_f("BAN", "code"), _f("DES", "description"), *_ENABLED),
           "x3FinanceData", "bank", "BANK", "BANK"),
    Entity("Country", "countries", ("CRY",), (_f("CRY", "code"), _f("DES", "description")),
           "x3FinanceData", "country", "TABCOUNTRY", "TABCOUNTRY"),
    Entity("PaymentTerm", "payment_terms", ("PTE",), (_f("PTE", "code"), _f("DES", "description"), *_ENABLED),
           "x3FinanceData", "paymentTerm", "TABPAYTERM", "TABPAYTERM"),
    Entity("Period", "periods", ("PER",), (
        _f("PER", "code"), _f("STRDAT", "startDate", "date"), _f("ENDDAT", "endDate", "date"),
        _f("STA", "status", "menu", "PeriodStatus"),
    ), "x3FinanceData", "period", "PERIOD", "PERIOD"),
)  # fmt: skip
PAYMENT_LINE = Entity("PaymentLine", "", ("LIN",), (
    _out("LIN", "lineNumber", "whole"), _f("VCRNUM", "invoiceNumber", length=20), _f("AMTLIN", "amount", "decimal"),
))  # fmt: skip
PAYMENT = Entity("Payment", "payments", ("NUM",), (
    _out("NUM", "id"), _f("PAYTYP", "paymentType", length=5), _f("FCY", "site", "reference", "Site", 5),
    _f("BPR", "businessPartner", "reference", "Supplier", 15), _f("ACCDAT", "accountingDate", "date"),
    _f("CUR", "currency", "reference", "Currency", 3), _f("AMTCUR", "amount", "decimal"),
    _f("BAN", "bank", "reference", "Bank", 5), _f("REF", "reference", length=30), _f("DES", "description", length=30),
    _out("STA", "status", "menu", "PaymentStatus"), _f("PAYMENTD", "lines", "children", "PaymentLine"),
), "x3Finance", "payment", "PAYMENT", "PAYMENT", creates=True)  # fmt: skip
OPEN_ITEM = Entity("OpenItem", "open_items", ("NUM",), (
    _f("NUM", "documentNumber"), _f("BPR", "businessPartner", "reference", "Supplier"),
    _f("CUR", "currency", "reference", "Currency"), _f("SNS", "debitOrCredit", "whole"),
    _f("AMTCUR", "amount", "decimal"), _f("PAYCUR", "paidAmount", "decimal"),
), "x3Finance", "openItem", "GACCDUDATE", "GACCDUDATE")  # fmt: skip
ENTITIES = (SUPPLIER, PARTNER, INVOICE_HEADER, INVOICE, LINE, ANALYTICAL_LINE, ADDRESS, ADDRESS_LINE, PAYMENT,
            PAYMENT_LINE, OPEN_ITEM, *MASTERS)  # fmt: skip
BY_TYPE = {entity.type_name: entity for entity in ENTITIES}


def published(names: dict[str, str], scope: str, name: str) -> str:
    """The name under which a folder publishes something; empty when it does not.

    ``names`` maps default names, bare or scoped (``supplierBpInvoice.create``), to those of this folder.
    """
    return names.get(f"{scope}.{name}", names.get(name, name))
