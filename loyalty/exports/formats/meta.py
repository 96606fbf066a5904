"""Meta's customer lists."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from loyalty.exports.formats import normal
from loyalty.exports.formats.platform import Platform, Typed


class Meta(Platform):
    """A customer list for a custom audience: `phone,email,fn,ln,ct,st,country,dob,gen`.

    Every value is the SHA-256 of its normal form: phone digits with the country code and no +;
    e-mail trimmed and lowercased; first and last name lowercase without punctuation, accents
    kept (`valéry`); city and province lowercase without punctuation and spaces, a to z;
    country two letters, lowercase; birth date YYYYMMDD; gender m or f. What is not known is
    an empty cell; so is gender `other`, for which Meta has no letter.

    Source: semantics, Audience files; "Customer information parameters" (its examples are
    vectors in the tests),
    https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters
    """

    name = "meta"
    label = "Meta"
    hint = "Facebook, Instagram"

    def typed(self) -> Sequence[Typed]:
        word = normal.sha256_of_word
        given, family = normal.split_names(
            normal.without_punctuation, family_first=self.around.family_name_first
        )
        today = self.around.as_of.astimezone(self.around.zone).date()
        born = partial(normal.birth_date, today=today)
        return (
            Typed(header="phone", source="phone", normal=normal.phone_digits),
            Typed(header="email", source="email", normal=normal.email),
            Typed(header="fn", source="name", normal=given, hash=word),
            Typed(header="ln", source="name", normal=family, hash=word, optional=True),
            Typed(header="ct", source="district", normal=normal.place, repeats=True),
            Typed(header="st", source="province", normal=normal.province, repeats=True),
            Typed(header="country", source="country", normal=_country, repeats=True),
            Typed(header="dob", source="birth_date", normal=born, repeats=True),
            Typed(header="gen", source="gender", normal=_gender, repeats=True, optional=True),
        )


def _country(code: str) -> str:
    return normal.country(code).lower()


def _gender(gender: str) -> str:
    return {"female": "f", "male": "m"}.get(gender, "")
