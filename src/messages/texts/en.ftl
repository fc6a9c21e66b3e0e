# Mails in English. $service: the service's name; $contact: its e-mail address; $means: what confirms; $left: codes left; $times: how often; $more: further entries; $until: a moment; $decided: how a sign-in was decided on; $minutes: how long a code is valid.

code-validity = The code works once, within { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.
code-secrecy = Keep it to yourself. Nobody, our staff included, will ever ask you for it by phone, by mail or in a message; whoever does is trying to deceive you.
never-asked = We never ask for your password or user name, and our mails hold no links and no attachments.
footer = { $service } · Questions at any time: { $contact }

signup-code =
    .subject = Your code for joining { $service }
    .lead = An account at { $service } is being opened with this e-mail address. To confirm that the address is yours, enter this code on the page where you started:
    .otherwise = If this was not you, you need not do anything: without the code, no account is opened.

sign-in-code =
    .subject = Your code for signing in to { $service }
    .lead = Someone who knows your password is signing in to { $service }. If it is you, enter this code to confirm it:
    .otherwise = If it is not you, enter the code nowhere and give it to nobody. Somebody may know your password: open the service by typing its address yourself, and write to us at { $contact }.

new-address-code =
    .subject = Your code for confirming a new address at { $service }
    .lead = This e-mail address was given as the new address of an account at { $service }. To confirm it, enter this code:
    .otherwise = If this was not you, you need not do anything: without the code, the address is not used.

password-reset-code =
    .subject = Your code for a new password at { $service }
    .lead = You asked to replace a forgotten password at { $service }. To go on, enter this code on the page where you asked:
    .otherwise = If you did not ask, you need not do anything: your password stays as it is.

text-code =
    .sign-in = code for signing in to { $service }.
    .new-number = code to confirm this phone number at { $service }.
    .secrecy = It works once, within { $minutes } min. Nobody, our staff included, will ever ask you for it.

text-undo = code for taking back the change of this phone number at { $service }. If it was not you who changed it: type the service’s address yourself, choose “My address was changed”. Good for seven days. Nobody, our staff included, will ever ask you for it.

text-regained =
    .waits = Somebody asked for a new password for your account at { $service }, by e-mail alone. It can be set after a day. If it was not you: sign in and stop it, or freeze the account.
    .ready = From now on, a new password can be set by e-mail alone for your account at { $service }. If it was not you who asked: sign in and stop it, or freeze the account.
    .done = The password of your account at { $service } was replaced. If it was not you: freeze the account.
    .thawed = Your account at { $service } is open again, under a new password. If it was not you: freeze the account.

address-taken =
    .subject = Your address was used to join { $service }
    .lead = Someone tried to open an account at { $service } with this e-mail address. It already belongs to your account, so none was opened and nothing has changed.
    .otherwise = You need not do anything. If it was you, simply sign in to the account you have.

address-wanted =
    .subject = Your address was named for another account at { $service }
    .lead = Someone who has an account at { $service } tried to make this e-mail address theirs. It belongs to your account, so nothing has changed.
    .otherwise = You need not do anything.

identifier-undo =
    .subject = You can undo the change of your address at { $service }
    .lead = This e-mail address no longer signs in to your account at { $service }: it was replaced by another one. If it was not you, open the service by typing its address yourself, choose “My address was changed” below the sign-in, and enter this address and this code:
    .secrecy = The code is good for seven days, for this address alone. Keep it to yourself: nobody, our staff included, will ever ask you for it.
    .otherwise = If it was you, you need not do anything.

identifier-restored =
    .subject = Your earlier address at { $service } signs in again
    .lead = A change of the address or phone number of your account at { $service } has been undone: the earlier one signs in again, and every session was ended.
    .otherwise = Somebody else may have been in your account. Sign in, choose a new password, and look through your ways to confirm and your sign-in history. If you need help, write to us at { $contact }.

support-identified =
    .subject = Our support has identified you at { $service }
    .lead = A support code of your account at { $service } has just been used to identify you on the telephone. It does not work again, and it opened nothing.
    .otherwise = If it was you who called, you need not do anything. If it was not, write to us at once at { $contact }.

password-changed =
    .subject = Your password at { $service } was changed
    .lead = The password of your account at { $service } has just been changed.
    .otherwise = If it was you, you need not do anything. If it was not, write to us at once at { $contact }.

identifier-changed =
    .subject = Your sign-in details at { $service } were changed
    .lead = The address or phone number with which you sign in to { $service } has just been changed.
    .otherwise = If it was you, you need not do anything. If it was not, write to us at once at { $contact }.

addresses-changed =
    .subject = From where your account at { $service } may be used was changed
    .lead = The list of addresses from which your account at { $service } may be used has just been changed.
    .otherwise = If it was you, you need not do anything. If it was not, write to us at once at { $contact }.

addresses-lifted =
    .subject = Your account at { $service } may be used from anywhere again
    .lead = With a new password, the list of addresses from which your account at { $service } may be used has just been removed.
    .otherwise = If it was you, make a new list when you are back. If it was not, freeze the account, and write to us at once at { $contact }.

token-made =
    .subject = An API token was made with your account at { $service }
    .lead = A token for programs has just been made with your account at { $service }. Whoever has it acts in your name, within what it may do.
    .otherwise = If it was you, you need not do anything. If it was not, revoke it, freeze the account, and write to us at once at { $contact }.

sign-in-outside =
    .subject = A sign-in to your account at { $service } was refused
    .lead = Somebody entered your password at { $service } from an address that is not on your list of addresses. The sign-in was refused.
    .otherwise = If it was you, sign in from one of the addresses on your list. If it was not, somebody knows your password: change it, and write to us at once at { $contact }.

method-added =
    .subject = A way to confirm was added to your account at { $service }
    .lead = { $means ->
        [totp] An authenticator app has just been added to your account at { $service }. From now on its codes confirm that it is you.
        [passkey] A passkey has just been added to your account at { $service }. From now on it confirms that it is you, and signs you in without a password.
        [oidc] A sign-in with another service has just been linked to your account at { $service }. From now on it confirms that it is you, and lets you in.
       *[recovery-codes] New recovery codes have just been made for your account at { $service }. Earlier ones no longer work.
    }
    .otherwise = If it was you, you need not do anything. If it was not, write to us at once at { $contact }.

method-removed =
    .subject = A way to confirm was removed from your account at { $service }
    .lead = { $means ->
        [totp] An authenticator app has just been removed from your account at { $service }. Its codes no longer work.
        [passkey] A passkey has just been removed from your account at { $service }. It no longer works.
        [oidc] A sign-in with another service has just been removed from your account at { $service }. It no longer lets anybody in.
       *[recovery-codes] The recovery codes of your account at { $service } have just been removed. None of them works any more.
    }
    .otherwise = If it was you, you need not do anything. If it was not, write to us at once at { $contact }.

method-ended =
    .subject = Too many wrong codes for your account at { $service }
    .lead = { $means ->
        [totp] A hundred wrong codes in a row were entered for the authenticator app of your account at { $service }. It confirms nothing any more: remove it with a recovery code, and add it anew.
        [passkey] A hundred wrong answers in a row were given for the passkeys of your account at { $service }. They confirm nothing any more: remove them with a recovery code, and add them anew.
        [oidc] A hundred sign-ins in a row with another service, in the name of your account at { $service }, were somebody else's there. It confirms nothing any more: remove it with a recovery code, and link it anew.
       *[recovery-codes] A hundred wrong recovery codes in a row were entered for your account at { $service }. They no longer work: make new ones.
    }
    .otherwise = If it was not you, somebody knows your password: change it, and write to us at once at { $contact }.

sign-in-decided =
    .subject = { $decided ->
        [approved] A sign-in to { $service } was approved on another device
       *[refused] A sign-in to { $service } was not approved
    }
    .lead = { $decided ->
        [approved] A sign-in to your account at { $service } has just been approved on another of your devices.
        [wrong-code] A sign-in to your account at { $service } was to be approved on another of your devices, where the wrong number was picked. It was not let in.
        [reported] You reported a sign-in to your account at { $service } as not yours. It was not let in. Whoever tried it knows your password: change it now.
       *[refused] A sign-in to your account at { $service } has just been refused on another of your devices. It was not let in.
    }
    .otherwise = If it was you, you need not do anything. If it was not, write to us at once at { $contact }.

passkey-copied =
    .subject = A passkey of your account at { $service } was refused
    .lead = A passkey was used for your account at { $service } whose counter had gone back: there may be a copy of it. We refused it.
    .otherwise = Remove that passkey and make a new one. If it was not you, write to us at once at { $contact }.

recovery-code-used =
    .subject = A recovery code of your account at { $service } was used
    .lead = A recovery code has just confirmed a sign-in to your account at { $service }. It does not work again. Codes left: { $left }.
    .otherwise = If it was you, you need not do anything. If it was not, write to us at once at { $contact }.

sign-in-refused =
    .subject = { $times ->
        [one] A sign-in to your account at { $service } was refused
       *[other] { $times } sign-ins to your account at { $service } were refused
    }
    .lead = { $times ->
        [one] Somebody tried to sign in to your account at { $service } and was not let in.
       *[other] Within an hour, somebody tried { $times } times to sign in to your account at { $service } and was not let in.
    }
    .otherwise = If it was you, you need not do anything. If it was not, look at your sign-in history, and choose a new password if you use this one elsewhere too.

confirmation-refused =
    .subject = { $times ->
        [one] A wrong code was entered for your account at { $service }
       *[other] { $times } wrong codes were entered for your account at { $service }
    }
    .lead = { $times ->
        [one] Somebody who knows your password entered a wrong code to confirm a sign-in to your account at { $service }, and was refused.
       *[other] Within an hour, somebody who knows your password entered { $times } wrong codes to confirm a sign-in to your account at { $service }, and was refused.
    }
    .otherwise = If it was you, you need not do anything. If it was not, somebody knows your password: open the service by typing its address yourself, freeze your account or change the password, and write to us at { $contact }.

freeze-code =
    .subject = Your code for freezing your account at { $service }
    .lead = Someone asked to freeze your account at { $service }. To close it at once, enter this code on the page where you asked:
    .otherwise = If you did not ask, you need not do anything: your account stays as it is.

thaw-code =
    .subject = Your code for opening your frozen account at { $service }
    .lead = Someone asked to open your frozen account at { $service } again. To go on, enter this code on the page where you asked:
    .otherwise = If you did not ask, you need not do anything: your account stays frozen.

sign-in-while-frozen =
    .subject = Your account at { $service } is frozen and stays closed
    .lead = Someone tried to get into your account at { $service }: with the right password, or by asking for a code. The account is frozen, so nobody was let in.
    .otherwise = If it was you, and you want to open the account again, open the service by typing its address yourself, go to the sign-in page and choose to open a frozen account.

recovery-refused =
    .subject = A wrong code was entered to get into your account at { $service }
    .lead = Someone who is not signed in entered a wrong code to freeze or open your account at { $service }, or to replace its password. Times within an hour: { $times }.
    .otherwise = If it was you, you need not do anything. If it was not, make sure that nobody but you can read your mailbox.

password-change-refused =
    .subject = A change of your password at { $service } was refused
    .lead = Someone who is signed in to your account at { $service } tried to change its password and did not know the present one. Times within an hour: { $times }.
    .otherwise = If it was you, you need not do anything. If it was not, open the service by typing its address yourself and freeze your account.

account-frozen =
    .subject = Your account at { $service } is frozen
    .lead = Your account at { $service } has just been frozen. All its sessions and tokens have ended, and nobody can sign in.
    .otherwise = To open it again, open the service by typing its address yourself, go to the sign-in page and choose to open a frozen account. You will need a code by mail, a second way to confirm, and a new password.

account-thawed =
    .subject = Your account at { $service } is open again
    .lead = Your account at { $service } has just been opened again, under a new password.
    .otherwise = Sign in, add a safer way to confirm, and remove each that is not yours. If you did not open it, freeze it again and write to us at once at { $contact }.

reset-waits =
    .subject = Someone asked for a new password for your account at { $service }
    .lead = Someone with a code from your mailbox asked to replace the password of your account at { $service }. Since your account has no second way to confirm, this has to wait: it is possible from { $until } on. Until then your password holds.
    .otherwise = If it was you, come back then and ask for another code. If it was not, object at once: sign in and say so, or ask for a code on the page for a forgotten password and cancel with it. Somebody may be reading your mailbox.

reset-ready =
    .subject = A new password can now be set for your account at { $service }
    .lead = The wait for a new password of your account at { $service } is over. With another code from this mailbox it can be set now.
    .otherwise = If you asked for it, go on where you began. If you did not, object at once: sign in and say so, or ask for a code on the page for a forgotten password and cancel with it.

reset-cancelled =
    .subject = Your password at { $service } stays as it is
    .lead = The new password that was asked for at { $service } has been cancelled. Your password stays as it is.
    .otherwise = If you did not cancel it, write to us at once at { $contact }.

digest =
    .subject = What happened in your account at { $service }
    .lead = Since the last summary, this happened in your account at { $service }:
    .more = And { $more } more, which stand among the notices in your account.
    .otherwise = If any of it was not you, open the service by typing its address yourself, and report it among the notices in your account.

invitation =
    .subject = You are invited to a vault at { $service }
    .lead = You are invited to work in a vault at { $service }. To accept, open the service by typing its address yourself and choose “Accept an invitation”. With no account yet, you open one there with this e-mail address. Then enter this code:
    .lead-named = You are invited to work in the vault “{ $tenant }” at { $service }. To accept, open the service by typing its address yourself and choose “Accept an invitation”. With no account yet, you open one there with this e-mail address. Then enter this code:
    .secrecy = The code works once, within seven days, for this address alone. Keep it to yourself.
    .otherwise = If you do not know who invites you, you need not do anything: without the code, nothing happens.

sign-in-rules-changed =
    .subject = How your team at { $service } confirms sign-ins was changed
    .lead = An owner of a vault at { $service } that you belong to has just changed which ways to confirm it accepts. When you use it next, you may be asked to confirm in another way, or to set one up first.
    .lead-named = An owner of the vault “{ $tenant }” at { $service } has just changed which ways to confirm it accepts. When you use it next, you may be asked to confirm in another way, or to set one up first.
    .otherwise = Your account and your other vaults stay as they are. If this surprises you, ask an owner of the vault.

policy-changed =
    .subject = { $service } changes its legal documents
    .lead = { $service } announces a change of its legal documents, in time for you to read it and to decide.
    .document = { $title }, version { $version }: applies from { $date } at the earliest.
    .otherwise = Sign in to see word by word what changes. Until then the version that you know holds. If you do not agree, you can export everything and leave before the change applies.
    .checkpoint = The announcement stands in a public log that nobody can rewrite unseen. Below is its state at this moment: whoever keeps it can prove it, if the log should ever say otherwise.

policy-withdrawn =
    .subject = { $service } takes back a change of its legal documents
    .lead = { $service } had announced a change of its legal documents. It is withdrawn and will not apply.
    .document = { $title }, version { $version }: withdrawn.
    .otherwise = What applied before still applies, and there is nothing to do. Should there be another change, you will be told in time again.

vault-sealed =
    .subject = A vault at { $service } was sealed
    .lead = An owner of a vault at { $service } that you own too has just sealed it. Nobody can read or change anything in it until an owner unseals it.
    .lead-named = An owner of the vault “{ $tenant }” at { $service } has just sealed it. Nobody can read or change anything in it until an owner unseals it.
    .otherwise = If you know why, there is nothing to do. Otherwise ask the other owners, and look through your sign-ins and sessions.

vault-unsealed =
    .subject = A vault at { $service } was unsealed
    .lead = An owner of a vault at { $service } that you own too has just unsealed it. Its team and programs can work in it again.
    .lead-named = An owner of the vault “{ $tenant }” at { $service } has just unsealed it. Its team and programs can work in it again.
    .otherwise = If this surprises you, sign in, seal it again at once, and ask the other owners.

support-looked =
    .subject = Support has looked into a vault at { $service }
    .lead = Support of { $service } has just looked for the first time into a vault that you own, as its team has allowed. What it sees is masked, from the collections alone that were chosen, and at the latest until { $until }.
    .lead-named = Support of { $service } has just looked for the first time into the vault “{ $tenant }”, as its team has allowed. What it sees is masked, from the collections alone that were chosen, and at the latest until { $until }.
    .otherwise = Each look stands in the audit of the vault. If this surprises you, sign in and end the permission under “Let support look”: nothing is seen from then on.

leaving-requested =
    .subject = A business at { $service } is going to be erased
    .lead = An owner of a business that you belong to at { $service } has asked to leave. On { $date } everything it keeps is erased.
    .lead-named = An owner of “{ $tenant }” at { $service } has asked to leave. On { $date } everything it keeps is erased.
    .otherwise = Until then you can read and export, but change nothing. Another owner may object, and any owner may take the wish back, after signing in.

inactivity-warned =
    .subject = Nobody uses a business at { $service } any more
    .lead = Nobody has used a business of yours at { $service } for a long time. An owner chose that it then leaves. If nobody uses it before { $date }, it is cancelled.
    .lead-named = Nobody has used “{ $tenant }” at { $service } for a long time. An owner chose that it then leaves. If nobody uses it before { $date }, it is cancelled.
    .otherwise = To keep it, sign in and look at anything in it: the count then begins anew. After the cancellation any owner can still have it stay for a time; then everything it keeps is erased. You can end the choice in its settings, under leaving.

leaving-unused =
    .subject = A business at { $service } is going to be erased
    .lead = Nobody has used a business that you belong to at { $service } for a long time, in spite of three warnings to its owners, one of whom chose that it then leaves. On { $date } everything it keeps is erased.
    .lead-named = Nobody has used “{ $tenant }” at { $service } for a long time, in spite of three warnings to its owners, one of whom chose that it then leaves. On { $date } everything it keeps is erased.
    .otherwise = Until then you can read and export, but change nothing. Any owner can have it stay, after signing in.

leaving-on-behalf =
    .subject = A business at { $service } is going to be erased
    .lead = Whoever runs { $service } has begun to erase a business that you belong to, on its behalf. On { $date } everything it keeps is erased.
    .lead-named = Whoever runs { $service } has begun to erase “{ $tenant }”, on its behalf. On { $date } everything it keeps is erased.
    .otherwise = Until then you can read and export, but change nothing. Any owner can have it stay, after signing in; a sealed vault is unsealed first.

leaving-taken-back =
    .subject = A business at { $service } stays
    .lead = The wish of a business that you belong to at { $service } to leave was taken back. Nothing was erased.
    .lead-named = The wish of “{ $tenant }” to leave { $service } was taken back. Nothing was erased.
    .otherwise = You can work as before.

farewell =
    .subject = Your data at { $service } is being erased
    .lead = A business that you belonged to has left { $service }. Its keys are destroyed first, which makes everything it kept unreadable; then all of it is deleted.
    .lead-named = “{ $tenant }” has left { $service }. Its keys are destroyed first, which makes everything it kept unreadable; then all of it is deleted.
    .otherwise = If you belonged to no other business here, your account is erased too, and this is our last mail.
    .proof = The signed proof of the erasure is kept under this number. Whoever knows it can see the proof, so keep it well:

account-farewell =
    .subject = Your account at { $service } is being erased
    .lead = Your account at { $service } has been erased, as you asked: its keys are destroyed, and everything it held is being deleted.
    .otherwise = This is our last mail. If it was not you, write to us at once at { $contact }.
    .proof = The signed proof of the erasure is kept under this number. Whoever knows it can see the proof, so keep it well:

welcome =
    .subject = Welcome to { $service }
    .lead = Your vault at { $service } is ready.
    .lead-named = The vault “{ $tenant }” at { $service } is ready.
    .keys = Everything you put into it is stored encrypted, under keys that belong to this vault alone.
    .otherwise = To open it, sign in with your e-mail address and your password.
