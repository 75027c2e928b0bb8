"""Reads a workbook as Excel would find it: the cells that are written, and whether any of them is calculated."""

from __future__ import annotations

import re
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZipFile

NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
Sheet = list[list[str]]


def sheets(content: bytes) -> dict[str, Sheet]:
    """The sheets by title, as rows of texts; empty cells are "".

    Raises:
        ElementTree.ParseError: a part of the file is not XML.
    """
    with ZipFile(BytesIO(content)) as file:
        assert file.testzip() is None
        book = ElementTree.fromstring(file.read("xl/workbook.xml"))
        titles = [str(sheet.get("name")) for sheet in book.iter(f"{NAMESPACE}sheet")]
        return {
            title: _rows(ElementTree.fromstring(file.read(f"xl/worksheets/sheet{number}.xml")))
            for number, title in enumerate(titles, start=1)
        }


def calculated(content: bytes) -> list[str]:
    """What would run or lead away when the file is opened: formulas and links."""
    with ZipFile(BytesIO(content)) as file:
        text = "".join(file.read(name).decode() for name in file.namelist() if name.endswith((".xml", ".rels")))
    return re.findall(r"<f>.*?</f>|<hyperlink[^>]*>", text)


def _rows(sheet: ElementTree.Element) -> Sheet:
    found: Sheet = []
    for row in sheet.iter(f"{NAMESPACE}row"):
        cells: list[str] = []
        for cell in row.iter(f"{NAMESPACE}c"):
            column = _column(str(cell.get("r")))
            cells.extend([""] * (column - len(cells)))
            inline = "".join(part.text or "" for part in cell.iter(f"{NAMESPACE}t"))
            number = cell.find(f"{NAMESPACE}v")
            cells.append(str(number.text) if number is not None else inline)
        found.append(cells)
    return found


def _column(reference: str) -> int:
    number = 0
    for letter in reference.rstrip("0123456789"):
        number = number * 26 + ord(letter) - 64
    return number - 1
