"""Bytes to text, exactly, in blocks of whole lines: no byte is replaced, no encoding guessed."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.envelope import SEND_AGAIN
from stampli_assets.stampli.layout import Layout

_BLOCK = 1 << 20
_EOF_MARK = "\x1a"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Text:
    """A file's text. After :meth:`blocks` is exhausted, ``ends_whole`` tells whether the last line had its end."""

    def __init__(self, stream: io.BufferedReader, name: str, layout: Layout) -> None:
        self.notes: list[str] = []
        self.ends_whole = False
        self._stream = stream
        self._name = name
        self._layout = layout
        self._lines = 0
        self._bytes = 0
        self._utf8: codecs.IncrementalDecoder | None = None
        self._beyond_ascii = False
        self._encoding = self._declared()

    def blocks(self) -> Iterator[str]:
        """The text in blocks that end where a line ends.

        Raises:
            FileRefused: it is empty, not written in the declared encoding, damaged, or a line is far too long.
        """
        decoder = codecs.getincrementaldecoder(self._encoding)("strict")
        pending: list[str] = []
        waiting = 0
        blank = True
        while True:
            raw = self._stream.read(_BLOCK)
            some = self._decoded(decoder, raw)
            if not raw:
                break
            end = _last_line_end(some)
            if end:
                block = "".join((*pending, some[:end]))
                pending, waiting = [some[end:]], len(some) - end
                blank = blank and not block.strip("\r\n\t \x1a")
                self._lines += block.count("\n")
                yield block
            else:
                pending.append(some)
                waiting += len(some)
            if waiting > self._layout.max_line:
                raise self._too_long()
        last = self._without_mark("".join((*pending, some)))
        if blank and not last.strip("\r\n\t \x1a"):
            raise FileRefused(f"{self._name} is empty.", remedy=SEND_AGAIN, code="EMPTY_FILE")
        self._refuse_wrongly_declared()
        self.ends_whole = not last or last.endswith(("\n", "\r"))
        if last:
            yield last

    def _declared(self) -> str:
        """The encoding: what the file's mark says, else what the layout declares."""
        head = self._stream.peek(4)[:4]
        declared = self._layout.encoding
        mark, marked = next(((mark, name) for mark, name in _MARKS if head.startswith(mark)), (b"", ""))
        if marked == "utf-32":
            raise FileRefused(
                f"{self._name} is written in UTF-32, which is not read.",
                remedy="Have it exported as UTF-8.",
                code="DECODE_ERROR",
            )
        if marked:
            self._stream.read(len(mark))
            self._bytes = len(mark)
            if not declared.startswith(marked[:5]) and not (marked.startswith("utf-16") and declared == "utf-8"):
                self.notes.append(
                    f"The file says that it is {marked}, the layout says {declared}; it was read as it says."
                )
            return marked
        if declared == "utf-16":
            raise FileRefused(
                f"{self._name} has no byte order mark, so UTF-16 can be read in two ways. "
                "Which does this export write, utf-16-le or utf-16-be?",
                remedy="Set encoding to one of them in the layout (Windows writes utf-16-le); `stampli inspect` shows the "
                "file both ways.",
                code="BYTE_ORDER",
            )
        if declared not in {"utf-8", "utf-16-le", "utf-16-be"}:
            self._utf8 = codecs.getincrementaldecoder("utf-8")("strict")
        return declared

    def _decoded(self, decoder: codecs.IncrementalDecoder, raw: bytes) -> str:
        before = len(decoder.getstate()[0])
        try:
            some = decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            line = self._lines + error.object[: error.start].count(b"\n") + 1
            raise FileRefused(
                f"{self._name} is not written in {self._encoding}: byte {self._bytes - before + error.start} "
                f"(line {line}) cannot be read.",
                remedy="Set the encoding of this connection's layout (cp1252 for older Windows exports), or export as "
                "UTF-8.",
                code="DECODE_ERROR",
            ) from None
        self._bytes += len(raw)
        if "\0" in some:
            raise self._nul(some)
        if self._utf8 is not None:
            self._try_utf8(raw)
        return some

    def _nul(self, some: str) -> FileRefused:
        line = self._lines + some.count("\n", 0, some.index("\0")) + 1
        every_other = some[:64].count("\0") >= len(some[:64]) // 2 - 1 > 0
        if every_other:
            order = "utf-16-be" if some.startswith("\0") else "utf-16-le"
            return FileRefused(
                f"{self._name} looks like UTF-16 without a byte order mark: every other byte is NUL.",
                remedy=f"Set encoding to {order} in the layout, or have it exported as UTF-8.",
                code="NUL_CHARACTER",
            )
        return FileRefused(
            f"{self._name} holds a NUL character in line {line}: it is damaged or no text file.",
            remedy=SEND_AGAIN,
            code="NUL_CHARACTER",
        )

    def _try_utf8(self, raw: bytes) -> None:
        assert self._utf8 is not None
        self._beyond_ascii = self._beyond_ascii or not raw.isascii()
        try:
            self._utf8.decode(raw, final=not raw)
        except UnicodeDecodeError:
            self._utf8 = None

    def _refuse_wrongly_declared(self) -> None:
        if self._utf8 is None or not self._beyond_ascii:
            return
        raise FileRefused(
            f"{self._name} is declared as {self._encoding}, and every accented letter in it is valid UTF-8. "
            f"Is it UTF-8 after all?",
            remedy="If so, set encoding to utf-8 in the layout. Read as declared, names would be garbled.",
            code="ENCODING_DOUBT",
        )

    def _without_mark(self, last: str) -> str:
        bare = last.rstrip(_EOF_MARK)
        if bare != last:
            self.notes.append("The file ends with an end-of-file mark of old systems; it was left out.")
        return bare

    def _too_long(self) -> FileRefused:
        return FileRefused(
            f"{self._name} has a line of more than {self._layout.max_line} characters (line {self._lines + 1}).",
            remedy="A line end may be missing there, or it is no export. " + SEND_AGAIN,
            code="FIELD_TOO_LONG",
        )


def _last_line_end(some: str) -> int:
    """Just behind the last line end; a carriage return at the very end may be half of one."""
    return max(some.rfind("\n"), some.rfind("\r", 0, len(some) - 1)) + 1


class Lines:
    """Physical lines out of blocks, counted; the rest of a block can be taken as it is."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self.taken = 0
        self._blocks = blocks
        self._block = io.StringIO("", newline="")

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._block.readline()
        while not line:
            self._block = io.StringIO(next(self._blocks), newline="")
            line = self._block.readline()
        self.taken += 1
        return line

    def rest(self) -> str:
        """What is left of the block, or the next one; empty at the end. It counts as not taken until :meth:`skip`."""
        here = self._block.tell()
        some = self._block.read()
        self._block.seek(here)
        if some:
            return some
        block = next(self._blocks, "")
        self._block = io.StringIO(block, newline="")
        return block

    def skip(self, lines: int) -> None:
        """The rest was taken; it had so many lines."""
        self._block = io.StringIO("", newline="")
        self.taken += lines
