"""Every refusal the service can give: its code, its status and its sentence.

Programs branch on the codes, people read the sentences; no other place knows either.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from flask_babel import lazy_gettext as _l


class Code(StrEnum):
    """Stable names of refusals: programs branch on these, people read the sentence."""

    # phones (semantics, Phones)
    NO_NUMBER = "no_number"
    TWO_NUMBERS = "two_numbers"
    LETTERS_IN_NUMBER = "letters_in_number"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NO_SUCH_COUNTRY = "no_such_country"
    DIGITS_LOST = "digits_lost"
    OLD_LANDLINE = "old_landline"
    NOT_IN_USE = "not_in_use"
    SERVICE_NUMBER = "service_number"
    # requests
    INVALID_REQUEST = "invalid_request"
    INVALID_JSON = "invalid_json"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    REQUEST_TOO_LARGE = "request_too_large"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    INTERNAL_ERROR = "internal_error"
    BUSY = "busy"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    INVALID_CSRF = "invalid_csrf"
    INVALID_HOST = "invalid_host"
    REQUEST_TOO_SLOW = "request_too_slow"
    TOO_MANY_REQUESTS = "too_many_requests"
    WRONG_LOGIN = "wrong_login"
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"
    IDEMPOTENCY_KEY_REQUIRED = "idempotency_key_required"
    # stores, staff
    UNKNOWN_STORE = "unknown_store"
    STORE_EXISTS = "store_exists"
    STAFF_EXISTS = "staff_exists"
    ALREADY_SET_UP = "already_set_up"
    UNKNOWN_STAFF = "unknown_staff"
    UNKNOWN_KEY = "unknown_key"
    INVALID_LOGIN = "invalid_login"
    WEAK_PASSWORD = "weak_password"  # noqa: S105  # nosec B105  # a code
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  # nosec B105  # a code
    WEAK_PIN = "weak_pin"
    WRONG_PIN = "wrong_pin"
    PASSWORD_CHANGE_REQUIRED = "password_change_required"  # noqa: S105  # nosec B105  # a code
    OUTSIDE_YOUR_STORES = "outside_your_stores"
    NOT_FOR_YOURSELF = "not_for_yourself"
    OWNER_STAYS = "owner_stays"
    KEY_ENDED = "key_ended"
    # members
    UNKNOWN_MEMBER = "unknown_member"
    PHONE_IN_USE = "phone_in_use"
    UNKNOWN_PROVINCE = "unknown_province"
    MEMBER_ERASED = "member_erased"
    GUARDIAN_REQUIRED = "guardian_required"
    TOO_YOUNG = "too_young"
    REASON_REQUIRED = "reason_required"
    # rights
    UNKNOWN_RIGHTS_REQUEST = "unknown_rights_request"
    RIGHTS_REQUEST_ENDED = "rights_request_ended"
    UNKNOWN_ATTRIBUTE = "unknown_attribute"
    ATTRIBUTE_EXISTS = "attribute_exists"
    # tags and audiences
    UNKNOWN_TAG = "unknown_tag"
    TAG_EXISTS = "tag_exists"
    TAG_HAS_RULE = "tag_has_rule"
    TAG_IS_MANUAL = "tag_is_manual"
    UNKNOWN_AUDIENCE = "unknown_audience"
    AUDIENCE_EXISTS = "audience_exists"
    UNKNOWN_GROUP = "unknown_group"
    GROUP_IN_USE = "group_in_use"
    GROUP_CYCLE = "group_cycle"
    TOOK_TOO_LONG = "took_too_long"
    # files that go out and come in
    UNKNOWN_EXPORT = "unknown_export"
    UNKNOWN_COLUMN = "unknown_column"
    NOT_COMPARABLE = "not_comparable"
    EMPTY_AUDIENCE = "empty_audience"
    NOBODY_LEFT = "nobody_left"
    FILES_DELETED = "files_deleted"
    DISK_FULL = "disk_full"
    UNKNOWN_IMPORT = "unknown_import"
    NOT_AT_THIS_STAGE = "not_at_this_stage"
    BAD_FILE = "bad_file"
    BUILT_UPON = "built_upon"
    HAS_OPENING_BALANCE = "has_opening_balance"
    WORK_ENDED = "work_ended"
    WORK_GOES_ON = "work_goes_on"
    # purchases
    UNKNOWN_PURCHASE = "unknown_purchase"
    UNKNOWN_ENTRY = "unknown_entry"
    RECEIPT_NO_REQUIRED = "receipt_no_required"
    RECEIPT_CONFLICT = "receipt_conflict"
    LINES_DO_NOT_ADD_UP = "lines_do_not_add_up"
    IN_THE_FUTURE = "in_the_future"
    TOO_OLD = "too_old"
    INVALID_AMOUNT = "invalid_amount"
    INVALID_TIME = "invalid_time"
    PURCHASE_VOIDED = "purchase_voided"
    NOT_YOUR_RECEIPT = "not_your_receipt"
    TOO_LATE_TO_CHANGE = "too_late_to_change"


PHONE_CODES = frozenset(
    {
        Code.NO_NUMBER,
        Code.TWO_NUMBERS,
        Code.LETTERS_IN_NUMBER,
        Code.TOO_SHORT,
        Code.TOO_LONG,
        Code.NO_SUCH_COUNTRY,
        Code.DIGITS_LOST,
        Code.OLD_LANDLINE,
        Code.NOT_IN_USE,
        Code.SERVICE_NUMBER,
    }
)

_BAD = HTTPStatus.UNPROCESSABLE_ENTITY

TABLE: Mapping[Code, tuple[HTTPStatus, Any]] = {
    Code.NO_NUMBER: (_BAD, _l("There is no phone number here.")),
    Code.TWO_NUMBERS: (_BAD, _l("Two numbers or a range: enter one phone number.")),
    Code.LETTERS_IN_NUMBER: (
        _BAD,
        _l("Letters or masked digits stand inside the number: enter it in digits."),
    ),
    Code.TOO_SHORT: (_BAD, _l("The number is too short: a digit is missing.")),
    Code.TOO_LONG: (_BAD, _l("The number is too long: there is a digit too many.")),
    Code.NO_SUCH_COUNTRY: (_BAD, _l("No country has this code: check the digits after the +.")),
    Code.DIGITS_LOST: (
        _BAD,
        _l("A spreadsheet has rounded this number and digits are lost: ask for the number."),
    ),
    Code.OLD_LANDLINE: (
        _BAD,
        _l("This is a landline in its form from before 2017: ask for the number of today."),
    ),
    Code.NOT_IN_USE: (_BAD, _l("No such number is in use today: check the digits.")),
    Code.SERVICE_NUMBER: (
        _BAD,
        _l("This is a service number, not a person's: ask for a personal number."),
    ),
    Code.INVALID_REQUEST: (_BAD, _l("Some fields are not right: see errors.")),
    Code.INVALID_JSON: (HTTPStatus.BAD_REQUEST, _l("The body is not valid JSON in UTF-8.")),
    Code.UNSUPPORTED_MEDIA_TYPE: (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        _l("Send the body as application/json."),
    ),
    Code.REQUEST_TOO_LARGE: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        _l("The request is too large: send it in smaller parts."),
    ),
    Code.NOT_FOUND: (HTTPStatus.NOT_FOUND, _l("There is nothing at this address.")),
    Code.METHOD_NOT_ALLOWED: (
        HTTPStatus.METHOD_NOT_ALLOWED,
        _l("This address does not take that method."),
    ),
    Code.INTERNAL_ERROR: (
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _l("Something went wrong here; nothing was saved. Try again."),
    ),
    Code.BUSY: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        _l("The service is busy; nothing was saved. Try again in a moment."),
    ),
    Code.UNAUTHENTICATED: (HTTPStatus.UNAUTHORIZED, _l("Sign in, or send a valid API key.")),
    Code.FORBIDDEN: (HTTPStatus.FORBIDDEN, _l("Your role does not allow this.")),
    Code.INVALID_CSRF: (
        HTTPStatus.BAD_REQUEST,
        _l("This page has been open too long: load it again."),
    ),
    Code.INVALID_HOST: (HTTPStatus.BAD_REQUEST, _l("This service does not go by that name.")),
    Code.REQUEST_TOO_SLOW: (
        HTTPStatus.REQUEST_TIMEOUT,
        _l("The request did not arrive whole; nothing was saved. Try again."),
    ),
    Code.TOO_MANY_REQUESTS: (
        HTTPStatus.TOO_MANY_REQUESTS,
        _l("Too many tries: wait a moment, then try again."),
    ),
    Code.WRONG_LOGIN: (HTTPStatus.UNAUTHORIZED, _l("Wrong login or password.")),
    Code.IDEMPOTENCY_MISMATCH: (
        _BAD,
        _l("This Idempotency-Key was used for another request: use a new key."),
    ),
    Code.IDEMPOTENCY_IN_PROGRESS: (
        HTTPStatus.CONFLICT,
        _l("The first request with this Idempotency-Key is still running: try again."),
    ),
    Code.IDEMPOTENCY_KEY_REQUIRED: (
        _BAD,
        _l("This store has no receipt numbers: send an Idempotency-Key."),
    ),
    Code.UNKNOWN_STORE: (_BAD, _l("There is no store with this code.")),
    Code.STORE_EXISTS: (HTTPStatus.CONFLICT, _l("A store with this code exists already.")),
    Code.STAFF_EXISTS: (HTTPStatus.CONFLICT, _l("This login is taken.")),
    Code.ALREADY_SET_UP: (
        HTTPStatus.CONFLICT,
        _l("The owner's account exists already: sign in."),
    ),
    Code.UNKNOWN_STAFF: (HTTPStatus.NOT_FOUND, _l("There is no such person among the staff.")),
    Code.UNKNOWN_KEY: (HTTPStatus.NOT_FOUND, _l("There is no such key.")),
    Code.INVALID_LOGIN: (
        _BAD,
        _l("A login has 2 to 64 letters a to z, digits, dots, dashes and underscores."),
    ),
    Code.WEAK_PASSWORD: (
        _BAD,
        _l("This password is easily guessed: choose another, of 8 characters or more."),
    ),
    Code.WRONG_PASSWORD: (_BAD, _l("This is not your present password.")),
    Code.WEAK_PIN: (_BAD, _l("This PIN is easily guessed: choose another, of 4 to 8 digits.")),
    Code.WRONG_PIN: (HTTPStatus.UNAUTHORIZED, _l("Wrong PIN.")),
    Code.PASSWORD_CHANGE_REQUIRED: (
        HTTPStatus.FORBIDDEN,
        _l("Choose a password of your own first."),
    ),
    Code.OUTSIDE_YOUR_STORES: (
        HTTPStatus.FORBIDDEN,
        _l("This belongs to a store that is not yours."),
    ),
    Code.NOT_FOR_YOURSELF: (
        HTTPStatus.CONFLICT,
        _l("You cannot do this to your own account: ask another manager."),
    ),
    Code.OWNER_STAYS: (
        HTTPStatus.CONFLICT,
        _l("The owner's account stays as it is: only the owner changes it."),
    ),
    Code.KEY_ENDED: (HTTPStatus.CONFLICT, _l("This key is revoked or expired: make a new one.")),
    Code.UNKNOWN_MEMBER: (HTTPStatus.NOT_FOUND, _l("There is no such member.")),
    Code.PHONE_IN_USE: (HTTPStatus.CONFLICT, _l("This phone belongs to a member already.")),
    Code.UNKNOWN_PROVINCE: (_BAD, _l("There is no province with this code or name.")),
    Code.MEMBER_ERASED: (
        HTTPStatus.CONFLICT,
        _l("This member was erased: what is left of it is not changed any more."),
    ),
    Code.GUARDIAN_REQUIRED: (
        _BAD,
        _l("Under 16 a guardian has to agree: say where the guardian's consent is kept."),
    ),
    Code.TOO_YOUNG: (_BAD, _l("Nobody under 16 is in an advertising list.")),
    Code.REASON_REQUIRED: (_BAD, _l("Say why: the reason is kept in the log.")),
    Code.UNKNOWN_RIGHTS_REQUEST: (HTTPStatus.NOT_FOUND, _l("There is no such request.")),
    Code.RIGHTS_REQUEST_ENDED: (
        HTTPStatus.CONFLICT,
        _l("This request was carried out or refused already."),
    ),
    Code.UNKNOWN_ATTRIBUTE: (HTTPStatus.NOT_FOUND, _l("The shop has declared no such attribute.")),
    Code.ATTRIBUTE_EXISTS: (HTTPStatus.CONFLICT, _l("There is an attribute of this name.")),
    Code.UNKNOWN_TAG: (HTTPStatus.NOT_FOUND, _l("There is no such tag.")),
    Code.TAG_EXISTS: (HTTPStatus.CONFLICT, _l("There is a tag of this name: choose another.")),
    Code.TAG_HAS_RULE: (
        HTTPStatus.CONFLICT,
        _l("This tag follows a rule: members cannot be put in or taken out by hand."),
    ),
    Code.TAG_IS_MANUAL: (
        HTTPStatus.CONFLICT,
        _l("This tag is set by hand: it has no rule to follow."),
    ),
    Code.UNKNOWN_AUDIENCE: (HTTPStatus.NOT_FOUND, _l("There is no such customer group.")),
    Code.AUDIENCE_EXISTS: (
        HTTPStatus.CONFLICT,
        _l("There is a customer group of this name: choose another."),
    ),
    Code.UNKNOWN_GROUP: (_BAD, _l("There is no such tag or customer group.")),
    Code.GROUP_IN_USE: (
        HTTPStatus.CONFLICT,
        _l("A customer group is made of it: change that group first."),
    ),
    Code.GROUP_CYCLE: (_BAD, _l("A customer group cannot be made of itself.")),
    Code.TOOK_TOO_LONG: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        _l("Counting took too long: make the rule simpler, or save it and see the count later."),
    ),
    Code.UNKNOWN_EXPORT: (HTTPStatus.NOT_FOUND, _l("There is no such export.")),
    Code.UNKNOWN_COLUMN: (_BAD, _l("There is no column of this name.")),
    Code.NOT_COMPARABLE: (
        _BAD,
        _l("That export was of another customer group or format: nothing can be told from it."),
    ),
    Code.EMPTY_AUDIENCE: (
        _BAD,
        _l("Nobody is in this customer group: change it, then export it."),
    ),
    Code.NOBODY_LEFT: (
        _BAD,
        _l("Nobody is left for this file: see at which step they went, and what to do."),
    ),
    Code.FILES_DELETED: (
        HTTPStatus.GONE,
        _l("These files were deleted, their days being over: make or send them again."),
    ),
    Code.DISK_FULL: (
        HTTPStatus.INSUFFICIENT_STORAGE,
        _l("The disk is full; no file was kept. Free some space, then try again."),
    ),
    Code.UNKNOWN_IMPORT: (HTTPStatus.NOT_FOUND, _l("There is no such import.")),
    Code.NOT_AT_THIS_STAGE: (
        HTTPStatus.CONFLICT,
        _l("This import is at another stage by now: load the page again."),
    ),
    Code.BAD_FILE: (_BAD, _l("This file cannot be read.")),
    Code.BUILT_UPON: (
        HTTPStatus.CONFLICT,
        _l("Something was built on this import since: it cannot be undone any more."),
    ),
    Code.HAS_OPENING_BALANCE: (
        HTTPStatus.CONFLICT,
        _l("This customer has an opening balance already."),
    ),
    Code.WORK_ENDED: (HTTPStatus.CONFLICT, _l("This work has ended already.")),
    Code.WORK_GOES_ON: (HTTPStatus.CONFLICT, _l("This work still goes on: wait or cancel it.")),
    Code.UNKNOWN_PURCHASE: (HTTPStatus.NOT_FOUND, _l("There is no such purchase.")),
    Code.UNKNOWN_ENTRY: (HTTPStatus.NOT_FOUND, _l("There is no such points entry.")),
    Code.RECEIPT_NO_REQUIRED: (_BAD, _l("Enter the receipt number.")),
    Code.RECEIPT_CONFLICT: (
        HTTPStatus.CONFLICT,
        _l("This receipt number was recorded already, with other content."),
    ),
    Code.LINES_DO_NOT_ADD_UP: (_BAD, _l("The lines do not add up to the amount.")),
    Code.IN_THE_FUTURE: (_BAD, _l("The time of purchase lies in the future.")),
    Code.TOO_OLD: (
        HTTPStatus.FORBIDDEN,
        _l("This is too long ago for your role: ask a manager."),
    ),
    Code.INVALID_AMOUNT: (_BAD, _l("The amount is not a plain number of the currency.")),
    Code.INVALID_TIME: (_BAD, _l("The time is not a date, or a date and time.")),
    Code.PURCHASE_VOIDED: (HTTPStatus.CONFLICT, _l("This purchase was cancelled.")),
    Code.NOT_YOUR_RECEIPT: (
        HTTPStatus.FORBIDDEN,
        _l("A cashier changes own receipts of today only: ask a manager."),
    ),
    Code.TOO_LATE_TO_CHANGE: (
        HTTPStatus.FORBIDDEN,
        _l("A purchase can be changed for 45 days."),
    ),
}
