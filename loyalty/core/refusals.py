"""Every refusal the service can give: the status and the sentence of each code.

Programs branch on the codes, people read the sentences; no other place knows either.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.core.refusal_codes import Code

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
    Code.RETURN_EXCEEDS_PURCHASE: (
        _BAD,
        _l("More comes back than is left of the purchase: check what was returned before."),
    ),
    Code.UNKNOWN_RETURN: (HTTPStatus.NOT_FOUND, _l("There is no such return.")),
    Code.PURCHASE_HAS_RETURNS: (
        HTTPStatus.CONFLICT,
        _l("Goods of this purchase were returned: return the rest instead."),
    ),
    Code.PAID_WITH_POINTS: (
        HTTPStatus.CONFLICT,
        _l("Points were used on this purchase: cancel it, then record it for the other phone."),
    ),
    Code.NEGATIVE_SALE: (_BAD, _l("The lines of this sale add up to less than nothing.")),
    Code.UNKNOWN_KIND: (_BAD, _l("A row is a sale or a return; this one is neither.")),
    Code.UNKNOWN_FLAG: (HTTPStatus.NOT_FOUND, _l("There is nothing of this kind to look at.")),
    Code.FLAG_DECIDED: (HTTPStatus.CONFLICT, _l("A manager has decided this already.")),
    Code.UNKNOWN_TIER: (HTTPStatus.NOT_FOUND, _l("There is no such tier.")),
    Code.TIER_EXISTS: (
        HTTPStatus.CONFLICT,
        _l("There is a tier of this name or threshold: choose another."),
    ),
    Code.TIER_IN_USE: (
        HTTPStatus.CONFLICT,
        _l("A gift or a rule needs this tier: change that first."),
    ),
    Code.INVALID_RULE: (_BAD, _l("This rule cannot be read: see which part is wrong.")),
    Code.UNKNOWN_PROMOTION: (HTTPStatus.NOT_FOUND, _l("There is no such promotion.")),
    Code.PROMOTION_ENDED: (HTTPStatus.CONFLICT, _l("This promotion has ended already.")),
    Code.UNKNOWN_TERMS: (HTTPStatus.NOT_FOUND, _l("There is no such version of the terms.")),
    Code.INSUFFICIENT_POINTS: (HTTPStatus.CONFLICT, _l("There are not enough points.")),
    Code.OVER_YOUR_LIMIT: (
        HTTPStatus.FORBIDDEN,
        _l(
            "That is more than your role may add or take for one customer in a day: ask a manager "
            "or the owner."
        ),
    ),
    Code.UNKNOWN_REWARD: (HTTPStatus.NOT_FOUND, _l("There is no such gift.")),
    Code.REWARD_ENDED: (HTTPStatus.CONFLICT, _l("This gift is not offered today.")),
    Code.OUT_OF_STOCK: (HTTPStatus.CONFLICT, _l("None of this gift is left.")),
    Code.REWARD_TAKEN: (
        HTTPStatus.CONFLICT,
        _l("This customer has had this gift as often as one may."),
    ),
    Code.NOT_FOR_THIS_MEMBER: (
        HTTPStatus.CONFLICT,
        _l("This gift is for others: it needs a tier or tag that this customer does not have."),
    ),
    Code.NOT_YET_REDEEMING: (
        HTTPStatus.CONFLICT,
        _l("Points can be used from a higher balance or after more purchases."),
    ),
    Code.PIN_REQUIRED: (
        HTTPStatus.FORBIDDEN,
        _l("That is more than a spoken number may use in a day: a manager enters the PIN."),
    ),
    Code.UNKNOWN_REDEMPTION: (
        HTTPStatus.NOT_FOUND,
        _l("There is no such gift or payment with points of a customer."),
    ),
    Code.REDEMPTION_ENDED: (
        HTTPStatus.CONFLICT,
        _l("This was used, cancelled or given back already."),
    ),
    Code.HOLD_LAPSED: (
        HTTPStatus.CONFLICT,
        _l("The points were on hold for too long and are free again: begin once more."),
    ),
    Code.VOUCHER_LAPSED: (HTTPStatus.CONFLICT, _l("The days of this voucher are over.")),
    Code.VOUCHER_USED: (HTTPStatus.CONFLICT, _l("This voucher was used already.")),
    Code.SAME_MEMBER: (_BAD, _l("These are the same customer: choose two.")),
    Code.MEMBER_MERGED: (
        HTTPStatus.CONFLICT,
        _l("This account was merged into another one: look at that one first."),
    ),
    Code.NO_PHONE: (HTTPStatus.CONFLICT, _l("This customer has no phone number now.")),
}
