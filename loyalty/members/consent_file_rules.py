"""What a file says of consents, against what was said before. No database here.

The file knows the day on which its words were said: of that day a yes counts as the first word
and a no as the last. What a member said later stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from loyalty.core import clock
from loyalty.core.errors import Problem
from loyalty.members import consent_rules as rules
from loyalty.members.consent_rules import MARKETING, Person, Word

VIA = "import"
TEXT_VERSION = "proof"
"""What was agreed to is no text of ours: it stands where the proof is."""


@dataclass(frozen=True, kw_only=True)
class FileWords:
    """The two words that a file can say, about marketing. `today`: in the shop's zone."""

    yes: Word
    no: Word
    proof: str
    now: datetime
    today: date

    @classmethod
    def of(cls, *, given_on: date, proof: str, now: datetime, zone: ZoneInfo) -> FileWords:
        yes, no = (
            rules.said(
                granted=granted, via=VIA, proof=proof, guardian=None, text_version=TEXT_VERSION
            )
            for granted in (True, False)
        )
        return cls(
            yes=replace(yes, changed_at=clock.start_of_day(given_on, zone)),
            no=replace(no, changed_at=min(clock.end_of_day(given_on, zone), now)),
            proof=proof,
            now=now,
            today=now.astimezone(zone).date(),
        )

    def outcome(
        self, present: Word, granted: bool, *, person: Person, channel: str, refused_since: bool
    ) -> tuple[str, Word | None]:
        """How it is counted, and the word that stands from now on; None where nothing changes.
        `refused_since`: a no came between the file's yes and a present one."""
        said = self.yes if granted else self.no
        if refused_since or _is_older(said, present, person):
            return "older", None
        word = self._after(present, said, person)
        if granted and rules.is_under_age(person, self.today):
            try:
                rules.refuse_under_age(word, channel=channel, purpose=MARKETING)
            except Problem as why:
                return str(why.code), None
        if word == present and not self._is_renewed(present, granted, person):
            return "unchanged", None
        at = max(filter(None, (present.changed_at, said.changed_at)))
        return "granted" if word.granted else "withdrawn", replace(word, changed_at=at)

    def _after(self, present: Word, said: Word, person: Person) -> Word:
        """A first word is kept, a no too: so that no yes of an earlier day comes after it."""
        if present.changed_at is None:
            return said
        return rules.after(present, said, person=person, purpose=MARKETING)

    def _is_renewed(self, present: Word, granted: bool, person: Person) -> bool:
        """Whether the same word means more today: a yes since an objection, a no of a later
        day."""
        if granted:
            return rules.is_objected(present, person=person, purpose=MARKETING)
        its_day = self.yes.changed_at
        return not (present.changed_at and its_day and its_day <= present.changed_at)


def _is_older(said: Word, present: Word, person: Person) -> bool:
    """Whether the member said the opposite since."""
    since = [person.objected_at] if said.granted else []
    if present.granted != said.granted:
        since.append(present.changed_at)
    return any(moment >= said.changed_at for moment in since if moment and said.changed_at)
