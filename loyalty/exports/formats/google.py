"""Google's customer lists."""

from __future__ import annotations

from collections.abc import Sequence

from loyalty.exports.formats import normal
from loyalty.exports.formats.platform import Platform, Typed


class Google(Platform):
    """A customer list for Customer Match: `Email,Phone,First Name,Last Name,Country,Zip`.

    SHA-256 of e-mail (trimmed, lowercase; dots before gmail.com may stay), phone in E.164 with
    its +, first and last name (lowercase, no spaces, accents kept). Country is plain, two
    uppercase letters; Zip is asked for, but not known here: empty. The headers are English
    whatever the language.

    Source: semantics, Audience files; "Format your customer data file",
    https://support.google.com/google-ads/answer/7659867, "Customer Match",
    https://developers.google.com/google-ads/api/docs/remarketing/audience-types/customer-match,
    and the template, https://g.co/wudy8r
    """

    name = "google"
    label = "Google"
    hint = "Customer Match"

    def typed(self) -> Sequence[Typed]:
        word = normal.sha256_of_word
        given, family = normal.split_names(
            normal.without_hidden, family_first=self.around.family_name_first
        )
        return (
            Typed(header="Email", source="email", normal=normal.email),
            Typed(header="Phone", source="phone", normal=normal.phone),
            Typed(header="First Name", source="name", normal=given, hash=word),
            Typed(header="Last Name", source="name", normal=family, hash=word, optional=True),
            Typed(header="Country", source="country", normal=normal.country, hash=str),
            Typed(header="Zip"),
        )
