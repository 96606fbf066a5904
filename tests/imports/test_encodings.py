"""In which characters a file is: found out by what its letters are, or refused."""

from __future__ import annotations

import codecs
import gzip
import unicodedata

import pytest

from loyalty.imports import text_files
from loyalty.imports.encodings import THAI, UTF8, UTF16, VIETNAMESE
from loyalty.imports.files import BadFile, Upload, first_bytes
from tests.imports.files import windows_1258, written

LAN = ["0912345678", "Trần Thị Bưởi", "Thừa Thiên – Huế, Đắk Lắk, xã Ỷ Tý"]
SOMCHAI = ["0812345678", "สมชาย ใจดี", "เชียงใหม่ แม่ริม น้ำผึ้ง ก๋วยเตี๋ยว"]


def text(*rows, end="\r\n"):
    lines = [["Số điện thoại", "tên", "địa chỉ"], *rows]
    return "".join("\t".join(cells) + end for cells in lines)


def thai(*rows):
    """Thai alone: one code page has no room for Vietnamese beside it."""
    return text(*rows).replace("Số điện thoại\ttên\tđịa chỉ", "โทรศัพท์\tชื่อ\tที่อยู่")


def read(content, *, encoding=None, region="VN"):
    upload = Upload(name="upload", content=content)
    file = text_files.check(upload, first_bytes(upload), encoding=encoding, region=region)
    return file.encoding, [cells for _, cells in text_files.rows_of(file)]


WRITTEN = {
    "UTF-8": (text(LAN).encode(), UTF8, LAN),
    "UTF-8 with its mark": (codecs.BOM_UTF8 + text(LAN).encode(), UTF8, LAN),
    "UTF-16": (text(LAN).encode("utf-16"), UTF16, LAN),
    "UTF-16, the other way round": (
        codecs.BOM_UTF16_BE + text(LAN).encode("utf-16-be"),
        UTF16,
        LAN,
    ),
    "Windows, Vietnamese": (windows_1258(text(LAN)), VIETNAMESE, LAN),
    "Windows, Thai": (thai(SOMCHAI).encode("cp874"), THAI, SOMCHAI),
    "TIS-620": (thai(SOMCHAI).encode("tis-620"), THAI, SOMCHAI),
}


@pytest.mark.parametrize("what", WRITTEN)
@pytest.mark.parametrize("region", ["VN", "TH"])
def test_file_is_read_as_it_was_written(what, region):
    content, encoding, row = WRITTEN[what]
    assert read(content, region=region) == (encoding, [row])


def test_vietnamese_letters_come_in_one_piece():
    [[_, name, _]] = read(windows_1258(text(LAN)))[1]
    assert unicodedata.is_normalized("NFC", name)


def test_letters_that_come_late_are_found_too():
    plain = [["0912345678", "Lan", "Hue"]] * 5_000
    encoding, rows = read(windows_1258(text(*plain, LAN)))
    assert (encoding, rows[-1], len(rows)) == (VIETNAMESE, LAN, 5_001)


def test_text_longer_than_a_block_is_read_whole_whatever_its_encoding():
    rows = [[str(n), LAN[1], LAN[2]] for n in range(3_000)]
    for content in (text(*rows).encode("utf-16"), windows_1258(text(*rows))):
        assert read(content)[1] == rows


def test_gzip_in_another_encoding(tmp_path):
    file = written(tmp_path, gzip.compress(windows_1258(text(LAN))), "list.csv.gz")
    checked = text_files.check(file, first_bytes(file), encoding=None, region="VN")
    assert [cells for _, cells in text_files.rows_of(checked)] == [LAN]


REFUSED = {
    "another alphabet": "phone\timię\n0912345678\tŁukasz Żółć\n".encode("cp1250"),
    "Russian": "phone\tимя\n0912345678\tАнна Каренина\n".encode("cp1251"),
    "Japanese": "phone\t名前\n0912345678\t田中さん、東京都\n".encode("cp932"),
    "UTF-8 cut in a letter": text(LAN).encode().replace("Đắk".encode(), "Đắk".encode()[:-2]),
    "two encodings": "phone,name\n1,Trần\n".encode() + b"2," + windows_1258("Trần"),
    "no text": b"phone,\xff\xfe\xfd\xfc\n",
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("region", ["VN", "TH"])
def test_file_in_no_encoding_that_is_known_is_refused(what, region):
    with pytest.raises(BadFile, match="is not UTF-8: save the file as CSV UTF-8"):
        read(REFUSED[what], region=region)


def test_a_foreign_name_among_many_is_no_hindrance():
    content = windows_1258(text(*[LAN] * 20)) + "1\tMüller\tHue\r\n".encode("cp1252")
    encoding, found = read(content)
    assert (encoding, len(found), found[-1][1]) == (VIETNAMESE, 21, "Müller")


def test_what_a_person_chooses_is_taken():
    assert read("phone,name\n1,Müller\n".encode("cp1252"), encoding=VIETNAMESE)[1] == [
        ["1", "Müller"]
    ]


@pytest.mark.parametrize(
    ("content", "encoding", "sentence"),
    [
        (windows_1258(text(LAN)), UTF8, "not UTF-8"),
        (text(LAN).encode("utf-16")[:-1], UTF16, "not in the encoding utf-16"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", UTF16, "not in the encoding utf-16"),
        (b"phone,\xdb\xdc\n", THAI, "not in the encoding cp874"),
    ],
)
def test_what_is_not_in_the_chosen_encoding_is_refused(content, encoding, sentence):
    with pytest.raises(BadFile, match=sentence):
        read(content, encoding=encoding)
