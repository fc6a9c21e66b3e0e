# Ko saka lapas, latviski.

## Ap katru lapu
skip = Pāriet uz saturu
nav-account = Jūsu konts
nav-vault = Šī glabātava
nav-documents = Juridiskie dokumenti
nav-language = Valoda
nav-sign-in = Pieteikties
nav-join = Atvērt glabātavu
nav-security = Apstiprināšanas veidi
nav-contacts = Kontaktinformācija
nav-notices = Paziņojumi
nav-sign-ins = Pieteikšanās vēsture
nav-preferences = Iestatījumi
nav-sign-out = Iziet
nav-collections = Kolekcijas
nav-tokens = API piekļuves pilnvaras
footer-contact = Jautājumi jebkurā laikā:
document-privacy = Privātuma politika
document-terms = Lietošanas noteikumi
document-safe-use = Droša lietošana
document-dpa = Datu apstrādes līgums
document-cookies = Sīkdatnes
document-processors = Apstrādātāji
unconfirmed-title = Jūs varat visu apskatīt.
unconfirmed-text = Lai kaut ko mainītu, atklātu vai eksportētu, apstipriniet, ka tas esat jūs.
unconfirmed-action = Apstiprināt
prompt-title = Jautājums jums
prompt-dismiss = Ne tagad
prompt-confirm-contacts = Vai jūsu kontaktinformācija joprojām ir pareiza?
prompt-confirm-contacts-text = Tā vajadzīga, lai mēs varētu jūs sasniegt, ja kaut kas notiek.
prompt-confirm-contacts-action = Apskatīt
prompt-password-age = Jūsu parole ir jau vairākus mēnešus veca.
prompt-password-age-text = Izvēlieties jaunu, kad jums tas ir ērti. Mēs to lūdzam tikai šeit, nekad pa e-pastu.
prompt-password-age-action = Uz drošības iestatījumiem
contacts-lead = Uz šejieni tiek sūtīti kodi un paziņojumi. Neviens cits uzņēmums šos datus neredz.
contacts-verified = pārbaudīts
contacts-unverified = nav pārbaudīts
contacts-unverified-text = Kamēr numurs nav pārbaudīts, ar to nevar pieteikties un uz to nekas netiek sūtīts.
contacts-no-phone = Tālruņa numura nav.
contacts-right = Vai viss ir pareizi?
contacts-right-text = Lūdzu, laiku pa laikam pārbaudiet, lai mēs varētu jūs sasniegt.
contacts-right-action = Jā, viss ir pareizi
contacts-confirmed-at = Pēdējo reizi to apstiprinājāt:

## Changing what signs in
news-identifier-changed = Nomainīts. Turpmāk piesakieties ar jauno; ar iepriekšējo septiņas dienas var maiņu atcelt.
news-change-undone = Ar iepriekšējo atkal var pieteikties, un visas sesijas ir beigtas. Piesakieties, izvēlieties jaunu paroli un pārskatiet apstiprināšanas veidus un pieteikšanās vēsturi.
news-phone-removed = Tālruņa numurs ir noņemts.
change-email-text = Uz jauno adresi nosūtīsim kodu. Iepriekšējai adresei par to paziņosim, un septiņas dienas ar to var maiņu atcelt.
change-send = Nosūtīt kodu
change-code-title = Ievadiet kodu no jaunās adreses
change-code-lead = Ja { $target } var izmantot, kods jau ir ceļā.
change-action = Mainīt
change-waiting = Maiņa uz { $target } gaida kodu.
change-go-on = Ievadīt kodu
undo-title = Atcelt adreses maiņu
undo-lead = Vai jūsu konta adrese vai tālruņa numurs ir nomainīts, un to nedarījāt jūs? Septiņas dienas maiņu var atcelt ar iepriekšējo un kodu no mūsu paziņojuma.
undo-start = Turpināt
undo-code-title = Ievadiet kodu no paziņojuma
undo-code-lead = Tajā ir sešas grupas pa četrām zīmēm. Ja maiņa notikusi pēdējās septiņās dienās, esam kodu nosūtījuši vēlreiz.
undo-action = Atcelt maiņu
sign-in-changed = Mana adrese ir nomainīta
field-new-email = Jaunā e-pasta adrese
hint-undo-identifier = Iepriekšējā, ar kuru vairs nevar pieteikties.
optional = (neobligāti)
choose = Izvēlieties…
step = { $step }. solis no { $of }
errors-title = Lūdzu, pārbaudiet
password-show = Rādīt
password-hide = Slēpt
news-joined = Jūsu glabātava ir atvērta. Laipni lūdzam!
news-contacts-confirmed = Paldies! Pēc dažiem mēnešiem jautāsim vēlreiz.
news-confirmed = Paldies. Tagad varat veikt izmaiņas.
news-collections-made = Kolekcijas ir gatavas.
news-record-saved = Saglabāts.
news-record-trashed = Pārvietots uz atkritni.
news-record-restored = Atjaunots no atkritnes.
news-imported = Imports ir pabeigts.
news-method-added = Pievienots. Turpmāk tas apstiprina, ka tas esat jūs.
news-method-removed = Noņemts. Tas vairs neko neapstiprina.
news-notice-reported = Paldies. Ja tas nebijāt jūs, iesaldējiet kontu: neviens tajā netiks, kamēr to neatvērsiet.
news-token-revoked = Pilnvara vairs nedarbojas.
news-preferences-saved = Iestatījumi ir saglabāti.

## Reģistrēšanās
join-title = Atveriet savu glabātavu
join-lead = Droša vieta jūsu klientu, līgumu, rēķinu un darbinieku datiem. Sāciet ar e-pasta adresi: mēs nosūtīsim kodu, lai pārliecinātos, ka tā pieder jums.
join-send-code = Nosūtīt man kodu
join-already = Jums jau ir konts?
promise-keys = Viss, ko šeit ievietojat, tiek šifrēts ar atslēgām, kas pieder tikai jūsu glabātavai.
promise-yours = Ievadītais pieder jums: visu varat paņemt līdzi, kad vien vēlaties.
promise-leave = Kad aiziesiet, jūsu atslēgas tiks iznīcinātas, un jūs saņemsiet par to apliecinājumu.
join-finish-title = Izveidojiet kontu
join-finish-lead = Ja adresi var izmantot, kods jau ir ceļā uz to. Tas ir derīgs desmit minūtes.
join-you = Par jums
join-business = Jūsu uzņēmums
join-finish-action = Atvērt manu glabātavu
join-no-code = Kods pēc dažām minūtēm nav pienācis?
join-again = Sākt no jauna
read-version = Lasīt ({ $version }. versija)
acknowledge-privacy = Iepazinos ar privātuma politiku
acknowledge-terms = Iepazinos ar lietošanas noteikumiem un piekrītu tiem
acknowledge-safe-use = Iepazinos ar drošas lietošanas noteikumiem
acknowledge-dpa = Iepazinos ar datu apstrādes līgumu un piekrītu tam
acknowledge-cookies = Iepazinos ar to, kā tiek lietotas sīkdatnes
acknowledge-action = Apstiprināt
kind-company = Sabiedrība
kind-self-employed = Pašnodarbināta persona

## Pieteikšanās un apstiprināšana
sign-in-title = Pieteikšanās
sign-in-action = Pieteikties
sign-in-session-ended = Jūsu sesija ir beigusies. Lūdzu, piesakieties vēlreiz.
sign-in-signed-out = Darbs pabeigts: sesija ir slēgta arī mūsu pusē.
sign-in-new = Esat šeit pirmo reizi?
sign-in-never-ask = Mēs nekad neprasām jūsu paroli ne pa tālruni, ne e-pastā, ne ziņojumā.
confirm-title = Apstipriniet, ka tas esat jūs
confirm-lead = Ar paroli varat visu apskatīt. Lai kaut ko mainītu, apstipriniet vēl vienā veidā.
confirm-lead-again = Lai to izdarītu, vēlreiz apstipriniet, ka tas esat jūs. Apstiprinājums būs spēkā desmit minūtes.
confirm-later = Ne tagad, tikai apskatīšu
confirm-code-title = Ievadiet kodu
confirm-code-sent = Mēs nosūtījām kodu uz { $target }.
confirm-action = Apstiprināt
confirm-no-code = Kods nav pienācis?
confirm-send-again = Nosūtīt vēlreiz
confirm-other-method = Apstiprināt citā veidā
confirm-send = Nosūtīt man kodu
confirm-others = Citi veidi
confirm-safer = Iestatīt drošāku veidu nekā e-pasts
confirm-nothing-would-do = Neviens no jūsu apstiprināšanas veidiem tam neder. Rakstiet mums:
code-never-share = Kods ir paredzēts tikai šai lapai. Nedodiet to nevienam, arī ne mums.
method-email = Kods e-pastā
method-email-risk = Vismazāk drošais veids: kas var lasīt jūsu pastkasti, tas var apstiprināt jūsu vietā.
method-sms = Kods īsziņā
method-totp = Autentifikācijas lietotne
method-totp-text = Ierakstiet sešus ciparus, ko lietotne rāda tagad.
method-totp-risk = Daudz drošāk: kodi nekad neatstāj jūsu tālruni. Tomēr viltota lapa var kodu izvilināt un tūlīt izmantot, tāpēc vispirms aplūkojiet adresi.
method-recovery-codes = Atkopšanas kodi
method-recovery-codes-text = Izmantojiet vienu no kodiem, ko pierakstījāt. Katrs der vienu reizi.
method-recovery-codes-risk = Dienai, kad viss pārējais ir pazudis. Kas atrod lapu, tas var izmantot kodu, tāpēc glabājiet to tur, kur glabājat pasi.
method-sent-to = Nosūtīsim to uz { $target }.
method-advised-against = Tam, kas glabājas šajā glabātavā, iesakām drošāku veidu.
method-choose = Izvēlēties

## Paziņojumi
notices-lead = Viss, kas skar jūsu konta drošību, gan paveikts, gan noraidīts. Pasakiet, ja tas nebijāt jūs.
notices-empty = Vēl nekas nav noticis
notices-empty-text = Kad mainās tas, kas var iekļūt jūsu kontā, tas būs redzams šeit.
notices-reported = Jūs par to ziņojāt
notices-delivery = Vēstules
notices-delivery-text = Kodi un paroles, pieteikšanās vai apstiprināšanas veidu izmaiņas vienmēr tiek sūtītas uzreiz.
notices-at-once = Uzreiz
notices-daily = Kopā, reizi dienā
was-not-me = Tas nebiju es

## Lauki un paskaidrojumi
field-email = E-pasta adrese
field-language = Valoda
field-code = Kods
field-name = Vārds un uzvārds
field-password = Parole
field-phone = Tālruņa numurs
field-kind = Kāda veida uzņēmums tas ir?
field-business-name = Uzņēmuma nosaukums
field-country = Valsts
field-registration-number = Reģistrācijas numurs
field-vat-number = PVN numurs
field-acknowledged = Pirms sākat
field-identifier = E-pasta adrese vai tālruņa numurs
field-shared-computer = Šo datoru lieto arī citi
hint-join-email = Ar to pieteiksieties. Citi uzņēmumi to neredzēs.
hint-join-code = Seši cipari no e-pasta vēstules, ko tikko nosūtījām.
hint-code = Seši cipari, derīgi desmit minūtes.
hint-new-password = Vismaz 15 jebkādas rakstzīmes vai 8 līdz 14, starp kurām ir lielie un mazie burti, cipari un īpašās rakstzīmes. Ne tāda, ko lietojat citur.
hint-phone = Ar valsts kodu, piemēram, +371 20000000. Jūsu pašu, ne cita cilvēka numurs.
hint-registration-number = Tāds, kāds tas ir jūsu valsts reģistrā.
hint-vat-number = Ar valsts kodu sākumā, piemēram, LV40000000000.
hint-shared-computer = Sesija būs īsa, un pārlūkā nekas netiks saglabāts.

## Kas var nebūt kārtībā
error-invalid = Lūdzu, pārbaudiet šo.
error-required = Lūdzu, aizpildiet šo lauku.
error-malformed = Šeit kaut kas nav pareizi. Lūdzu, pārbaudiet pierakstu.
error-too-long = Teksts ir pārāk garš.
error-too-short = Teksts ir pārāk īss.
error-out-of-range = Vērtība ir ārpus atļautajām robežām.
error-already-exists = Šāda vērtība jau ir citā ierakstā.
error-not-found = Šāda ieraksta nav.
error-kind-fixed = Lauka veidu nevar mainīt, ja tajā jau ir vērtības.
error-no-such-field = Šāda lauka nav.
error-unknown-field = Šāda lauka nav.
error-missing-field = Lūdzu, aizpildiet šo lauku.
error-no-such-record = Šāda ieraksta nav.
error-not-searchable = Šajā laukā nevar meklēt pēc vērtības.
error-not-the-mask = Atstājiet to, kā ir, vai ierakstiet visu vērtību.
error-not-a-table = Šo datni nevar nolasīt kā tabulu. Saglabājiet to kā XLSX vai kā CSV UTF-8 kodējumā un mēģiniet vēlreiz.
error-not-utf8 = Šīs datnes burti nav UTF-8 kodējumā. Saglabājiet to kā XLSX vai kā CSV UTF-8 kodējumā.
error-not-a-workbook = Šo darbgrāmatu nevar nolasīt. Atveriet to izklājlapu programmā, saglabājiet kā XLSX un mēģiniet vēlreiz.
error-workbook-protected = Šai darbgrāmatai ir parole, vai tā ir vecajā XLS formātā. Saglabājiet to kā XLSX bez paroles.
error-workbook-too-large = Šī darbgrāmata ir pārāk liela. Sadaliet to vairākās.
error-too-many-rows = Vienā importā var būt ne vairāk kā 20 000 rindu. Sadaliet datni vairākās.
error-too-many-columns = Tabulā var būt ne vairāk kā 500 kolonnu.
error-too-many-cells = Rindā ir vairāk šūnu nekā virsrakstu.
error-repeated-column = Divas kolonnas nonāk vienā laukā. Atstājiet vienu no tām.
error-unknown-column = Lauka ar šādu virsrakstu nav.
error-no-known-column = Neviens datnes virsraksts nav šīs kolekcijas lauks. Virsrakstiem jābūt pirmajā rindā.
error-error-in-cell = Izklājlapa šajā šūnā rāda kļūdu.
error-not-a-boolean = Rakstiet jā vai nē.
error-empty = Šeit nekā nav.
error-bad-checksum = Kontrolcipari nesakrīt. Lūdzu, pārbaudiet, vai nav pārrakstīšanās kļūdas.
error-wrong-type = Šāda veida vērtība šeit neder.
error-not-a-number = Tas nav skaitlis. Rakstiet, piemēram, 1234.5.
error-not-money = Norādiet summu un valūtu, piemēram, 12.50 EUR.
error-not-a-currency = Šādas valūtas nav. Izmantojiet trīs burtus, piemēram, EUR.
error-too-many-decimals = Aiz punkta ir pārāk daudz ciparu.
error-not-exact = Šo skaitli nevar saglabāt precīzi. Rakstiet to ar mazāk cipariem.
error-too-large = Vērtība ir pārāk liela.
error-too-many = To ir tik daudz, cik drīkst būt. Vispirms noņemiet kādu.
error-not-a-date = Šādas dienas nav.
error-not-a-choice = Lūdzu, izvēlieties kādu no piedāvātajām iespējām.
error-choice-without-options = Ierakstiet izvēles, katru savā rindā.
error-link-without-collection = Izvēlieties kolekciju, uz kuru lauks norāda.
error-repeated-options = Divas izvēles ir vienādas.
error-too-many-options = Laukam var būt ne vairāk kā 200 izvēļu.
error-reserved = Adresēs šis vārds apzīmē vienu no mūsu lapām. Izvēlieties citu nosaukumu.
error-not-an-email = Tā nav e-pasta adrese.
error-not-a-phone = Tas nav tālruņa numurs. Sāciet ar + un valsts kodu.
error-not-an-iban = Tas nav IBAN konta numurs.
error-not-a-payment-card = Tas nav maksājumu kartes numurs.
error-not-a-vat-number = Tas nav šīs valsts PVN numurs.
error-not-a-registration-number = Tas nav šīs valsts reģistrācijas numurs.
error-country-missing = Sākumā norādiet valsts kodu.
error-not-a-country = Valsts ar šādiem diviem burtiem nav.
error-not-an-id = Tas nav ieraksta identifikators.
error-not-one-line = Lūdzu, rakstiet vienā rindā.
error-control-character = Šeit ir rakstzīme, ko nevar saglabāt. Lūdzu, ierakstiet tekstu vēlreiz.
error-password-too-short = Izmantojiet vismaz 8 rakstzīmes.
error-password-too-long = Parole nedrīkst būt garāka par 1024 baitiem.
error-password-needs-classes = Parolē, kas īsāka par 15 rakstzīmēm, jābūt lielajiem un mazajiem burtiem, cipariem un īpašajām rakstzīmēm.
error-password-too-common = Šo paroli lieto daudzi, tāpēc to izmēģina vispirms. Izvēlieties citu.
error-password-guessable = Šo paroli ir viegli uzminēt. Izvēlieties garāku vai mazāk paredzamu.
error-password-holds-own-data = Parolē nelietojiet savu vārdu, adresi, tālruņa numuru un uzņēmuma nosaukumu.
error-password-leaked = Šī parole ir atrodama nopludinātos datos. Izvēlieties citu.
error-code-refused = Kods neder vai vairs nav spēkā. Pārbaudiet to vai palūdziet jaunu.
error-challenge-ended = Pārāk daudz mēģinājumu. Palūdziet jaunu kodu.
error-acknowledgement-required = Lūdzu, izlasiet un atzīmējiet katru dokumentu.
error-sign-in-refused = Adrese un parole nesader. Pārbaudiet abas un mēģiniet vēlreiz.
error-too-many-requests = Pārāk daudz mēģinājumu. Lūdzu, mazliet uzgaidiet.

## Kolekcijas
collections-new = Jauna kolekcija
collections-starters = Gatavas kolekcijas
collections-empty = Jūsu glabātava ir tukša
collections-empty-text = Sāciet ar jūsu nozarei gatavām kolekcijām vai izveidojiet savu.
collections-empty-look = Šeit vēl nekas nav ielikts. Kolekcijas var pievienot tie, kas drīkst veikt izmaiņas.
starters-lead = Atzīmējiet, kas jums vajadzīgs. Laukus varat mainīt vēlāk un jebkurā laikā pievienot vēl.
starters-present = Jau ir jūsu glabātavā
starters-make = Pievienot atzīmētās kolekcijas
new-collection-lead = Kolekcijā glabājas viena veida ieraksti: transportlīdzekļi, pasūtījumi, izsniegtās atslēgas.
new-collection-make = Izveidot kolekciju
new-collection-register = Jūsu datu apstrādes reģistram
new-collection-register-text = Ja tajā ir dati par cilvēkiem, pierakstiet, kāpēc un cik ilgi tos glabājat.
new-field = { $number }. lauks
new-field-label = { $number }. lauka nosaukums
new-field-kind = Veids
new-field-choices = { $number }. lauka izvēles, katra savā rindā
new-field-target = { $number }. lauks norāda uz
new-field-more = Pievienot vēl laukus
tick-required = Obligāts
tick-unique = Vērtības neatkārtojas
tick-searchable = Var atrast pēc vērtības
tick-sensitive = Paslēpts, līdz atklāj
basis-contract = Līgums
basis-legal-obligation = Juridisks pienākums
basis-legitimate-interest = Leģitīmas intereses
basis-consent = Piekrišana
kind-of-text = Teksts
kind-of-long-text = Garš teksts
kind-of-number = Skaitlis
kind-of-money = Naudas summa
kind-of-date = Datums
kind-of-boolean = Jā vai nē
kind-of-choice = Izvēle
kind-of-email = E-pasta adrese
kind-of-phone = Tālruņa numurs
kind-of-iban = Bankas konts (IBAN)
kind-of-payment-card = Maksājumu karte
kind-of-vat-number = PVN numurs
kind-of-registration-number = Reģistrācijas numurs
kind-of-country = Valsts
kind-of-link = Saite uz citu ierakstu
field-collection-name = Kolekcijas nosaukums
field-fields = Lauki
field-purpose = Nolūks
field-legal-basis = Juridiskais pamats
field-retention-days = Glabā tik dienu
hint-fields = Ar pirmo lauku ieraksts tiek nosaukts sarakstos. Rindas bez nosaukuma neskaitās.
hint-retention-days = Skaitot no ieraksta pēdējām izmaiņām; piemēram, 1825 pieciem gadiem.

## Ieraksti
records-count = { $count ->
    [0] Ierakstu vēl nav
    [zero] { $count } ierakstu
    [one] { $count } ieraksts
   *[other] { $count } ieraksti
}
record-new = Jauns ieraksts
record-edit = Labot
record-reveal = Atklāt
record-mask = Atkal paslēpt
record-clear = Dzēst saglabāto vērtību
record-version = { $version }. versija
record-created = izveidots
record-updated = pēdējoreiz mainīts
record-delete = Dzēst šo ierakstu
record-delete-text = Tas nonāks atkritnē, no kurienes to var atjaunot.
record-delete-action = Pārvietot uz atkritni
records-empty = Ierakstu vēl nav
records-empty-text = Ierakstiet pirmo ar roku vai ieimportējiet visu tabulu no darbgrāmatas vai CSV datnes.
records-empty-look = Ierakstus var pievienot tie, kas drīkst veikt izmaiņas.
search-query = Ko meklēt
search-in = Kur
search-anywhere = Jebkurš vārds jebkurā laukā
search-exactly = { $label }, precīzi
search-action = Meklēt
search-clear = Rādīt visus ierakstus
search-empty = Nekas nav atrasts
search-empty-text = Mēģiniet ar mazāk burtiem vai meklējiet visos laukos.
pager = Saraksta turpinājums
pager-next = Tālāk
pager-start = Uz sākumu
cell-yes = Jā
cell-no = Nē
cell-empty = tukšs
cell-masked = paslēpts, beidzas ar
hint-masked = Saglabāts: { $tail }. Atstājiet tukšu, lai to paturētu.
hint-kind-number = Cipari, ar punktu pirms decimāldaļām: 1234.5
hint-kind-iban = Piemēram, LV80 BANK 0000 4351 9500 1
hint-kind-payment-card = Kartes numurs; citi kartes dati nav jānorāda.
hint-kind-vat-number = Ar valsts kodu sākumā, piemēram, LV40000000000
hint-kind-registration-number = Tāds, kāds tas ir reģistrā
hint-kind-phone = Ar valsts kodu, piemēram, +371 20000000
hint-kind-country = Divi burti, piemēram, LV
hint-kind-link = Ieraksta identifikators no tā adreses
currency-of = Valūta: { $label }
save = Saglabāt
cancel = Atcelt
conflict-title = Kāds tikmēr ir mainījis šo ierakstu
conflict-text = Zemāk ir tas, ko ierakstījāt jūs. Apskatiet izmaiņas un saglabājiet vēlreiz. Mainīts:
conflict-before = Kad sākāt
conflict-after = Saglabāts tagad
change-field = Lauks
change-before = Pirms
change-after = Pēc
history-title = Vēsture
history-somebody = kāds, kas vairs nav šeit
deed-created = Izveidots
deed-imported = Importēts
deed-changed = Mainīts
deed-trashed = Pārvietots uz atkritni
deed-restored = Atjaunots
trash-title = Atkritne
trash-at = Dzēsts
trash-restore = Atjaunot
trash-empty = Atkritne ir tukša
trash-empty-text = Šeit nonāk izdzēstie ieraksti, un no šejienes tos var atjaunot.
import-title = Importēt

## Imports
dry-run-ready = { $count ->
    [0] Neviena rinda nevar kļūt par ierakstu.
    [one] { $count } rinda ir gatava kļūt par ierakstu.
   *[other] { $count } rindas ir gatavas kļūt par ierakstiem.
}
dry-run-refused = { $count ->
    [one] { $count } rinda tiktu izlaista.
   *[other] { $count } rindas tiktu izlaistas.
}
import-lead = Ieimportējiet visu tabulu no darbgrāmatas (XLSX) vai CSV datnes. Vispirms redzēsiet, kas notiks; nekas netiks saglabāts, kamēr nepiekritīsiet.
import-check = Pārbaudīt datni
import-columns = Kolonnas
import-columns-text = Datnes pirmajā rindā ir kolonnu nosaukumi, viens vai otrs no šiem. Citas kolonnas tiek izlaistas.
import-heading = Virsraksts
field-file = Datne
hint-file = Darbgrāmata (XLSX), no kuras tiek ņemta pirmā lapa, vai CSV UTF-8 kodējumā.
dry-run-title = Ko imports darītu
dry-run-nothing-yet = Vēl nekas nav saglabāts.
dry-run-confirm = Importēt
dry-run-other-file = Izvēlēties citu datni
dry-run-problems = Rindas, kas tiktu izlaistas
dry-run-line = Rinda
dry-run-problem = Kas nav kārtībā
dry-run-left-out = tiek izlaista
import-link = Pēc kā atrast: { $label }
import-link-id = pēc ieraksta identifikatora
field-currency = Valūta
hint-currency = Summām, pie kurām valūta nav norādīta, piemēram, 12.50.
import-done = Imports ir pabeigts
import-made = { $count ->
    [one] Izveidots { $count } ieraksts.
   *[other] Izveidoti { $count } ieraksti.
}
import-was-left-out = { $count ->
    [one] Izlaista { $count } rinda.
   *[other] Izlaistas { $count } rindas.
}
import-file-gone = Datni mēs neesam paturējuši.
import-to-records = Rādīt ierakstus
dry-run-column = Kolonna
dry-run-whole = Visa datne
dry-run-changed = Glabātava tikmēr ir mainījusies
dry-run-changed-text = Imports tagad dotu ko citu, nekā jūs apstiprinājāt, tāpēc nekas nav saglabāts. Apskatiet vēlreiz.

## Pilnvaras
tokens-lead = Pilnvara ļauj citai programmai strādāt ar šo glabātavu bez jūsu paroles. Katrai programmai dodiet savu.
tokens-empty = Pilnvaru nav
tokens-empty-text = Neviena cita programma šai glabātavai nevar piekļūt.
token-new = Jauna pilnvara
token-make = Izveidot pilnvaru
token-expires = beidzas
token-endless = bez termiņa
token-revoke = Atsaukt
token-made-title = Jūsu jaunā pilnvara
token-made-text = Nokopējiet to tagad: tā tiek parādīta tikai šoreiz, un nolasāmas kopijas mums nav.
token-kept = Tā ir droši noglabāta
copy = Kopēt
copied = Nokopēts
field-token-name = Kam tā paredzēta?
hint-token-name = Piemēram: grāmatvedība, interneta veikals.
field-scopes = Ko tā drīkst?
field-lifetime = Derīga
lifetime-30 = 30 dienas
lifetime-90 = 90 dienas
lifetime-365 = gadu
lifetime-none = bez termiņa
scope-records-read = Lasīt ierakstus
scope-records-write = Rakstīt ierakstus
scope-records-reveal = Atklāt sensitīvas vērtības
scope-collections-write = Mainīt kolekcijas
scope-files-read = Lasīt datnes
scope-files-write = Saglabāt datnes
scope-exports-read = Eksportēt visu
scope-audit-read = Lasīt audita pierakstus
scope-members-read = Redzēt dalībniekus

## Konts
choose-tenant-title = Jūsu glabātavas
choose-tenant-empty = Jūs neesat nevienā glabātavā
choose-tenant-empty-text = Jūs var uzaicināt tas, kas glabātavu pārvalda.
role-owner = Īpašnieks
role-admin = Administrators
role-editor = Redaktors
role-viewer = Skatītājs
sign-ins-lead = Laiku pa laikam to pārskatiet, vismaz reizi mēnesī.
sign-ins-at = Kad
sign-ins-outcome = Iznākums
sign-ins-method = Veids
sign-ins-ip = Tīkla adrese
sign-ins-device = Ierīce
sign-ins-empty = Vairāk nekā nav
sign-ins-empty-text = Agrākas pieteikšanās nav.
sign-ins-strange = Redzat ko tādu, kas nav jūsu darīts? Nomainiet paroli un rakstiet mums:
outcome-accepted = Pieņemts
outcome-refused = Noraidīts
by-password = Parole
by-email = Kods e-pastā
by-sms = Kods īsziņā
by-totp = Autentifikācijas lietotne
by-recovery-code = Atkopšanas kods
by-join = Reģistrēšanās
security-lead = Kas pierāda, ka tas esat jūs: no vismazāk līdz visvairāk drošajam. Kad jums ir autentifikācijas lietotne, tā vajadzīga pilnvarām, datu izgūšanai un izmaiņām šajā lapā.
security-lost = Vai esat pazaudējis ierīci? Apstipriniet ar atkopšanas kodu un noņemiet ierīci šeit: no tā brīža tā vairs neko neapstiprina.
factor-since = pievienots
factor-used = pēdējoreiz lietots
factor-unused = vēl nav lietots
factor-ended = Apturēts
factor-ended-text = Pēc kārtas ienāca pārāk daudz nepareizu kodu. Noņemiet to un iestatiet no jauna.
factor-remove = Noņemt
field-factor-name = Kā to saukt?
hint-factor-name = Piemēram: mans tālrunis.
add-totp = Iestatīt autentifikācijas lietotni
add-totp-again = Iestatīt vēl vienu lietotni
add-recovery-codes = Izveidot atkopšanas kodus
add-recovery-codes-again = Izveidot jaunus kodus
enrol-app-title = Autentifikācijas lietotnes iestatīšana
enrol-app-lead = Der jebkura vienreizējo kodu lietotne. Šeit redzamais ir derīgs desmit minūtes.
enrol-app-scan = 1. Noskenējiet šo ar lietotni
enrol-app-picture = Zemāk redzamās slepenās atslēgas kvadrātkods
enrol-app-secret = Vai ierakstiet lietotnē šo slepeno atslēgu
enrol-app-secret-text = Pēc laika, seši cipari. Nerādiet to nevienam.
enrol-app-code = 2. Ierakstiet sešus ciparus, ko lietotne rāda tagad.
enrol-app-finish = Pabeigt
recovery-codes-title = Jūsu atkopšanas kodi
recovery-codes-lead = Katrs der vienu reizi. Tie ir redzami tikai tagad, un mēs neglabājam kopiju, ko varētu izlasīt.
recovery-codes-print = Izdrukājiet šo lapu vai pārrakstiet kodus uz papīra. Glabājiet lapu atsevišķi no tālruņa; agrāk izveidotie kodi vairs neder.
recovery-codes-kept = Esmu tos droši noglabājis
factor-left = { $count ->
    [zero] Atlikuši { $count } kodi.
    [one] Atlicis { $count } kods.
   *[other] Atlikuši { $count } kodi.
}
preferences-lead = Tie glabājas sīkdatnē šajā ierīcē; nekas cits tur netiek glabāts.
field-theme = Krāsas
theme-system = Kā šajā ierīcē
theme-light = Gaišas
theme-dark = Tumšas
sign-out-title = Vai iziet?
sign-out-text = Jūsu sesija tiks slēgta mūsu pusē, un pārlūks aizmirsīs, ko no šīm lapām bija saglabājis.
sign-out-stay = Palikt

## Juridiskie dokumenti
legal-version = { $version }. versija
legal-updated = atjaunota, spēkā no
legal-will-apply = stāsies spēkā
legal-announced = Šī versija ir izziņota, bet vēl nav spēkā.
legal-superseded = Šo versiju ir aizstājusi jaunāka.
legal-in-force = Lasīt spēkā esošo
legal-print = Šo lapu var izdrukāt: izdrukā nav izvēlņu un krāsu.
legal-others = Citas versijas
processors-lead = Šie uzņēmumi apstrādā datus mūsu vārdā, katrs tikai tiktāl, cik vajag tā uzdevumam.
processors-none = Mēs visu darām paši: neviens cits no šī pakalpojuma datus nesaņem.
processors-name = Uzņēmums
processors-purpose = Ko tas dara
processors-receives = Ko tas saņem
processors-country = Valsts

## Atteikumi
refusal-retry-seconds = { $count ->
    [one] Mēģiniet vēlreiz pēc { $count } sekundes.
   *[other] Mēģiniet vēlreiz pēc { $count } sekundēm.
}
refusal-retry-minutes = { $count ->
    [one] Mēģiniet vēlreiz pēc { $count } minūtes.
   *[other] Mēģiniet vēlreiz pēc { $count } minūtēm.
}
refusal-retry-hours = { $count ->
    [one] Mēģiniet vēlreiz pēc { $count } stundas.
   *[other] Mēģiniet vēlreiz pēc { $count } stundām.
}
refusal-home = Uz sākumlapu
refusal-incident = Ja rakstāt mums, lūdzu, norādiet šo numuru:
refusal-malformed-request = Tas neizdevās
refusal-malformed-request-text = Pieprasījumu nevarēja saprast. Atgriezieties un mēģiniet vēlreiz.
refusal-not-signed-in = Lūdzu, piesakieties
refusal-not-signed-in-text = Šī lapa ir pieejama tiem, kas ir pieteikušies.
refusal-forbidden = Jūsu loma to neatļauj
refusal-forbidden-text = Vērsieties pie šīs glabātavas īpašnieka vai administratora.
refusal-confirmation-required = Vispirms apstipriniet
refusal-confirmation-required-text = Lai to darītu, apstipriniet, ka tas esat jūs. Tas aizņems tikai brīdi.
refusal-policy-unacknowledged = Ir mainījies dokuments
refusal-policy-unacknowledged-text = Lai varētu veikt izmaiņas, iepazīstieties ar jauno versiju un to apstipriniet.
refusal-not-found = Šeit nekā nav
refusal-not-found-text = Šādas lapas nav, vai arī tā nav paredzēta jums.
refusal-already-exists = Tas jau ir
refusal-already-exists-text = Jau ir kas ar tādu pašu vērtību vai nosaukumu. Atgriezieties un izvēlieties citu.
refusal-version-conflict = Kāds pasteidzās pirmais
refusal-version-conflict-text = Kamēr skatījāties, tas tika mainīts. Atveriet to vēlreiz, lai redzētu, kāds tas ir tagad.
refusal-payload-too-large = Pārāk liels apjoms
refusal-payload-too-large-text = Sadaliet to mazākās daļās un sūtiet pa vienai.
refusal-unsupported-media-type = Šāda veida datni nevar nolasīt
refusal-unsupported-media-type-text = Atgriezieties un izvēlieties prasītā veida datni.
refusal-cross-origin = Pieprasījums nāca no citurienes
refusal-cross-origin-text = Cita vietne mēģināja rīkoties jūsu vārdā, un tas tika noraidīts. Nekas nav mainījies.
refusal-too-many-requests = Pārāk daudz mēģinājumu
refusal-too-many-requests-text = Lūdzu, mazliet uzgaidiet un mēģiniet vēlreiz.
refusal-busy = Pašlaik ir liela noslodze
refusal-busy-text = Jūsu pieprasījums netika izpildīts. Lūdzu, pēc brīža mēģiniet vēlreiz.
refusal-unavailable = Seif pašlaik nevar atbildēt
refusal-unavailable-text = Nekas nav zaudēts. Lūdzu, pēc brīža mēģiniet vēlreiz.
refusal-sealed = To pašlaik nevar atvērt
refusal-sealed-text = Tā atslēga nav sasniedzama. Lūdzu, rakstiet mums.
refusal-internal = Mūsu pusē radās kļūda
refusal-internal-text = Kļūda ir reģistrēta. Nekas netika saglabāts pa pusei.

## Valstis
country-ee = Igaunija
country-lv = Latvija
country-lt = Lietuva
country-kz = Kazahstāna
country-at = Austrija
country-be = Beļģija
country-bg = Bulgārija
country-ch = Šveice
country-cy = Kipra
country-cz = Čehija
country-de = Vācija
country-dk = Dānija
country-es = Spānija
country-fi = Somija
country-fr = Francija
country-gb = Apvienotā Karaliste
country-ge = Gruzija
country-gr = Grieķija
country-hr = Horvātija
country-hu = Ungārija
country-ie = Īrija
country-is = Islande
country-it = Itālija
country-kg = Kirgizstāna
country-lu = Luksemburga
country-md = Moldova
country-mt = Malta
country-nl = Nīderlande
country-no = Norvēģija
country-pl = Polija
country-pt = Portugāle
country-ro = Rumānija
country-se = Zviedrija
country-si = Slovēnija
country-sk = Slovākija
country-ua = Ukraina
country-uz = Uzbekistāna

api-docs-title = Saskarne programmām
api-docs-lead = Visu, ko dara lapas, programmas var darīt ar pilnvaru. Aprakstīts angļu valodā; viss dokuments rīkiem:
