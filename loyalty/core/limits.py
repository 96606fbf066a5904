"""The limits that stand on every string, list and body; one place to look them up."""

REQUEST_BYTES = 8 * 1024 * 1024
"""A batch of 5,000 purchases with lines fits; a 10 MB body does not."""
FORM_BYTES = 256 * 1024
"""All fields of a form together, files apart: pasted phones fit, a 1 MB password does not."""
HEAD_BYTES = 64 * 1024
"""Request line and headers."""
HEAD_SECONDS = 10
"""To send them in; as long a connection may lie idle."""
BODY_SECONDS = 10
"""To send a body in, once all threads of a process wait for one."""
SERVER_THREADS = 2
"""Of one process. More of them wait for each other: two were a fifth faster than eight.
One would be faster still, and stand still while a slow sender's request comes in."""
STOP_SECONDS = 8
"""What is being answered may take so long when the server is stopped."""
BATCH_ROWS = 5_000
LINES_PER_PURCHASE = 500
INVOICE_LINES = 2_000
"""Of one receipt in a file of lines."""
NEAR_LINES = 500
"""In a file of lines, those of one receipt stand so near each other."""
MATCHED_PURCHASES = 1_000
"""Among so many of a member's newest purchases is looked for goods that came back unnamed."""
PAGE_ROWS = 100

CODE_LENGTH = 32
NAME_LENGTH = 200
EMAIL_LENGTH = 254
RECEIPT_LENGTH = 64
REGISTER_LENGTH = 32
SKU_LENGTH = 64
CATEGORY_LENGTH = 100
REASON_LENGTH = 500
WRITTEN_PHONE_LENGTH = 200
LOGIN_LENGTH = 64
PASSWORD_LENGTH = 200
IDEMPOTENCY_KEY_LENGTH = 255
TEXT_VERSION_LENGTH = 32
QUANTITY = 1_000_000
SLUG_LENGTH = 64
ATTRIBUTE_NAME_LENGTH = 32
ATTRIBUTE_TEXT_LENGTH = 100
ATTRIBUTES = 100
"""As many attributes can a shop declare."""
ATTRIBUTE_CHOICES = 200
CHOICES_OF_A_MEMBER = 50
"""Of one attribute."""
LINK_LENGTH = 500
TAGS = 1_000
AUDIENCES = 1_000
RULE_DEPTH = 20
"""How deep a tag rule or an audience may be nested, audiences within audiences included."""
RULE_NODES = 200
RULE_PURCHASE_TESTS = 12
"""Each reads the purchases once."""
RULE_CONDITIONS = 10
"""In one `where`."""
RULE_VALUES = 500
"""In one list of an `in`."""
EXPORT_COLUMNS = 100
PURPOSE_LENGTH = 500
FILE_NAME_LENGTH = 200
EXPORT_ROWS_PER_FILE = 1_000_000
EXPORT_FILES = 1_000
"""Of one export: nobody carries more to a platform by hand."""
EXPORTS_WAITING = 20
"""Of one person, those that run included."""
XLSX_ROWS = 1_048_576
"""Of one sheet, the header included: what spreadsheets can open."""
XLSX_BYTES = 512 * 1024 * 1024
"""Unpacked: a small file may hold gigabytes."""
XLSX_CELLS = 10_000_000
"""Rows times columns of a sheet: all of them are in memory at once, some 100 bytes each."""
CELL_LENGTH = 32_767
"""As many characters can a spreadsheet's cell hold."""
IMPORT_TAGS = 100
"""As many tags may an import make that the shop does not have."""
TAGS_OF_A_ROW = 20
OPENING_POINTS = 1_000_000_000
"""As many can a member bring along."""
UNDO_DAYS = 30
"""How long an import can be undone: until then is kept what it changed."""
CSV_LINE_BYTES = 64 * 1024
CSV_COLUMNS = 200
RULES_OF_A_VERSION = 50
"""Earning rules beside the basic one."""
TIERS = 20
PROMOTIONS_AT_ONCE = 50
"""That run or are to come."""
REWARDS = 1_000
POINTS = 10**12
"""The most that a rule, an adjustment or a reward may name."""
REDEMPTIONS_OF_A_PURCHASE = 20
VOUCHER_CODE_LENGTH = 16
TERMS_LENGTH = 50_000
"""Of one language, in characters."""
STATEMENT_ENTRIES = 10_000
"""In one statement: a longer period is asked for in parts."""
