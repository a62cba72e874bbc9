"""Money: exact amounts as integer minor units with their currency.

An amount is read from text by a strict grammar and never passes through a float. The number of minor units
of a currency is ISO 4217's (two unless listed here).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

MAX_INTEGER_DIGITS = 14
"""More digits before the point than this is no amount that a supplier invoices (stampli-flat/1)."""

ISO_4217 = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ
    GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR
    LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN
    PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
    TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()
)
_NO_DECIMALS = (
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
)
_THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_EXPONENTS = dict.fromkeys(_NO_DECIMALS, 0) | dict.fromkeys(_THREE_DECIMALS, 3)
_PLAIN = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]+))?", re.ASCII)


def exponent(currency: str) -> int:
    """How many minor digits the currency has: 2 for USD, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: ``minor`` units (cents, fils, yen) of an ISO 4217 ``currency``."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a plain amount: optional minus, digits, optional point and digits; nothing else.

        Trailing zeros beyond the currency's minor digits are exact and accepted (``10.500`` USD), anything
        finer is refused.

        Raises:
            ValueError: the text is no such amount; the message is the sentence for the person.
        """
        match = _PLAIN.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not an amount: digits with an optional minus and decimal point are read")
        whole, fraction = match["whole"], match["fraction"] or ""
        if len(whole.lstrip("0")) > MAX_INTEGER_DIGITS:
            raise ValueError(f"{text!r} has more than {MAX_INTEGER_DIGITS} digits before the point")
        digits = exponent(currency)
        if fraction[digits:].strip("0"):
            raise ValueError(f"{text!r} is finer than {currency} allows: at most {digits} decimals")
        minor = int(whole + fraction[:digits].ljust(digits, "0"))
        return cls(-minor if match["sign"] else minor, currency)

    @classmethod
    def from_decimal(cls, amount: Decimal, currency: str) -> Money:
        """The exact amount of a finite decimal; finer than the currency allows is refused as in :meth:`parse`."""
        return cls.parse(format(amount, "f"), currency)

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        """The plain decimal text without the currency: ``1284.50``."""
        return plain(self.minor, self.currency)

    @property
    def labelled(self) -> str:
        """For people: ``1,284.50 USD``."""
        digits = exponent(self.currency)
        whole, _, fraction = str(self).lstrip("-").partition(".")
        grouped = f"{int(whole):,}" + (f".{fraction}" if digits else "")
        return f"{'-' if self.minor < 0 else ''}{grouped} {self.currency}"

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"amounts of {self.currency} and {other.currency} cannot be added")


def plain(minor: int, currency: str) -> str:
    """The decimal text of ``minor`` units: ``plain(128450, "USD") == "1284.50"``."""
    digits = exponent(currency)
    sign = "-" if minor < 0 else ""
    if not digits:
        return f"{sign}{abs(minor)}"
    text = str(abs(minor)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}"
