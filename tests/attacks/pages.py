"""Pages as a browser takes them apart: elements, attributes, and the forms to fill in."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Field:
    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)


@dataclass
class Form:
    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    def filled(self) -> dict[str, str]:
        """What a hurried person sends: what stands there, and something where nothing does."""
        return {
            given.name: _something_for(given)
            for given in self.fields
            if given.name and given.kind not in ("submit", "file")
        }


class Page(HTMLParser):
    """`elements` are (name, attributes) in the order of the page; `text` is what is read."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self.text = ""
        self._open: Form | None = None
        self._select: Field | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        posts = given.get("hx-post")
        if tag == "form" or posts:
            form = Form(
                posts or given.get("action", ""), "post" if posts else given.get("method", "get")
            )
            self.forms.append(form)
            self._open = form if tag == "form" else self._open
        if self._open is not None:
            self._note_field(tag, given)

    def _note_field(self, tag: str, given: dict[str, str]) -> None:
        assert self._open is not None
        if tag in ("input", "textarea", "button", "select") and "name" in given:
            kind = given.get("type", "submit" if tag == "button" else tag)
            found = Field(given["name"], kind, given.get("value", ""))
            self._open.fields.append(found)
            self._select = found if tag == "select" else None
        elif tag == "option" and self._select is not None:
            self._select.choices.append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def handle_data(self, text: str) -> None:
        self.text += text


_EXAMPLES = {
    "phone": "0912345678",
    "birth_date": "26/11/1990",
    "email": "lan@example.vn",
    "login": "lan.anh",
    "amount": "150000",
    "pin": "4812",
    "reason": "asked at the counter",
}


def _something_for(given: Field) -> str:
    if given.value:
        return given.value
    chosen = [choice for choice in given.choices if choice]
    if chosen:
        return chosen[0]
    if given.kind == "date":
        return "2026-01-05"
    return _EXAMPLES.get(given.name, "Lan")
