"""What the rows of an import come to, before anything is written: row by row in the order of
the file, so that what stood before in it counts as much as what stood in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext
from pyroaring import BitMap64

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import IMPORT_TAGS
from loyalty.core.phone import PhoneNumber
from loyalty.imports.member_rows import MemberRow
from loyalty.imports.member_settings import ImportSettings
from loyalty.imports.member_tally import Tally
from loyalty.imports.refused_rows import Refused, refused, restricted
from loyalty.members.joining import Crowd
from loyalty.members.joining_rules import Account, OnDuplicate
from loyalty.points import opening
from loyalty.tags import in_file


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row as it was read, or why it cannot be."""

    line: int
    cells: Sequence[str]
    read: MemberRow | Problem


class Seen:
    """The phones of the rows before, and the balances that a dry run found beside them, in a
    few bytes each: of every bit of a balance those who have it."""

    def __init__(self) -> None:
        self._numbers = BitMap64()
        self._points: dict[int, BitMap64] = {}

    def __contains__(self, phone: PhoneNumber) -> bool:
        return _number(phone.e164) in self._numbers

    def add(self, phones: Iterable[PhoneNumber]) -> None:
        self._numbers.update(_number(phone.e164) for phone in phones)

    def open(self, points: Mapping[str, int]) -> None:
        """Balances by E.164, which nothing wrote down."""
        for e164, balance in points.items():
            for bit in range(balance.bit_length()):
                if balance >> bit & 1:
                    self._points.setdefault(bit, BitMap64()).add(_number(e164))

    def balance_of(self, phone: PhoneNumber) -> int:
        number = _number(phone.e164)
        return sum(1 << bit for bit, numbers in self._points.items() if number in numbers)


def _number(e164: str) -> int:
    return int(e164[1:])


@dataclass(kw_only=True)
class Decided:
    """What a step comes to. By E.164: `tags` the names of tags, `said` what people agreed to or
    refused in columns, `points` the opening balances."""

    crowd: Crowd
    refused: list[Refused] = field(default_factory=list)
    tags: dict[str, set[str]] = field(default_factory=dict)
    said: dict[str, dict[str, bool]] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)

    def phones(self) -> list[PhoneNumber]:
        """Of the rows that were taken."""
        return [account.phone for account in self.crowd.arrived()]

    def everybody(self, rule: OnDuplicate) -> list[Account]:
        """Whom it concerns what is said of the whole file; asked before members are made."""
        arrived = self.crowd.arrived()
        return [each for each in arrived if each.is_new or rule is not OnDuplicate.SKIP]


def decide(
    rows: Sequence[ReadRow], crowd: Crowd, *, settings: ImportSettings, seen: Seen, tally: Tally
) -> Decided:
    """Counts the rows in `tally` and has the accounts of `crowd` take what they bring; nothing
    is written."""
    good = [row.read for row in rows if isinstance(row.read, MemberRow)]
    decision = _Decision(
        settings=settings,
        decided=Decided(crowd=crowd),
        seen=seen,
        tally=tally,
        tags=_Tags.named_by(good),
        opened=_opened(crowd) if settings.opening_points else {},
    )
    tally.name_tags(decision.tags.unknown)
    for row in rows:
        try:
            decision.take(row)
        except Problem as why:
            decision.refuse(refused(row.line, row.cells, why))
    return decision.decided


def _opened(crowd: Crowd) -> dict[int, int]:
    return opening.balances_of([each.id for each in crowd.accounts.values() if not each.is_new])


@dataclass(frozen=True, kw_only=True)
class _Tags:
    """Of the names in the column of tags: those that follow a rule, and those of no tag."""

    ruled: set[str]
    unknown: list[str]

    @classmethod
    def named_by(cls, rows: Sequence[MemberRow]) -> _Tags:
        names = dict.fromkeys(name for row in rows for name in row.tags)
        known, ruled = in_file.known(names), in_file.ruled(names)
        unknown = [name for name in names if name not in known and name not in ruled]
        return cls(ruled=ruled, unknown=unknown)


@dataclass(kw_only=True)
class _Decision:
    settings: ImportSettings
    decided: Decided
    seen: Seen
    tally: Tally
    tags: _Tags
    opened: Mapping[int, int]

    def take(self, row: ReadRow) -> None:
        """Raises `Problem` for a row that is refused as a whole."""
        if isinstance(row.read, Problem):
            raise row.read
        account = self.decided.crowd.accounts[row.read.phone.e164]
        if account.is_restricted:
            raise restricted()
        stays = self._stays_as_it_is(account)
        if not stays:
            self._check_tags(row.read)
            self._check_points(row.read, account)
        kind = self._kind(row.read, account)
        self.tally.count(kind, row.line)
        if not stays:
            self._collect(row.read, account)

    def refuse(self, row: Refused) -> None:
        self.tally.refuse(row.code, row.line)
        self.decided.refused.append(row)

    def _stays_as_it_is(self, account: Account) -> bool:
        is_known = account.has_arrived or not account.is_new or account.phone in self.seen
        return is_known and self.settings.on_duplicate is OnDuplicate.SKIP

    def _kind(self, row: MemberRow, account: Account) -> str:
        is_again = account.has_arrived or account.phone in self.seen
        is_changed = account.take(row, self.settings.on_duplicate)
        if is_again:
            return "duplicate"
        if account.is_new:
            return "created"
        return "changed" if is_changed else "unchanged"

    def _collect(self, row: MemberRow, account: Account) -> None:
        # A number that leads to the same member is the same person's.
        e164 = account.phone.e164
        if row.tags:
            self.decided.tags.setdefault(e164, set()).update(row.tags)
        if row.consents:
            said = self.decided.said.setdefault(e164, {})
            # Of one day the no is the last word, in whichever row it stands.
            said.update((name, said.get(name, True) and yes) for name, yes in row.consents.items())
        if row.points and not self._balance_of(account):
            self.decided.points[e164] = row.points

    def _check_tags(self, row: MemberRow) -> None:
        if self.tags.ruled.intersection(row.tags):
            raise Problem(Code.TAG_HAS_RULE)
        missing = [name for name in row.tags if name in self.tags.unknown]
        if missing and not self.settings.make_tags:
            raise Problem(Code.UNKNOWN_TAG)
        if not all(map(self.tally.may_make, missing)):
            most = gettext("An import makes at most %(count)s tags.", count=IMPORT_TAGS)
            raise Problem(Code.UNKNOWN_TAG, detail=most)

    def _check_points(self, row: MemberRow, account: Account) -> None:
        """The same balance again is none, so that a file may be imported twice."""
        if not row.points:
            return
        present = self._balance_of(account)
        if present and present != row.points:
            raise Problem(Code.HAS_OPENING_BALANCE)

    def _balance_of(self, account: Account) -> int:
        """In the shop, in this step, or in one before that wrote nothing; 0: none."""
        return (
            self.opened.get(account.id)
            or self.decided.points.get(account.phone.e164)
            or self.seen.balance_of(account.phone)
        )
