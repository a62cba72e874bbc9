"""What headers are called elsewhere. Only `stampli inspect` asks with it; no file is read by these words."""

from __future__ import annotations

from stampli_assets.stampli.columns import squeezed

_WORDS = {
    "invoice_number": "rechnungsnummer belegnummer rechnungsnr belegnr numerodefacture nofacture numerofactura "
    "numerodefactura factuurnummer numerofattura invoiceno invoicenum docnumber documentnumber billno vendorinvoicenumber "
    "supplierinvoicenumber",
    "invoice_date": "rechnungsdatum belegdatum datefacture datedefacture fechafactura fechadefactura factuurdatum "
    "datafattura date invdate docdate billdate",
    "due_date": "fälligkeit fälligkeitsdatum fälligam échéance datedéchéance fechavencimiento vencimiento vervaldatum "
    "scadenza due duedt",
    "posting_date": "buchungsdatum datecomptable fechacontable boekdatum postdate",
    "vendor_id": "kreditor kreditorennummer lieferantennummer lieferant fournisseur codefournisseur proveedor "
    "codigoproveedor leverancier leveranciersnummer fornitore vendor supplier vendorno supplierno supplierid suppliercode "
    "vendornum",
    "vendor_name": "lieferantenname nomfournisseur nombreproveedor naamleverancier payee",
    "entity_id": "gesellschaft mandant buchungskreis société sociedad bedrijf entity location entityname companycode",
    "currency": "währung devise moneda valuta curr ccy",
    "invoice_total": "gesamtbetrag rechnungsbetrag bruttobetrag brutto montantttc totalttc total importetotal totaal "
    "totaalbedrag invoiceamount totalamountdue amountdue billamount grandtotal",
    "gl_account": "konto sachkonto kontonummer compte comptegeneral comptegénéral cuenta cuentacontable grootboekrekening "
    "conto glcode glaccountcode ledgeraccount accountcode expenseaccount nominalcode",
    "line_amount": "betrag nettobetrag netto zeilenbetrag montant montantht importe bedrag importo lineamt lineitemamount "
    "distributionamount amt netamt",
    "tax_amount": "steuer mwst mehrwertsteuer steuerbetrag tva montanttva iva btw taxamt vat gst",
    "department_id": "abteilung département departamento afdeling dept deptid",
    "cost_centre": "kostenstelle centredecoût centrodecosto kostenplaats costcentercode",
    "project_id": "projekt projet proyecto projectcode",
    "description": "beschreibung buchungstext libellé descripción omschrijving descrizione desc invoicedescription",
    "line_number": "position zeile ligne linea regel lineno linenum linenumber seq",
}
_BY_WORD = {word: name for name, words in _WORDS.items() for word in words.split()}


def likely_column(header: str) -> str:
    """The canonical column that a header may mean; empty where nothing is likely."""
    return _BY_WORD.get(squeezed(header), "")
