# Ką sako puslapiai, lietuviškai.

## Aplink kiekvieną puslapį
skip = Pereiti prie turinio
nav-account = Jūsų paskyra
nav-vault = Ši saugykla
nav-documents = Teisiniai dokumentai
nav-language = Kalba
nav-sign-in = Prisijungti
nav-join = Atidaryti saugyklą
nav-security = Patvirtinimo būdai
nav-contacts = Kontaktiniai duomenys
nav-notices = Pranešimai
nav-addresses = Naudojimo vietos
nav-sign-ins = Prisijungimų istorija
nav-preferences = Nuostatos
nav-sign-out = Atsijungti
nav-collections = Rinkiniai
nav-tokens = API žetonai
footer-contact = Klausimai bet kuriuo metu:
document-privacy = Privatumo politika
document-terms = Paslaugos sąlygos
document-safe-use = Saugus naudojimas
document-dpa = Duomenų tvarkymo sutartis
document-cookies = Slapukai
document-processors = Duomenų tvarkytojai
unconfirmed-title = Galite viską peržiūrėti.
unconfirmed-text = Norėdami ką nors keisti, atskleisti ar eksportuoti, patvirtinkite, kad tai jūs.
unconfirmed-action = Patvirtinti
prompt-title = Klausimas jums
prompt-dismiss = Ne dabar
prompt-confirm-contacts = Ar jūsų kontaktiniai duomenys tebėra teisingi?
prompt-confirm-contacts-text = Jų reikia, kad galėtume su jumis susisiekti, jei kas nors nutiktų.
prompt-confirm-contacts-action = Peržiūrėti
prompt-password-age = Jūsų slaptažodžiui jau keli mėnesiai.
prompt-password-age-text = Pasirinkite naują, kai jums bus patogu. To prašome tik čia, niekada el. paštu.
prompt-password-age-action = Į saugumo nustatymus
contacts-lead = Čia siunčiami kodai ir pranešimai. Jokia kita įmonė šių duomenų nemato.
contacts-verified = patvirtinta
contacts-unverified = nepatvirtinta
contacts-unverified-text = Kol numeris nepatvirtintas, su juo prisijungti negalima ir niekas į jį nesiunčiama.
contacts-no-phone = Telefono numerio nėra.
contacts-right = Ar viskas teisinga?
contacts-right-text = Retkarčiais pasitikrinkite, kad galėtume su jumis susisiekti.
contacts-right-action = Taip, viskas teisinga
contacts-confirmed-at = Paskutinį kartą tai patvirtinote:

## Changing what signs in
news-identifier-changed = Pakeista. Nuo šiol jungiatės nauju; ankstesniuoju septynias dienas galima pakeitimą atšaukti.
news-change-undone = Ankstesniuoju vėl galima prisijungti, o visi seansai baigti. Prisijunkite, pasirinkite naują slaptažodį ir peržiūrėkite patvirtinimo būdus bei prisijungimų istoriją.
news-phone-removed = Telefono numeris pašalintas.
change-email-text = Naujuoju adresu atsiųsime kodą. Ankstesniam adresui pranešime, ir septynias dienas iš jo galima pakeitimą atšaukti.
change-send = Siųsti kodą
change-code-title = Įveskite kodą iš naujojo adreso
change-code-lead = Jei { $target } galima naudoti, kodas jau pakeliui.
change-action = Pakeisti
change-waiting = Pakeitimas į { $target } laukia kodo.
change-go-on = Įvesti kodą
undo-title = Atšaukti adreso pakeitimą
undo-lead = Ar jūsų paskyros adresas arba telefono numeris buvo pakeistas ne jūsų? Septynias dienas ankstesniuoju galima pakeitimą atšaukti su kodu iš mūsų pranešimo.
undo-start = Tęsti
undo-code-title = Įveskite kodą iš pranešimo
undo-code-lead = Jį sudaro šešios grupės po keturis ženklus. Jei pakeista per pastarąsias septynias dienas, kodą išsiuntėme dar kartą.
undo-action = Atšaukti pakeitimą
sign-in-changed = Mano adresas pakeistas
field-new-email = Naujas el. pašto adresas
hint-undo-identifier = Ankstesnysis, kuriuo nebegalima prisijungti.
asked-title = Kažkas jungiasi prie jūsų paskyros.
asked-text = Ar tai jūs, kitame įrenginyje?
asked-action = Pažiūrėti
optional = (neprivaloma)
choose = Pasirinkite…
step = { $step } žingsnis iš { $of }
errors-title = Patikrinkite, kas nurodyta toliau
password-show = Rodyti
password-hide = Slėpti
news-joined = Jūsų saugykla atidaryta. Sveiki atvykę!
news-contacts-confirmed = Ačiū. Po kelių mėnesių paklausime dar kartą.
news-confirmed = Ačiū. Dabar galite daryti pakeitimus.
news-collections-made = Rinkiniai paruošti.
news-record-saved = Įrašyta.
news-record-trashed = Perkelta į šiukšlinę.
news-record-restored = Atkurta iš šiukšlinės.
news-imported = Importas baigtas.
news-method-added = Pridėta. Nuo šiol tai patvirtina, kad tai jūs.
news-addresses-saved = Įrašyta. Tai galioja nuo šiol.
news-method-removed = Pašalinta. Tai nieko nebepatvirtina.
news-notice-reported = Ačiū. Jei tai buvote ne jūs, užšaldykite paskyrą: niekas į ją nepateks, kol jos vėl neatversite.
news-sign-in-approved = Patvirtinta. Kitas įrenginys tęs pats.
news-sign-in-refused = Atmesta. Kitam įrenginiui prieiga nesuteikta.
news-sign-in-reported = Atmesta ir pranešta. Kas tai buvo, žino jūsų slaptažodį: pakeiskite jį dabar.
news-token-revoked = Žetonas nebeveikia.
news-preferences-saved = Nuostatos įrašytos.

## Registracija
join-title = Atidarykite savo saugyklą
join-lead = Saugi vieta jūsų klientų, sutarčių, sąskaitų ir darbuotojų duomenims. Pradėkite nuo el. pašto adreso: atsiųsime kodą, kad įsitikintume, jog jis jūsų.
join-send-code = Atsiųsti kodą
join-already = Jau turite paskyrą?
promise-keys = Viskas, ką čia įdedate, šifruojama raktais, kurie priklauso tik jūsų saugyklai.
promise-yours = Tai, ką įvedate, yra jūsų: viską galite pasiimti kada panorėję.
promise-leave = Kai išeisite, jūsų raktai bus sunaikinti ir gausite tai patvirtinantį dokumentą.
join-finish-title = Sukurkite paskyrą
join-finish-lead = Jei adresas tinkamas, kodas jau keliauja į jį. Jis galioja dešimt minučių.
join-you = Apie jus
join-business = Jūsų įmonė
join-finish-action = Atidaryti mano saugyklą
join-no-code = Po kelių minučių kodo vis dar nėra?
join-again = Pradėti iš naujo
read-version = Skaityti ({ $version } versija)
acknowledge-privacy = Susipažinau su privatumo politika
acknowledge-terms = Susipažinau su paslaugos sąlygomis ir su jomis sutinku
acknowledge-safe-use = Susipažinau su saugaus naudojimo taisyklėmis
acknowledge-dpa = Susipažinau su duomenų tvarkymo sutartimi ir su ja sutinku
acknowledge-cookies = Susipažinau su tuo, kaip naudojami slapukai
acknowledge-action = Patvirtinti
kind-company = Bendrovė
kind-self-employed = Savarankiškai dirbantis asmuo

## Prisijungimas ir patvirtinimas
sign-in-title = Prisijungimas
sign-in-action = Prisijungti
sign-in-session-ended = Jūsų sesija baigėsi. Prisijunkite dar kartą.
sign-in-signed-out = Atsijungėte, ir sesija uždaryta taip pat mūsų pusėje.
sign-in-new = Esate čia pirmą kartą?
sign-in-never-ask = Mes niekada neprašome jūsų slaptažodžio nei telefonu, nei el. paštu, nei žinute.
confirm-title = Patvirtinkite, kad tai jūs
confirm-lead = Su slaptažodžiu galite viską peržiūrėti. Norėdami ką nors keisti, patvirtinkite dar vienu būdu.
confirm-lead-again = Kad tai padarytumėte, dar kartą patvirtinkite, kad tai jūs. Patvirtinimas galios dešimt minučių.
confirm-later = Ne dabar, tik peržiūrėsiu
confirm-code-title = Įveskite kodą
confirm-code-sent = Išsiuntėme kodą: { $target }.
confirm-action = Patvirtinti
confirm-no-code = Negavote kodo?
confirm-send-again = Siųsti dar kartą
confirm-other-method = Patvirtinti kitu būdu
confirm-send = Siųsti man kodą
confirm-ask-device = Klausti mano kito įrenginio
confirm-others = Kiti būdai
confirm-safer = Nustatyti saugesnį būdą nei el. paštas
confirm-nothing-would-do = Nė vienas jūsų patvirtinimo būdas tam netinka. Rašykite mums:
code-never-share = Kodas skirtas tik šiam puslapiui. Neduokite jo niekam, net ir mums.
wait-title = Patvirtinkite kitame įrenginyje
wait-lead = Atverkite bet kurį Seif puslapį įrenginyje, kuriame esate prisijungę ir tai patvirtinę. Ten laukia užklausa: pasirinkite šį skaičių.
wait-number = Jūsų skaičius
wait-until = Laukia iki
wait-i-have = Patvirtinau
wait-not-yet = Dar nepatvirtinta.
wait-approved = Patvirtinta. Galite tęsti.
wait-go-on = Tęsti
wait-never-tell = Skaičių pasirinkite patys. Niekam jo nesakykite, net mums.
approvals-title = Ar tai jūs jungiatės?
approvals-lead = Kažkas su jūsų slaptažodžiu jungiasi kitame įrenginyje. Patvirtinkite tik tada, jei tas įrenginys dabar prieš jus.
approvals-some-device = Nežinomas įrenginys
approvals-pick = Pasirinkite skaičių, kurį jis rodo:
approvals-not-you = Ne jūs? Vadinasi, kažkas žino jūsų slaptažodį.
approvals-report = Tai ne aš
approvals-refuse = Atmesti
approvals-empty = Niekas nelaukia
approvals-empty-text = Kai jungsitės kitame įrenginyje, galėsite tai patvirtinti čia.
approvals-look-again = Pažiūrėti dar kartą
approvals-settings = Patvirtinimo būdai
approvals-allowed = Jūsų prisijungimus galima patvirtinti kitame įrenginyje.
approvals-off = Tai išjungta: jokio įrenginio neklausiama.
approvals-switch-off = Išjungti
approvals-switch-on = Įjungti
method-email = Kodas el. paštu
method-email-risk = Mažiausiai saugus būdas: kas gali skaityti jūsų pašto dėžutę, gali patvirtinti vietoj jūsų.
method-sms = Kodas trumpąja žinute
method-sms-risk = Kas perima jūsų numerį ar skaito jūsų telefoną, gali patvirtinti už jus. Reikia numerio, kurį patvirtinote.
method-fee = Už žinutę jūsų operatorius gali imti mokestį.
method-device = Patvirtinimas kitame įrenginyje
method-device-text = Įrenginyje, kuriame esate prisijungę ir tai patvirtinę, pasirenkate skaičių, kurį rodo šis puslapis.
method-device-risk = Taip pat saugu, kaip tvirtinantis įrenginys. Kas jame neprisijungęs, tuo pasinaudoti negali; bet niekada nesirinkite skaičiaus, kurį jums kas nors pasako.
method-totp = Autentifikavimo programėlė
method-totp-text = Įveskite šešis skaitmenis, kuriuos programėlė rodo dabar.
method-totp-risk = Daug saugiau: kodai niekada nepalieka jūsų telefono. Tačiau netikras puslapis gali kodą išvilioti ir iškart panaudoti, todėl pirma pažiūrėkite į adresą.
method-recovery-codes = Atkūrimo kodai
method-recovery-codes-text = Panaudokite vieną iš užsirašytų kodų. Kiekvienas tinka vieną kartą.
method-recovery-codes-risk = Tai dienai, kai visa kita prarasta. Kas ras lapą, galės panaudoti kodą, todėl laikykite jį ten, kur laikote pasą.
method-sent-to = Siųsime čia: { $target }.
method-advised-against = Tam, kas laikoma šioje saugykloje, patariame saugesnį būdą.
method-choose = Pasirinkti

## Pranešimai
notices-lead = Viskas, kas susiję su jūsų paskyros saugumu, ir atlikta, ir atmesta. Pasakykite, jei tai buvote ne jūs.
notices-empty = Dar nieko neįvyko
notices-empty-text = Kai pasikeis tai, kas gali patekti į jūsų paskyrą, tai bus matoma čia.
notices-reported = Apie tai pranešėte
notices-delivery = Laiškai
notices-delivery-text = Kodai ir slaptažodžio, prisijungimo ar patvirtinimo būdų pakeitimai visada siunčiami iš karto.
notices-at-once = Iš karto
notices-daily = Kartu, kartą per dieną
was-not-me = Tai buvau ne aš

## Laukai ir paaiškinimai
field-email = El. pašto adresas
field-language = Kalba
field-code = Kodas
field-name = Vardas ir pavardė
field-password = Slaptažodis
field-phone = Telefono numeris
field-kind = Kokia tai įmonė?
field-business-name = Įmonės pavadinimas
field-country = Šalis
field-registration-number = Registracijos numeris
field-vat-number = PVM mokėtojo kodas
field-acknowledged = Prieš pradedant
field-identifier = El. pašto adresas arba telefono numeris
field-shared-computer = Šiuo kompiuteriu naudojasi ir kiti
hint-join-email = Juo prisijungsite. Kitos įmonės jo nematys.
hint-join-code = Šeši skaitmenys iš ką tik išsiųsto el. laiško.
hint-code = Šeši skaitmenys, galioja dešimt minučių.
hint-new-password = Bent 15 bet kokių ženklų arba nuo 8 iki 14, tarp kurių yra didžiųjų ir mažųjų raidžių, skaitmenų ir specialiųjų ženklų. Ne tas, kurį naudojate kitur.
hint-phone = Su šalies kodu, pavyzdžiui, +370 60000000. Jūsų, o ne kito žmogaus numeris.
hint-registration-number = Toks, koks įrašytas jūsų šalies registre.
hint-vat-number = Su šalies kodu pradžioje, pavyzdžiui, LT400000000.
hint-shared-computer = Sesija bus trumpa, o naršyklėje niekas neliks.

## Kas gali būti negerai
error-invalid = Patikrinkite šį lauką.
error-required = Užpildykite šį lauką.
error-malformed = Čia kažkas ne taip. Patikrinkite, kaip parašyta.
error-too-long = Per ilga reikšmė.
error-too-short = Per trumpa reikšmė.
error-out-of-range = Reikšmė nepatenka į leistinas ribas.
error-already-exists = Tokią reikšmę jau turi kitas įrašas.
error-not-found = Tokio įrašo nėra.
error-kind-fixed = Lauko rūšies keisti negalima, kai jame jau yra reikšmių.
error-no-such-field = Tokio lauko nėra.
error-unknown-field = Tokio lauko nėra.
error-missing-field = Užpildykite šį lauką.
error-no-such-record = Tokio įrašo nėra.
error-not-searchable = Šiame lauke pagal reikšmę ieškoti negalima.
error-not-the-mask = Palikite, kaip yra, arba įrašykite visą reikšmę.
error-not-a-table = Šio failo negalima perskaityti kaip lentelės. Įrašykite jį kaip XLSX arba kaip CSV UTF-8 koduote ir bandykite dar kartą.
error-not-utf8 = Šio failo raidės užrašytos ne UTF-8 koduote. Įrašykite jį kaip XLSX arba kaip CSV UTF-8 koduote.
error-not-a-workbook = Šios darbaknygės negalima perskaityti. Atverkite ją skaičiuoklės programoje, įrašykite kaip XLSX ir bandykite dar kartą.
error-workbook-protected = Ši darbaknygė apsaugota slaptažodžiu arba yra senojo XLS formato. Įrašykite ją kaip XLSX be slaptažodžio.
error-workbook-too-large = Ši darbaknygė per didelė. Padalykite ją į kelias.
error-too-many-rows = Viename importe gali būti ne daugiau kaip 20 000 eilučių. Padalykite failą į kelis.
error-too-many-columns = Lentelėje gali būti ne daugiau kaip 500 stulpelių.
error-too-many-cells = Eilutėje langelių daugiau nei antraščių.
error-repeated-column = Du stulpeliai skirti tam pačiam laukui. Palikite vieną iš jų.
error-unknown-column = Lauko su tokia antrašte nėra.
error-no-known-column = Nė viena failo antraštė nėra šio rinkinio laukas. Antraštės turi būti pirmoje eilutėje.
error-error-in-cell = Skaičiuoklė šiame langelyje rodo klaidą.
error-not-a-boolean = Rašykite taip arba ne.
error-empty = Čia nieko nėra.
error-bad-checksum = Kontroliniai skaitmenys nesutampa. Patikrinkite, ar nėra rašybos klaidos.
error-wrong-type = Tokios rūšies reikšmė čia netinka.
error-not-a-number = Tai ne skaičius. Rašykite, pavyzdžiui, 1234.5.
error-not-money = Nurodykite sumą ir valiutą, pavyzdžiui, 12.50 EUR.
error-not-a-currency = Tokios valiutos nėra. Naudokite tris raides, pavyzdžiui, EUR.
error-too-many-decimals = Po taško per daug skaitmenų.
error-not-exact = Šio skaičiaus negalima tiksliai įrašyti. Rašykite mažiau skaitmenų.
error-too-large = Reikšmė per didelė.
error-too-many = Jų yra tiek, kiek gali būti. Pirma vieną pašalinkite.
error-not-a-date = Tokios dienos nėra.
error-not-a-choice = Pasirinkite vieną iš siūlomų reikšmių.
error-choice-without-options = Įrašykite pasirinkimus, kiekvieną savo eilutėje.
error-link-without-collection = Pasirinkite rinkinį, į kurį laukas nurodo.
error-repeated-options = Du pasirinkimai vienodi.
error-too-many-options = Laukas gali turėti ne daugiau kaip 200 pasirinkimų.
error-reserved = Adresuose šis žodis reiškia vieną iš mūsų puslapių. Pasirinkite kitą pavadinimą.
error-not-an-email = Tai ne el. pašto adresas.
error-not-a-phone = Tai ne telefono numeris. Pradėkite ženklu + ir šalies kodu.
error-not-an-address = Tai ne adresas ir ne sritis: rašykite, pavyzdžiui, 203.0.113.7, 203.0.113.0/24 arba 2001:db8::/48.
error-beyond-prefix = Šiuo adresu sritis neprasideda: rašykite tik adresą arba pirmą srities adresą.
error-would-lock-out = Vietos, kurioje esate dabar, šiame sąraše nėra.
error-not-an-iban = Tai ne IBAN sąskaitos numeris.
error-not-a-payment-card = Tai ne mokėjimo kortelės numeris.
error-not-a-vat-number = Tai ne tos šalies PVM mokėtojo kodas.
error-not-a-registration-number = Tai ne tos šalies registracijos numeris.
error-country-missing = Pradžioje nurodykite šalies kodą.
error-not-a-country = Šalies su tokiomis dviem raidėmis nėra.
error-not-an-id = Tai ne įrašo identifikatorius.
error-not-one-line = Rašykite vienoje eilutėje.
error-control-character = Čia yra ženklas, kurio negalima įrašyti. Įveskite tekstą iš naujo.
error-password-too-short = Naudokite bent 8 ženklus.
error-password-too-long = Slaptažodis negali būti ilgesnis nei 1024 baitai.
error-password-needs-classes = Trumpesniame nei 15 ženklų slaptažodyje turi būti didžiųjų ir mažųjų raidžių, skaitmenų ir specialiųjų ženklų.
error-password-too-common = Šį slaptažodį naudoja daug kas, todėl jis išbandomas pirmiausia. Pasirinkite kitą.
error-password-guessable = Šį slaptažodį lengva atspėti. Pasirinkite ilgesnį arba ne tokį nuspėjamą.
error-password-holds-own-data = Nenaudokite slaptažodyje savo vardo, adreso, telefono numerio ar įmonės pavadinimo.
error-password-leaked = Šis slaptažodis yra tarp nutekintų duomenų. Pasirinkite kitą.
error-code-refused = Kodas netinka arba nebegalioja. Patikrinkite jį arba paprašykite naujo.
error-challenge-ended = Per daug bandymų. Paprašykite naujo kodo.
error-approval-refused = Kitas įrenginys nepatvirtino arba laikas baigėsi. Bandykite dar kartą arba patvirtinkite kitu būdu.
error-wrong-number = Tai buvo kitas skaičius. Prisijungimas atmestas.
error-request-over = Ši užklausa baigėsi.
error-acknowledgement-required = Perskaitykite ir pažymėkite kiekvieną dokumentą.
error-sign-in-refused = Adresas ir slaptažodis nedera tarpusavyje. Patikrinkite abu ir bandykite dar kartą.
error-too-many-requests = Per daug bandymų. Truputį palaukite.

## Rinkiniai
collections-new = Naujas rinkinys
collections-starters = Paruošti rinkiniai
collections-empty = Jūsų saugykla tuščia
collections-empty-text = Pradėkite nuo jūsų veiklai paruoštų rinkinių arba sukurkite savo.
collections-empty-look = Čia dar nieko neįdėta. Rinkinius gali pridėti tie, kam leista daryti pakeitimus.
starters-lead = Pažymėkite, ko jums reikia. Laukus galėsite keisti vėliau ir bet kada pridėti daugiau.
starters-present = Jau yra jūsų saugykloje
starters-make = Pridėti pažymėtus rinkinius
new-collection-lead = Rinkinyje laikomi vienos rūšies įrašai: transporto priemonės, užsakymai, išduoti raktai.
new-collection-make = Sukurti rinkinį
new-collection-register = Jūsų duomenų tvarkymo registrui
new-collection-register-text = Jei jame yra duomenų apie žmones, užrašykite, kodėl ir kiek laiko juos saugote.
new-field = { $number } laukas
new-field-label = { $number } lauko pavadinimas
new-field-kind = Rūšis
new-field-choices = { $number } lauko pasirinkimai, kiekvienas savo eilutėje
new-field-target = { $number } laukas nurodo į
new-field-more = Pridėti daugiau laukų
tick-required = Privalomas
tick-unique = Reikšmės nesikartoja
tick-searchable = Galima rasti pagal reikšmę
tick-sensitive = Paslėptas, kol atskleidžiamas
basis-contract = Sutartis
basis-legal-obligation = Teisinė prievolė
basis-legitimate-interest = Teisėtas interesas
basis-consent = Sutikimas
kind-of-text = Tekstas
kind-of-long-text = Ilgas tekstas
kind-of-number = Skaičius
kind-of-money = Pinigų suma
kind-of-date = Data
kind-of-boolean = Taip arba ne
kind-of-choice = Pasirinkimas
kind-of-email = El. pašto adresas
kind-of-phone = Telefono numeris
kind-of-iban = Banko sąskaita (IBAN)
kind-of-payment-card = Mokėjimo kortelė
kind-of-vat-number = PVM mokėtojo kodas
kind-of-registration-number = Registracijos numeris
kind-of-country = Šalis
kind-of-link = Nuoroda į kitą įrašą
field-collection-name = Rinkinio pavadinimas
field-fields = Laukai
field-purpose = Tikslas
field-legal-basis = Teisinis pagrindas
field-retention-days = Saugoma tiek dienų
hint-fields = Pirmuoju lauku įrašas vadinamas sąrašuose. Eilutės be pavadinimo neskaičiuojamos.
hint-retention-days = Skaičiuojant nuo paskutinio įrašo pakeitimo; pavyzdžiui, 1825 – penkeri metai.

## Įrašai
records-count = { $count ->
    [0] Įrašų dar nėra
    [one] { $count } įrašas
    [few] { $count } įrašai
   *[other] { $count } įrašų
}
record-new = Naujas įrašas
record-edit = Keisti
record-reveal = Atskleisti
record-mask = Vėl paslėpti
record-clear = Pašalinti įrašytą reikšmę
record-version = { $version } versija
record-created = sukurta
record-updated = paskutinį kartą keista
record-delete = Ištrinti šį įrašą
record-delete-text = Jis pateks į šiukšlinę, iš kurios jį galima atkurti.
record-delete-action = Perkelti į šiukšlinę
records-empty = Įrašų dar nėra
records-empty-text = Įveskite pirmąjį ranka arba įkelkite visą lentelę iš darbaknygės ar CSV failo.
records-empty-look = Įrašus gali pridėti tie, kam leista daryti pakeitimus.
search-query = Ko ieškoti
search-in = Kur
search-anywhere = Bet kuris žodis bet kuriame lauke
search-exactly = { $label }, tiksliai
search-action = Ieškoti
search-clear = Rodyti visus įrašus
search-empty = Nieko nerasta
search-empty-text = Pabandykite mažiau raidžių arba ieškokite visuose laukuose.
pager = Sąrašo tęsinys
pager-next = Toliau
pager-start = Į pradžią
cell-yes = Taip
cell-no = Ne
cell-empty = tuščia
cell-masked = paslėpta, baigiasi
hint-masked = Įrašyta: { $tail }. Palikite tuščią, kad nesikeistų.
hint-kind-number = Skaitmenys, prieš dešimtaines dalis taškas: 1234.5
hint-kind-iban = Pavyzdžiui, LT12 1000 0111 0100 1000
hint-kind-payment-card = Kortelės numeris; kitų kortelės duomenų nereikia.
hint-kind-vat-number = Su šalies kodu pradžioje, pavyzdžiui, LT400000000
hint-kind-registration-number = Toks, koks įrašytas registre
hint-kind-phone = Su šalies kodu, pavyzdžiui, +370 60000000
hint-kind-country = Dvi raidės, pavyzdžiui, LT
hint-kind-link = Įrašo identifikatorius iš jo adreso
currency-of = Valiuta: { $label }
save = Įrašyti
cancel = Atšaukti
conflict-title = Kažkas tuo metu pakeitė šį įrašą
conflict-text = Toliau yra tai, ką įvedėte jūs. Peržiūrėkite pakeitimus ir įrašykite dar kartą. Pakeista:
conflict-before = Kai pradėjote
conflict-after = Įrašyta dabar
change-field = Laukas
change-before = Prieš tai
change-after = Po to
history-title = Istorija
history-somebody = asmuo, kurio čia nebėra
deed-created = Sukurta
deed-imported = Importuota
deed-changed = Pakeista
deed-trashed = Perkelta į šiukšlinę
deed-restored = Atkurta
trash-title = Šiukšlinė
trash-at = Ištrinta
trash-restore = Atkurti
trash-empty = Šiukšlinė tuščia
trash-empty-text = Čia patenka ištrinti įrašai, ir iš čia juos galima atkurti.
import-title = Importuoti

## Importas
dry-run-ready = { $count ->
    [0] Nė viena eilutė negali tapti įrašu.
    [one] { $count } eilutė paruošta tapti įrašu.
    [few] { $count } eilutės paruoštos tapti įrašais.
   *[other] { $count } eilučių paruošta tapti įrašais.
}
dry-run-refused = { $count ->
    [one] { $count } eilutė būtų praleista.
    [few] { $count } eilutės būtų praleistos.
   *[other] { $count } eilučių būtų praleista.
}
import-lead = Įkelkite visą lentelę iš darbaknygės (XLSX) arba CSV failo. Pirmiausia pamatysite, kas įvyktų; niekas nebus įrašyta, kol nesutiksite.
import-check = Tikrinti failą
import-columns = Stulpeliai
import-columns-text = Pirmoje failo eilutėje yra stulpelių pavadinimai, vienas arba kitas iš šių. Kiti stulpeliai praleidžiami.
import-heading = Antraštė
field-file = Failas
hint-file = Darbaknygė (XLSX), kurios imamas pirmasis lapas, arba CSV UTF-8 koduote.
dry-run-title = Ką atliktų importas
dry-run-nothing-yet = Dar nieko neįrašyta.
dry-run-confirm = Importuoti
dry-run-other-file = Pasirinkti kitą failą
dry-run-problems = Eilutės, kurios būtų praleistos
dry-run-line = Eilutė
dry-run-problem = Kas negerai
dry-run-left-out = praleidžiamas
import-link = Pagal ką rasti: { $label }
import-link-id = pagal įrašo identifikatorių
field-currency = Valiuta
hint-currency = Sumoms, prie kurių ji nenurodyta, pavyzdžiui, 12.50.
import-done = Importas baigtas
import-made = { $count ->
    [one] Sukurtas { $count } įrašas.
    [few] Sukurti { $count } įrašai.
   *[other] Sukurta { $count } įrašų.
}
import-was-left-out = { $count ->
    [one] Praleista { $count } eilutė.
    [few] Praleistos { $count } eilutės.
   *[other] Praleista { $count } eilučių.
}
import-file-gone = Failo nepasilikome.
import-to-records = Rodyti įrašus
dry-run-column = Stulpelis
dry-run-whole = Visas failas
dry-run-changed = Saugykla tuo metu pasikeitė
dry-run-changed-text = Dabar importo rezultatas būtų kitoks, nei patvirtinote, todėl niekas neįrašyta. Peržiūrėkite dar kartą.

## Žetonai
tokens-lead = Žetonas leidžia kitai programai dirbti su šia saugykla be jūsų slaptažodžio. Kiekvienai programai duokite atskirą.
tokens-empty = Žetonų nėra
tokens-empty-text = Jokia kita programa šios saugyklos nepasiekia.
token-new = Naujas žetonas
token-make = Sukurti žetoną
token-expires = baigiasi
token-endless = neterminuotas
token-revoke = Atšaukti
token-made-title = Jūsų naujasis žetonas
token-made-text = Nukopijuokite jį dabar: jis rodomas tik šį kartą, o skaitomos kopijos mes neturime.
token-kept = Saugiai pasidėjau
copy = Kopijuoti
copied = Nukopijuota
field-token-name = Kam jis skirtas?
hint-token-name = Pavyzdžiui: apskaita, internetinė parduotuvė.
field-scopes = Kam jis suteikia teisę?
field-lifetime = Galioja
lifetime-30 = 30 dienų
lifetime-90 = 90 dienų
lifetime-365 = metus
lifetime-none = neterminuotai
scope-records-read = Skaityti įrašus
scope-records-write = Rašyti įrašus
scope-records-reveal = Atskleisti jautrias reikšmes
scope-collections-write = Keisti rinkinius
scope-files-read = Skaityti failus
scope-files-write = Įrašyti failus
scope-exports-read = Eksportuoti viską
scope-audit-read = Skaityti audito įrašus
scope-members-read = Matyti narius

## Paskyra
choose-tenant-title = Jūsų saugyklos
choose-tenant-empty = Nepriklausote jokiai saugyklai
choose-tenant-empty-text = Jus gali pakviesti tas, kas tvarko saugyklą.
role-owner = Savininkas
role-admin = Administratorius
role-editor = Redaktorius
role-viewer = Stebėtojas
sign-ins-lead = Retkarčiais tai peržiūrėkite, bent kartą per mėnesį.
sign-ins-at = Kada
sign-ins-outcome = Rezultatas
sign-ins-method = Būdas
sign-ins-ip = Tinklo adresas
sign-ins-device = Įrenginys
sign-ins-empty = Daugiau nieko nėra
sign-ins-empty-text = Ankstesnių prisijungimų nėra.
sign-ins-strange = Matote ką nors, ko nedarėte? Pakeiskite slaptažodį ir parašykite mums:
outcome-accepted = Priimta
outcome-refused = Atmesta
by-password = Slaptažodis
by-email = Kodas el. paštu
by-sms = Kodas trumpąja žinute
by-device = Patvirtinimas kitame įrenginyje
by-totp = Autentifikavimo programėlė
by-recovery-code = Atkūrimo kodas
by-join = Registracija
addresses-lead = Pasirinkite interneto adresus, iš kurių galima naudoti jūsų paskyrą: biuras, namai. Iš kitur niekas nepateks net su jūsų slaptažodžiu.
addresses-present = Dabar esate čia:
addresses-open = Jūsų paskyrą galima naudoti iš bet kur.
addresses-thin = Sąraše yra vienas adresas arba sritis. Pridėkite dar vieną: jei ta linija neveiktų arba pasikeistų jos adresas, negalėtumėte patekti.
addresses-closed = Jūsų paskyrą galima naudoti tik iš sąraše esančių adresų.
field-ranges = Adresai ir sritys
hint-ranges = Po vieną eilutėje, ne daugiau kaip 50, patariama bent du: IPv4 arba IPv6 adresas arba sritis, pavyzdžiui, 203.0.113.0/24. Tuščias sąrašas reiškia: iš bet kur.
addresses-lines = Pažiūrėkite į šias eilutes:
addresses-lockout = Jei įrašysite šį sąrašą, negalėsite naudoti savo paskyros iš ten, kur esate dabar: ir ši sesija iš karto nebetiks.
field-confirm-lockout = Aš to noriu: užblokuoti vietą, kurioje esu dabar
addresses-effect-title = Ką tai daro
addresses-effect = Sąrašas galioja iš karto, taip pat atidarytoms sesijoms ir API žetonams. Prisijungimas iš kitur atmetamas kaip su neteisingu slaptažodžiu; jis lieka prisijungimų istorijoje, o jei slaptažodis buvo teisingas, gaunate laišką.
addresses-back-title = Jei užblokavote patys save
addresses-back = Prisijunkite iš sąraše esančio adreso ir jį pakeiskite. Jei negalite, parašykite mums iš savo paskyros el. pašto adreso: patikrinusi, kas jūs esate, kodu į jūsų pašto dėžutę ir antru patvirtinimo būdu, pagalba sąrašą panaikina.

security-lead = Kas įrodo, kad tai jūs: nuo mažiausiai iki labiausiai saugaus. Kai turite autentifikavimo programėlę, jos reikia žetonams, duomenų išgavimui ir pakeitimams šiame puslapyje.
security-lost = Praradote įrenginį? Patvirtinkite atkūrimo kodu ir pašalinkite jį čia: nuo tos akimirkos jis nieko nebepatvirtina.
factor-since = pridėta
factor-used = paskutinį kartą naudota
factor-unused = dar nenaudota
factor-ended = Sustabdyta
factor-ended-text = Iš eilės gauta per daug neteisingų kodų. Pašalinkite ir nustatykite iš naujo.
factor-remove = Pašalinti
field-factor-name = Kaip tai vadinti?
hint-factor-name = Pavyzdžiui: mano telefonas.
add-totp = Nustatyti autentifikavimo programėlę
add-totp-again = Nustatyti dar vieną programėlę
add-recovery-codes = Sukurti atkūrimo kodus
add-recovery-codes-again = Sukurti naujus kodus
enrol-app-title = Autentifikavimo programėlės nustatymas
enrol-app-lead = Tinka bet kuri vienkartinių kodų programėlė. Tai, kas čia rodoma, galioja dešimt minučių.
enrol-app-scan = 1. Nuskaitykite tai programėle
enrol-app-picture = Toliau nurodyto slapto rakto QR kodas
enrol-app-secret = Arba įveskite programėlėje šį slaptą raktą
enrol-app-secret-text = Pagal laiką, šeši skaitmenys. Nerodykite niekam.
enrol-app-code = 2. Įveskite šešis skaitmenis, kuriuos programėlė rodo dabar.
enrol-app-finish = Baigti
recovery-codes-title = Jūsų atkūrimo kodai
recovery-codes-lead = Kiekvienas tinka vieną kartą. Jie rodomi tik dabar, o perskaitomos kopijos nelaikome.
recovery-codes-print = Išspausdinkite šį puslapį arba perrašykite kodus ant popieriaus. Lapą laikykite atskirai nuo telefono; anksčiau sukurti kodai nebegalioja.
recovery-codes-kept = Saugiai juos padėjau
factor-left = { $count ->
    [one] Liko { $count } kodas.
    [few] Liko { $count } kodai.
   *[other] Liko { $count } kodų.
}
preferences-lead = Jos laikomos slapuke šiame įrenginyje; daugiau jame nieko nėra.
field-theme = Spalvos
theme-system = Kaip šiame įrenginyje
theme-light = Šviesios
theme-dark = Tamsios
sign-out-title = Atsijungti?
sign-out-text = Jūsų sesija bus uždaryta mūsų pusėje, o naršyklė pamirš, ką buvo išsaugojusi iš šių puslapių.
sign-out-stay = Likti prisijungus

## Teisiniai dokumentai
legal-version = { $version } versija
legal-updated = atnaujinta, galioja nuo
legal-will-apply = įsigalios
legal-announced = Ši versija paskelbta, bet dar negalioja.
legal-superseded = Šią versiją pakeitė naujesnė.
legal-in-force = Skaityti galiojančią
legal-print = Šį puslapį galima išspausdinti: spaudinyje nebus meniu ir spalvų.
legal-others = Kitos versijos
processors-lead = Šios įmonės tvarko duomenis mūsų vardu, kiekviena tik tiek, kiek reikia jos užduočiai.
processors-none = Viską darome patys: niekas kitas iš šios paslaugos duomenų negauna.
processors-name = Įmonė
processors-purpose = Ką ji daro
processors-receives = Ką ji gauna
processors-country = Šalis

## Atsisakymai
refusal-retry-seconds = { $count ->
    [one] Bandykite dar kartą po { $count } sekundės.
   *[other] Bandykite dar kartą po { $count } sekundžių.
}
refusal-retry-minutes = { $count ->
    [one] Bandykite dar kartą po { $count } minutės.
   *[other] Bandykite dar kartą po { $count } minučių.
}
refusal-retry-hours = { $count ->
    [one] Bandykite dar kartą po { $count } valandos.
   *[other] Bandykite dar kartą po { $count } valandų.
}
refusal-home = Į pradžią
refusal-incident = Jei mums rašysite, nurodykite šį numerį:
refusal-malformed-request = Nepavyko
refusal-malformed-request-text = Užklausos nepavyko suprasti. Grįžkite ir bandykite dar kartą.
refusal-not-signed-in = Prisijunkite
refusal-not-signed-in-text = Šis puslapis skirtas prisijungusiems.
refusal-forbidden = Jūsų vaidmuo to neleidžia
refusal-forbidden-text = Kreipkitės į šios saugyklos savininką arba administratorių.
refusal-confirmation-required = Pirmiausia patvirtinkite
refusal-confirmation-required-text = Norėdami tai atlikti, patvirtinkite, kad tai jūs. Tai užtruks akimirką.
refusal-policy-unacknowledged = Pasikeitė dokumentas
refusal-policy-unacknowledged-text = Kad galėtumėte daryti pakeitimus, susipažinkite su nauja versija ir tai patvirtinkite.
refusal-not-found = Čia nieko nėra
refusal-not-found-text = Tokio puslapio nėra arba jis skirtas ne jums.
refusal-already-exists = Tai jau yra
refusal-already-exists-text = Jau yra kas nors su tokia pačia reikšme ar pavadinimu. Grįžkite ir pasirinkite kitą.
refusal-version-conflict = Kažkas suspėjo pirmas
refusal-version-conflict-text = Kol žiūrėjote, tai buvo pakeista. Atverkite dar kartą ir pamatysite, kaip yra dabar.
refusal-payload-too-large = Per didelė apimtis
refusal-payload-too-large-text = Padalykite į mažesnes dalis ir siųskite po vieną.
refusal-unsupported-media-type = Tokios rūšies failo perskaityti negalima
refusal-unsupported-media-type-text = Grįžkite ir pasirinkite prašomos rūšies failą.
refusal-address-not-allowed = Ne iš šio adreso
refusal-address-not-allowed-text = Paskyrą galima naudoti tik iš tam tikrų interneto adresų, o šis nėra nė vienas iš jų.
refusal-limit-reached = Dienos riba pasiekta
refusal-limit-reached-text = Šiandien to daugiau daryti negalima. Nauja diena prasideda vidurnaktį UTC laiku.
refusal-cross-origin = Užklausa atėjo iš kitur
refusal-cross-origin-text = Kita svetainė bandė veikti jūsų vardu ir buvo atmesta. Niekas nepasikeitė.
refusal-too-many-requests = Per daug bandymų
refusal-too-many-requests-text = Truputį palaukite ir bandykite dar kartą.
refusal-busy = Šiuo metu daug darbo
refusal-busy-text = Jūsų užklausa neįvykdyta. Po akimirkos bandykite dar kartą.
refusal-unavailable = Seif šiuo metu negali atsakyti
refusal-unavailable-text = Niekas neprarasta. Po akimirkos bandykite dar kartą.
refusal-sealed = Šiuo metu to atverti negalima
refusal-sealed-text = Jo raktas nepasiekiamas. Parašykite mums.
refusal-internal = Mūsų pusėje įvyko klaida
refusal-internal-text = Klaida užfiksuota. Niekas nebuvo įrašyta iš dalies.

## Šalys
country-ee = Estija
country-lv = Latvija
country-lt = Lietuva
country-kz = Kazachstanas
country-at = Austrija
country-be = Belgija
country-bg = Bulgarija
country-ch = Šveicarija
country-cy = Kipras
country-cz = Čekija
country-de = Vokietija
country-dk = Danija
country-es = Ispanija
country-fi = Suomija
country-fr = Prancūzija
country-gb = Jungtinė Karalystė
country-ge = Sakartvelas
country-gr = Graikija
country-hr = Kroatija
country-hu = Vengrija
country-ie = Airija
country-is = Islandija
country-it = Italija
country-kg = Kirgizija
country-lu = Liuksemburgas
country-md = Moldova
country-mt = Malta
country-nl = Nyderlandai
country-no = Norvegija
country-pl = Lenkija
country-pt = Portugalija
country-ro = Rumunija
country-se = Švedija
country-si = Slovėnija
country-sk = Slovakija
country-ua = Ukraina
country-uz = Uzbekija

api-docs-title = Sąsaja programoms
api-docs-lead = Viską, ką daro puslapiai, programos gali daryti su prieigos raktu. Aprašyta anglų kalba; visas dokumentas įrankiams:
