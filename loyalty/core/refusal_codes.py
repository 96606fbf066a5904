"""The stable names of every refusal that the service can give; what each says: `refusals.py`."""

from __future__ import annotations

from enum import StrEnum


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
    RETURN_EXCEEDS_PURCHASE = "return_exceeds_purchase"
    UNKNOWN_RETURN = "unknown_return"
    PURCHASE_HAS_RETURNS = "purchase_has_returns"
    PAID_WITH_POINTS = "paid_with_points"
    NEGATIVE_SALE = "negative_sale"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_FLAG = "unknown_flag"
    FLAG_DECIDED = "flag_decided"
    # the programme
    UNKNOWN_TIER = "unknown_tier"
    TIER_EXISTS = "tier_exists"
    TIER_IN_USE = "tier_in_use"
    INVALID_RULE = "invalid_rule"
    UNKNOWN_PROMOTION = "unknown_promotion"
    PROMOTION_ENDED = "promotion_ended"
    UNKNOWN_TERMS = "unknown_terms"
    # points and rewards
    INSUFFICIENT_POINTS = "insufficient_points"
    OVER_YOUR_LIMIT = "over_your_limit"
    UNKNOWN_REWARD = "unknown_reward"
    REWARD_ENDED = "reward_ended"
    OUT_OF_STOCK = "out_of_stock"
    REWARD_TAKEN = "reward_taken"
    NOT_FOR_THIS_MEMBER = "not_for_this_member"
    NOT_YET_REDEEMING = "not_yet_redeeming"
    PIN_REQUIRED = "pin_required"
    UNKNOWN_REDEMPTION = "unknown_redemption"
    REDEMPTION_ENDED = "redemption_ended"
    HOLD_LAPSED = "hold_lapsed"
    VOUCHER_LAPSED = "voucher_lapsed"
    VOUCHER_USED = "voucher_used"
    # identity
    SAME_MEMBER = "same_member"
    MEMBER_MERGED = "member_merged"
    NO_PHONE = "no_phone"


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
