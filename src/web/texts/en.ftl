# What pages say, in English.

## Around every page
skip = Skip to the content
nav-account = Your account
nav-vault = This vault
nav-documents = Legal documents
nav-language = Language
nav-sign-in = Sign in
nav-join = Open a vault
nav-security = Ways to confirm
nav-contacts = Contact data
nav-notices = Notices
nav-sign-ins = Sign-in history
nav-preferences = Preferences
nav-sign-out = Sign out
nav-collections = Collections
nav-tokens = API tokens
footer-contact = Questions at any time:
document-privacy = Privacy policy
document-terms = Terms of service
document-safe-use = Safe use
document-dpa = Data processing agreement
document-cookies = Cookies
document-processors = Processors
unconfirmed-title = You can look around.
unconfirmed-text = To change, reveal or export anything, confirm that it is you.
unconfirmed-action = Confirm
prompt-title = A question to you
prompt-dismiss = Not now
prompt-confirm-contacts = Are your contact data still right?
prompt-confirm-contacts-text = We need them to reach you when something happens.
prompt-confirm-contacts-action = Look at them
prompt-password-age = Your password is some months old.
prompt-password-age-text = Choose a new one when it suits you. We ask for it only here, never by mail.
prompt-password-age-action = To your security
contacts-lead = Codes and notices go here. No other business sees them.
contacts-verified = verified
contacts-unverified = not verified
contacts-unverified-text = Until it is verified, you cannot sign in with it, and nothing is sent to it.
contacts-no-phone = No phone number.
contacts-right = Is all of this right?
contacts-right-text = Please look from time to time, so that we can reach you.
contacts-right-action = Yes, all of it is right
contacts-confirmed-at = You last said so:

## Changing what signs in
news-identifier-changed = Changed. From now on you sign in with the new one; the old one can take it back for seven days.
news-change-undone = The earlier one signs in again, and every session was ended. Sign in, choose a new password, and look through your ways to confirm and your sign-in history.
news-phone-removed = The phone number is removed.
change-email-text = We send a code to the new address. The old one is told, and can take the change back for seven days.
change-send = Send the code
change-code-title = Enter the code from the new address
change-code-lead = If { $target } can be used, a code is on its way to it.
change-action = Change it
change-waiting = A change to { $target } waits for its code.
change-go-on = Enter the code
undo-title = Take back a change of your address
undo-lead = Was the address or phone number of your account changed, and not by you? For seven days the earlier one can take it back, with the code from our notice.
undo-start = Go on
undo-code-title = Enter the code from the notice
undo-code-lead = It has six groups of four characters. If the identifier was changed in the last seven days, we have sent the code to it once more.
undo-action = Take the change back
sign-in-changed = My address was changed
field-new-email = New e-mail address
hint-undo-identifier = The earlier one, which no longer signs in.
optional = (optional)
choose = Choose…
step = Step { $step } of { $of }
errors-title = Please check the following
password-show = Show
password-hide = Hide
news-joined = Your vault is open. Welcome.
news-contacts-confirmed = Thank you. We ask again in a few months.
news-confirmed = Thank you. You can now make changes.
news-collections-made = The collections are ready.
news-record-saved = Saved.
news-record-trashed = Moved to the trash.
news-record-restored = Back from the trash.
news-imported = The import is complete.
news-method-added = Added. From now on it confirms that it is you.
news-method-removed = Removed. It confirms nothing any more.
news-notice-reported = Thank you. If it was not you, freeze your account: nobody gets in until you open it again.
news-token-revoked = The token no longer works.
news-preferences-saved = Your preferences are saved.

## Joining
join-title = Open your vault
join-lead = A safe place for your customers, contracts, invoices and people. Start with your e-mail address: we send a code to make sure that it is yours.
join-send-code = Send me a code
join-already = Already have an account?
promise-keys = Everything you put in is encrypted under keys that belong to your vault alone.
promise-yours = What you enter is yours: take all of it out whenever you like.
promise-leave = When you leave, your keys are destroyed, and you get a certificate that says so.
join-finish-title = Set up your account
join-finish-lead = If the address can be used, a code is on its way to it. It is good for ten minutes.
join-you = About you
join-business = Your business
join-finish-action = Open my vault
join-no-code = No code after a few minutes?
join-again = Start again
read-version = Read (version { $version })
acknowledge-privacy = I have read the privacy policy
acknowledge-terms = I have read and accept the terms of service
acknowledge-safe-use = I have read the rules of safe use
acknowledge-dpa = I have read and accept the data processing agreement
acknowledge-cookies = I have read how cookies are used
acknowledge-action = Acknowledge
kind-company = Company
kind-self-employed = Self-employed person

## Signing in and confirming
sign-in-title = Sign in
sign-in-action = Sign in
sign-in-session-ended = Your session has ended. Please sign in again.
sign-in-signed-out = You are signed out, and the session is closed on our side too.
sign-in-new = New here?
sign-in-never-ask = We never ask for your password by phone, e-mail or message.
confirm-title = Confirm that it is you
confirm-lead = Your password lets you look around. To change anything, confirm in one more way.
confirm-lead-again = For this, confirm once more that it is you. It then holds for ten minutes.
confirm-later = Not now, just look around
confirm-code-title = Enter the code
confirm-code-sent = We have sent a code to { $target }.
confirm-action = Confirm
confirm-no-code = No code?
confirm-send-again = Send another one
confirm-other-method = Confirm in another way
confirm-send = Send me the code
confirm-others = Other ways
confirm-safer = Set up a safer way than e-mail
confirm-nothing-would-do = None of your ways to confirm would do for this. Write to us:
code-never-share = A code is for this page only. Give it to nobody, not even to us.
method-email = Code by e-mail
method-email-risk = The least safe way: whoever can read your mailbox can confirm in your place.
method-sms = Code by text message
method-totp = Authenticator app
method-totp-text = Type the six digits that your app shows now.
method-totp-risk = Much safer: the codes never leave your phone. But a false page can ask for one and use it at once, so look at the address first.
method-recovery-codes = Recovery codes
method-recovery-codes-text = Use one of the codes that you wrote down. Each works once.
method-recovery-codes-risk = For the day when all else is lost. Whoever finds the sheet can use a code, so keep it where you keep your passport.
method-sent-to = We send it to { $target }.
method-advised-against = For what this vault holds, we advise a safer method.
method-choose = Choose

## Notices
notices-lead = Everything that concerns the safety of your account, done or refused. Say so where it was not you.
notices-empty = Nothing has happened yet
notices-empty-text = When something changes who can enter your account, it stands here.
notices-reported = You reported this on
notices-delivery = Mails
notices-delivery-text = Codes, and changes of your password, your sign-in or your ways to confirm, always come at once.
notices-at-once = At once
notices-daily = Together, once a day
was-not-me = This was not me

## Fields and hints
field-email = E-mail address
field-language = Language
field-code = Code
field-name = Full name
field-password = Password
field-phone = Phone number
field-kind = What kind of business is it?
field-business-name = Name of the business
field-country = Country
field-registration-number = Registration number
field-vat-number = VAT number
field-acknowledged = Before you start
field-identifier = E-mail address or phone number
field-shared-computer = Other people use this computer
hint-join-email = You will sign in with it. No other business will see it.
hint-join-code = Six digits, from the e-mail that we have just sent.
hint-code = Six digits, good for ten minutes.
hint-new-password = At least 15 characters of any kind, or 8 to 14 with upper and lower case letters, digits and special characters. Not one that you use elsewhere.
hint-phone = With the country code, for example +371 20000000. Your own, not somebody else’s.
hint-registration-number = As it stands in the register of your country.
hint-vat-number = With the country code in front, for example LV40000000000.
hint-shared-computer = The session will be short, and nothing is kept in the browser.

## What can be wrong
error-invalid = Please check this.
error-required = Please fill this in.
error-malformed = This does not look right. Please check how it is written.
error-too-long = This is too long.
error-too-short = This is too short.
error-out-of-range = This is outside the allowed range.
error-already-exists = Another record already has this value.
error-not-found = There is no such record.
error-kind-fixed = The kind of a field that holds values cannot be changed.
error-no-such-field = There is no such field.
error-unknown-field = There is no such field.
error-missing-field = Please fill this in.
error-no-such-record = There is no such record.
error-not-searchable = This field cannot be searched by its value.
error-not-the-mask = Leave this as it is, or write the whole value.
error-not-a-table = This file cannot be read as a table. Save it as XLSX, or as CSV in UTF-8, and try again.
error-not-utf8 = The letters of this file are not written in UTF-8. Save it as XLSX, or as CSV in UTF-8.
error-not-a-workbook = This workbook cannot be read. Open it in your spreadsheet program, save it as XLSX and try again.
error-workbook-protected = This workbook has a password or is in the old form XLS. Save it as XLSX without a password.
error-workbook-too-large = This workbook is too large. Divide it into several.
error-too-many-rows = An import has at most 20,000 rows. Divide the file into several.
error-too-many-columns = A table has at most 500 columns.
error-too-many-cells = The row has more cells than there are headings.
error-repeated-column = Two columns go to the same field. Keep one of them.
error-unknown-column = There is no field of this heading.
error-no-known-column = No heading of the file is a field of this collection. The headings belong into its first row.
error-error-in-cell = The spreadsheet shows an error in this cell.
error-not-a-boolean = Write yes or no.
error-empty = There is nothing here.
error-bad-checksum = The check digits do not match. Please look for a typing mistake.
error-wrong-type = This is not of the kind that belongs here.
error-not-a-number = This is not a number. Write it as 1234.5.
error-not-money = Write an amount and a currency, for example 12.50 EUR.
error-not-a-currency = There is no such currency. Use three letters, for example EUR.
error-too-many-decimals = There are too many digits behind the point.
error-not-exact = This number cannot be kept exactly. Write it with fewer digits.
error-too-large = This is too large.
error-too-many = There are as many as there may be. Remove one first.
error-not-a-date = There is no such day.
error-not-a-choice = Please choose one of the options.
error-choice-without-options = Write the options, one on each line.
error-link-without-collection = Choose the collection that the field links to.
error-repeated-options = Two options are the same.
error-too-many-options = A field has at most 200 options.
error-reserved = This word stands for a page of ours in addresses. Choose another name.
error-not-an-email = This is not an e-mail address.
error-not-a-phone = This is not a phone number. Begin with + and the country code.
error-not-an-iban = This is not an IBAN.
error-not-a-payment-card = This is not the number of a payment card.
error-not-a-vat-number = This is not a VAT number of that country.
error-not-a-registration-number = This is not a registration number of that country.
error-country-missing = Write the country code in front.
error-not-a-country = There is no country with these two letters.
error-not-an-id = This is not the id of a record.
error-not-one-line = Please write this on one line.
error-control-character = There is a character here that cannot be kept. Please type the text again.
error-password-too-short = Use at least 8 characters.
error-password-too-long = Use a password of at most 1,024 bytes.
error-password-needs-classes = A password shorter than 15 characters needs upper and lower case letters, digits and special characters.
error-password-too-common = Many people use this password, so it is tried first. Choose another.
error-password-guessable = This password is easy to guess. Make it longer or less regular.
error-password-holds-own-data = Leave your name, address, phone number and business out of the password.
error-password-leaked = This password has appeared in a data leak. Choose another.
error-code-refused = This code does not fit or is no longer good. Check it, or ask for a new one.
error-challenge-ended = Too many tries. Ask for a new code.
error-acknowledgement-required = Please read and tick each document.
error-sign-in-refused = The address and the password do not go together. Check both and try again.
error-too-many-requests = Too many tries. Please wait a little.

## Collections
collections-new = New collection
collections-starters = Ready-made collections
collections-empty = Your vault is empty
collections-empty-text = Begin with ready-made collections for your trade, or make one of your own.
collections-empty-look = Nothing has been put in yet. Those who may make changes can add collections.
starters-lead = Tick what you need. You can change the fields later, and add more at any time.
starters-present = Already in your vault
starters-make = Add the ticked collections
new-collection-lead = A collection holds records of one kind: vehicles, orders, keys handed out.
new-collection-make = Make the collection
new-collection-register = For your register of processing
new-collection-register-text = If it holds data about people, write down why you keep it and for how long.
new-field = Field { $number }
new-field-label = Label of field { $number }
new-field-kind = Kind
new-field-choices = Options of field { $number }, one on each line
new-field-target = Field { $number } links to
new-field-more = Add more fields
tick-required = Required
tick-unique = No value twice
tick-searchable = Can be found by its value
tick-sensitive = Hidden until revealed
basis-contract = A contract
basis-legal-obligation = A legal obligation
basis-legitimate-interest = A legitimate interest
basis-consent = Consent
kind-of-text = Text
kind-of-long-text = Long text
kind-of-number = Number
kind-of-money = Money
kind-of-date = Date
kind-of-boolean = Yes or no
kind-of-choice = Choice
kind-of-email = E-mail address
kind-of-phone = Phone number
kind-of-iban = Bank account (IBAN)
kind-of-payment-card = Payment card
kind-of-vat-number = VAT number
kind-of-registration-number = Registration number
kind-of-country = Country
kind-of-link = Link to another record
field-collection-name = Name of the collection
field-fields = Fields
field-purpose = Purpose
field-legal-basis = Legal basis
field-retention-days = Kept for so many days
hint-fields = The first field names a record in lists. Rows without a label do not count.
hint-retention-days = Counted from the last change of a record; for example 1825 for five years.

## Records
records-count = { $count ->
    [0] No records yet
    [one] { $count } record
   *[other] { $count } records
}
record-new = New record
record-edit = Edit
record-reveal = Reveal
record-mask = Hide again
record-clear = Remove the stored value
record-version = Version { $version }
record-created = made
record-updated = last changed
record-delete = Delete this record
record-delete-text = It goes to the trash, from where it can be restored.
record-delete-action = Move to the trash
records-empty = No records yet
records-empty-text = Write the first one by hand, or bring in a whole table from a workbook or a CSV file.
records-empty-look = Those who may make changes can add records.
search-query = Search for
search-in = Where
search-anywhere = Any word in any field
search-exactly = { $label }, exactly
search-action = Search
search-clear = Show all records
search-empty = Nothing found
search-empty-text = Try fewer letters, or search in all fields.
pager = More of this list
pager-next = Next
pager-start = Back to the start
cell-yes = Yes
cell-no = No
cell-empty = empty
cell-masked = hidden, ends in
hint-masked = Stored: { $tail }. Leave this empty to keep it.
hint-kind-number = Digits, with a point before the decimals: 1234.5
hint-kind-iban = For example LV80 BANK 0000 4351 9500 1
hint-kind-payment-card = The number on the card; no other data of it.
hint-kind-vat-number = With the country code in front, for example LV40000000000
hint-kind-registration-number = As it stands in the register
hint-kind-phone = With the country code, for example +371 20000000
hint-kind-country = Two letters, for example LV
hint-kind-link = The id of the record, as it stands in its address
currency-of = Currency: { $label }
save = Save
cancel = Cancel
conflict-title = Somebody changed this record meanwhile
conflict-text = Below stands what you typed. Look at what changed, then save again. Changed:
conflict-before = When you began
conflict-after = Stored now
change-field = Field
change-before = Before
change-after = After
history-title = History
history-somebody = somebody who has left
deed-created = Made
deed-imported = Imported
deed-changed = Changed
deed-trashed = Moved to the trash
deed-restored = Restored
trash-title = Trash
trash-at = Deleted
trash-restore = Restore
trash-empty = The trash is empty
trash-empty-text = Records that you delete wait here and can be restored.
import-title = Import

## Import
dry-run-ready = { $count ->
    [0] No row can become a record.
    [one] One row is ready to become a record.
   *[other] { $count } rows are ready to become records.
}
dry-run-refused = { $count ->
    [one] One row would be left out.
   *[other] { $count } rows would be left out.
}
import-lead = Bring in a whole table from a workbook (XLSX) or a CSV file. First you see what would happen; nothing is stored until you agree.
import-check = Check the file
import-columns = Columns
import-columns-text = The first line of the file names its columns, by either of these. Other columns are left out.
import-heading = Heading
field-file = File
hint-file = A workbook (XLSX), of which the first sheet counts, or CSV in UTF-8.
dry-run-title = What the import would do
dry-run-nothing-yet = Nothing has been stored yet.
dry-run-confirm = Import
dry-run-other-file = Choose another file
dry-run-problems = Rows that would be left out
dry-run-line = Line
dry-run-problem = What is wrong
dry-run-left-out = left out
import-link = { $label } is found by
import-link-id = the id of the record
field-currency = Currency
hint-currency = For amounts that stand without one, as 12.50 does.
import-done = The import is complete
import-made = { $count ->
    [one] One record was made.
   *[other] { $count } records were made.
}
import-was-left-out = { $count ->
    [one] One row was left out.
   *[other] { $count } rows were left out.
}
import-file-gone = We have not kept the file.
import-to-records = Show the records
dry-run-column = Column
dry-run-whole = Whole file
dry-run-changed = The vault has changed meanwhile
dry-run-changed-text = The import would now come to something else than you agreed to, so nothing has been stored. Look again.

## Tokens
tokens-lead = A token lets another program work with this vault, without your password. Give each program its own.
tokens-empty = No tokens
tokens-empty-text = No other program can reach this vault.
token-new = New token
token-make = Make the token
token-expires = ends
token-endless = without end
token-revoke = Revoke
token-made-title = Your new token
token-made-text = Copy it now: it is shown this one time, and we keep no copy that can be read.
token-kept = I have stored it safely
copy = Copy
copied = Copied
field-token-name = What is it for?
hint-token-name = For example: accounting, online shop.
field-scopes = What may it do?
field-lifetime = Works for
lifetime-30 = 30 days
lifetime-90 = 90 days
lifetime-365 = A year
lifetime-none = No end
scope-records-read = Read records
scope-records-write = Write records
scope-records-reveal = Reveal sensitive values
scope-collections-write = Change collections
scope-files-read = Read files
scope-files-write = Store files
scope-exports-read = Export everything
scope-audit-read = Read the audit trail
scope-members-read = See the members

## Account
choose-tenant-title = Your vaults
choose-tenant-empty = You belong to no vault
choose-tenant-empty-text = Somebody who runs a vault can invite you to it.
role-owner = Owner
role-admin = Administrator
role-editor = Editor
role-viewer = Viewer
sign-ins-lead = Look through this now and then, at least once a month.
sign-ins-at = When
sign-ins-outcome = Outcome
sign-ins-method = Method
sign-ins-ip = Network address
sign-ins-device = Device
sign-ins-empty = Nothing further
sign-ins-empty-text = There are no earlier sign-ins.
sign-ins-strange = Do you see something that you did not do? Change your password, then write to us:
outcome-accepted = Accepted
outcome-refused = Refused
by-password = Password
by-email = Code by e-mail
by-sms = Code by text message
by-totp = Authenticator app
by-recovery-code = Recovery code
by-join = Joining
security-lead = What proves that it is you, from the least to the most secure. Once you have an authenticator app, tokens, exports and changes on this page need it.
security-lost = Have you lost a device? Confirm by a recovery code and remove the device here: from that moment it confirms nothing.
factor-since = added
factor-used = last used
factor-unused = not used yet
factor-ended = Stopped
factor-ended-text = Too many wrong codes came in a row. Remove it and set it up anew.
factor-remove = Remove
field-factor-name = What is it called?
hint-factor-name = For example: my phone.
add-totp = Set up an authenticator app
add-totp-again = Set up another app
add-recovery-codes = Make recovery codes
add-recovery-codes-again = Make new codes
enrol-app-title = Set up an authenticator app
enrol-app-lead = Any app for one-time codes will do. What it shows here stays good for ten minutes.
enrol-app-scan = 1. Scan this with the app
enrol-app-picture = QR code of the secret below
enrol-app-secret = Or type this secret into the app
enrol-app-secret-text = By time, six digits. Show it to nobody.
enrol-app-code = 2. Type the six digits that the app shows now.
enrol-app-finish = Finish
recovery-codes-title = Your recovery codes
recovery-codes-lead = Each works once. They are shown this one time, and we keep no copy that can be read.
recovery-codes-print = Print this page or copy the codes onto paper. Keep the sheet apart from your phone; codes made earlier no longer work.
recovery-codes-kept = I have put them away safely
factor-left = { $count ->
    [one] One code left.
   *[other] { $count } codes left.
}
preferences-lead = Kept in a cookie on this device; nothing else is.
field-theme = Colours
theme-system = As on this device
theme-light = Light
theme-dark = Dark
sign-out-title = Sign out?
sign-out-text = Your session ends on our side, and the browser forgets what it kept of these pages.
sign-out-stay = Stay signed in

## Legal documents
legal-version = Version { $version }
legal-updated = updated and in force from
legal-will-apply = will apply from
legal-announced = This version is announced and not in force yet.
legal-superseded = A newer version has replaced this one.
legal-in-force = Read the one in force
legal-print = This page can be printed: the print leaves out menus and colours.
legal-others = Other versions
processors-lead = These companies process data on our behalf, each only as far as its task needs it.
processors-none = We do everything ourselves: nobody else gets data from this service.
processors-name = Company
processors-purpose = What it does
processors-receives = What it gets
processors-country = Country

## Refusals
refusal-retry-seconds = { $count ->
    [one] Please try again in a second.
   *[other] Please try again in { $count } seconds.
}
refusal-retry-minutes = { $count ->
    [one] Please try again in a minute.
   *[other] Please try again in { $count } minutes.
}
refusal-retry-hours = { $count ->
    [one] Please try again in an hour.
   *[other] Please try again in { $count } hours.
}
refusal-home = To the start page
refusal-incident = If you write to us, please give this number:
refusal-malformed-request = This did not work
refusal-malformed-request-text = The request could not be understood. Go back, and try once more.
refusal-not-signed-in = Please sign in
refusal-not-signed-in-text = This page is for those who are signed in.
refusal-forbidden = Your role does not allow this
refusal-forbidden-text = Ask an owner or administrator of this vault.
refusal-confirmation-required = Please confirm first
refusal-confirmation-required-text = To do this, confirm that it is you. It takes a moment.
refusal-policy-unacknowledged = A document has changed
refusal-policy-unacknowledged-text = Before you can make changes, please read the new version and acknowledge it.
refusal-not-found = There is nothing here
refusal-not-found-text = The page does not exist, or it is not yours to see.
refusal-already-exists = This is there already
refusal-already-exists-text = Something with the same value or name exists. Go back and choose another.
refusal-version-conflict = Somebody was faster
refusal-version-conflict-text = It was changed while you looked at it. Open it again to see how it stands.
refusal-payload-too-large = This is too large
refusal-payload-too-large-text = Divide it into smaller parts and send them one by one.
refusal-unsupported-media-type = This kind of file cannot be read
refusal-unsupported-media-type-text = Go back and choose a file of the kind that is asked for.
refusal-cross-origin = The request came from elsewhere
refusal-cross-origin-text = Another site tried to act in your name, and was refused. Nothing has changed.
refusal-too-many-requests = Too many tries
refusal-too-many-requests-text = Please wait a little, then try again.
refusal-busy = Much is going on just now
refusal-busy-text = Your request was not carried out. Please try again in a moment.
refusal-unavailable = Seif cannot answer just now
refusal-unavailable-text = Nothing is lost. Please try again in a moment.
refusal-sealed = This cannot be opened now
refusal-sealed-text = Its key cannot be reached. Please write to us.
refusal-internal = Something went wrong on our side
refusal-internal-text = It has been noted. Nothing was stored by halves.

## Countries
country-ee = Estonia
country-lv = Latvia
country-lt = Lithuania
country-kz = Kazakhstan
country-at = Austria
country-be = Belgium
country-bg = Bulgaria
country-ch = Switzerland
country-cy = Cyprus
country-cz = Czechia
country-de = Germany
country-dk = Denmark
country-es = Spain
country-fi = Finland
country-fr = France
country-gb = United Kingdom
country-ge = Georgia
country-gr = Greece
country-hr = Croatia
country-hu = Hungary
country-ie = Ireland
country-is = Iceland
country-it = Italy
country-kg = Kyrgyzstan
country-lu = Luxembourg
country-md = Moldova
country-mt = Malta
country-nl = Netherlands
country-no = Norway
country-pl = Poland
country-pt = Portugal
country-ro = Romania
country-se = Sweden
country-si = Slovenia
country-sk = Slovakia
country-ua = Ukraine
country-uz = Uzbekistan

api-docs-title = Interface for programs
api-docs-lead = Everything that the pages do, programs can do with a token. Described in English; the whole document for tools:
