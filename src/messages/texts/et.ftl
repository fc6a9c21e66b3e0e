# Kirjad eesti keeles. $service: teenuse nimi; $contact: selle e-posti aadress; $minutes: kui kaua kood kehtib.

code-validity = Kood kehtib { $minutes ->
    [one] { $minutes } minuti
   *[other] { $minutes } minutit
} ja seda saab kasutada üks kord.
code-secrecy = Ärge avaldage seda kellelegi. Mitte keegi, ka mitte meie töötajad, ei küsi seda koodi teilt kunagi telefoni, e-kirja ega sõnumi teel; kes küsib, üritab teid petta.
never-asked = Me ei küsi kunagi teie parooli ega kasutajanime ning meie kirjades ei ole linke ega manuseid.
footer = { $service } · Küsimused igal ajal: { $contact }

signup-code =
    .subject = Kood teenusega { $service } liitumiseks
    .lead = Selle e-posti aadressiga avatakse teenuses { $service } kontot. Et kinnitada, et aadress on teie oma, sisestage see kood lehel, kus liitumist alustasite:
    .otherwise = Kui see polnud teie, ei pea te midagi tegema: ilma koodita kontot ei avata.

sign-in-code =
    .subject = Kood teenusesse { $service } sisselogimiseks
    .lead = Keegi, kes teab teie parooli, logib teenusesse { $service } sisse. Kui see olete teie, sisestage kinnituseks see kood:
    .otherwise = Kui see pole teie, ärge sisestage koodi kuhugi ega andke seda kellelegi. Võimalik, et keegi teab teie parooli: avage teenus, kirjutades selle aadressi ise brauserisse, ja kirjutage meile aadressil { $contact }.

new-address-code =
    .subject = Kood uue aadressi kinnitamiseks teenuses { $service }
    .lead = See e-posti aadress on märgitud teenuse { $service } konto uueks aadressiks. Kinnitamiseks sisestage see kood:
    .otherwise = Kui see polnud teie, ei pea te midagi tegema: ilma koodita aadressi ei kasutata.

password-reset-code =
    .subject = Kood uue parooli jaoks teenuses { $service }
    .lead = Palusite teenuses { $service } unustatud parooli asendada. Jätkamiseks sisestage see kood lehel, kus te seda palusite:
    .otherwise = Kui te seda ei palunud, ei pea te midagi tegema: teie parool jääb samaks.

text-code =
    .sign-in = kood teenusesse { $service } sisselogimiseks.
    .new-number = kood selle telefoninumbri kinnitamiseks teenuses { $service }.
    .secrecy = Kehtib ühe korra { $minutes } min jooksul. Mitte keegi, ka meie töötajad, ei küsi seda kunagi.

text-undo = kood selle telefoninumbri muutmise tagasivõtmiseks teenuses { $service }. Kui muutja ei olnud teie: sisestage teenuse aadress ise ja valige „Minu aadress on muudetud“. Kehtib seitse päeva. Keegi, ka meie töötajad, ei küsi seda teilt kunagi.

text-regained =
    .waits = Keegi palus üksnes e-posti teel teie kontole teenuses { $service } uut parooli. Selle saab määrata ööpäeva pärast. Kui see ei olnud teie: logige sisse ja tühistage see või külmutage konto.
    .ready = Teie kontole teenuses { $service } saab nüüd üksnes e-posti teel uue parooli määrata. Kui paluja ei olnud teie: logige sisse ja tühistage see või külmutage konto.
    .done = Teie konto parool teenuses { $service } asendati uuega. Kui see ei olnud teie: külmutage konto.
    .thawed = Teie konto teenuses { $service } on taas avatud, uue parooliga. Kui see ei olnud teie: külmutage konto.

address-taken =
    .subject = Teie aadressiga prooviti liituda teenusega { $service }
    .lead = Keegi proovis selle e-posti aadressiga teenuses { $service } kontot avada. Aadress kuulub juba teie kontole, seega uut kontot ei avatud ja midagi ei muutunud.
    .otherwise = Te ei pea midagi tegema. Kui see olite teie, logige lihtsalt sisse oma olemasolevale kontole.

address-wanted =
    .subject = Teie aadress märgiti teenuses { $service } teise konto jaoks
    .lead = Keegi, kellel on teenuses { $service } konto, proovis selle e-posti aadressi endale võtta. Aadress kuulub teie kontole, seega midagi ei muutunud.
    .otherwise = Te ei pea midagi tegema.

identifier-undo =
    .subject = Aadressi muutmise teenuses { $service } saab tagasi võtta
    .lead = Selle e-posti aadressiga ei saa enam teie kontole teenuses { $service } sisse logida: see asendati teisega. Kui seda ei teinud teie, avage teenus selle aadressi ise sisestades, valige sisselogimise all „Minu aadress on muudetud“ ning sisestage see aadress ja see kood:
    .secrecy = Kood kehtib seitse päeva ja ainult selle aadressi jaoks. Ärge avaldage seda kellelegi: keegi, ka meie töötajad, ei küsi seda teilt kunagi.
    .otherwise = Kui seda tegite teie, ei ole vaja midagi teha.

identifier-restored =
    .subject = Varasema aadressiga saab teenusesse { $service } taas sisse logida
    .lead = Teie konto aadressi või telefoninumbri muutmine teenuses { $service } võeti tagasi: varasemaga saab taas sisse logida ja kõik seansid on lõpetatud.
    .otherwise = Teie kontol võis olla keegi teine. Logige sisse, valige uus parool ning vaadake üle kinnitamise viisid ja sisselogimiste ajalugu. Kui vajate abi, kirjutage meile aadressil { $contact }.

support-identified =
    .subject = Meie klienditugi tuvastas teid teenuses { $service }
    .lead = Teie konto klienditoe koodi teenuses { $service } kasutati äsja, et teid telefoni teel tuvastada. See enam ei kehti ega avanud midagi.
    .otherwise = Kui helistasite teie, ei ole vaja midagi teha. Kui mitte, kirjutage meile kohe aadressil { $contact }.

password-changed =
    .subject = Teie parool teenuses { $service } on muudetud
    .lead = Teie konto parool teenuses { $service } muudeti äsja.
    .otherwise = Kui seda tegite teie, ei ole vaja midagi teha. Kui mitte, kirjutage meile kohe aadressil { $contact }.

identifier-changed =
    .subject = Teie sisselogimisandmed teenuses { $service } on muudetud
    .lead = Aadress või telefoninumber, millega teenusesse { $service } sisse logite, muudeti äsja.
    .otherwise = Kui seda tegite teie, ei ole vaja midagi teha. Kui mitte, kirjutage meile kohe aadressil { $contact }.

addresses-changed =
    .subject = Muudeti, kust teie kontot teenuses { $service } kasutada tohib
    .lead = Äsja muudeti nende aadresside loendit, millelt tohib teie kontot teenuses { $service } kasutada.
    .otherwise = Kui seda tegite teie, ei ole vaja midagi teha. Kui mitte, kirjutage meile kohe aadressil { $contact }.

addresses-lifted =
    .subject = Teie kontot teenuses { $service } tohib jälle kasutada kõikjalt
    .lead = Koos uue parooliga kustutati äsja nende aadresside loend, millelt tohib teie kontot teenuses { $service } kasutada.
    .otherwise = Kui seda tegite teie, koostage tagasi jõudes uus loend. Kui mitte, külmutage konto ja kirjutage meile kohe aadressil { $contact }.

token-made =
    .subject = Teie kontoga teenuses { $service } loodi API juurdepääsutõend
    .lead = Teie kontoga teenuses { $service } loodi äsja juurdepääsutõend programmide jaoks. Kellel see on, tegutseb teie nimel nii palju, kui tõend võimaldab.
    .otherwise = Kui seda tegite teie, ei ole vaja midagi teha. Kui mitte, tühistage see, külmutage konto ja kirjutage meile kohe aadressil { $contact }.

sign-in-outside =
    .subject = Sisselogimine teie kontole teenuses { $service } lükati tagasi
    .lead = Keegi sisestas teenuses { $service } teie parooli aadressilt, mida teie aadresside loendis ei ole. Sisselogimine lükati tagasi.
    .otherwise = Kui see olite teie, logige sisse mõnelt loendis olevalt aadressilt. Kui mitte, teab keegi teie parooli: vahetage see ja kirjutage meile kohe aadressil { $contact }.

method-added =
    .subject = Teie kontole teenuses { $service } lisati kinnitusviis
    .lead = { $means ->
        [totp] Teie kontole teenuses { $service } lisati äsja autentimisrakendus. Nüüdsest kinnitavad selle koodid, et see olete teie.
        [passkey] Teie kontole teenuses { $service } lisati äsja pääsuvõti. Nüüdsest kinnitab see, et see olete teie, ja sellega saab sisse logida ilma paroolita.
        [oidc] Teie kontoga teenuses { $service } seoti äsja sisselogimine teise teenusega. Nüüdsest kinnitab see, et see olete teie, ja laseb teid sisse.
       *[recovery-codes] Teie kontole teenuses { $service } loodi äsja uued taastekoodid. Varasemad enam ei kehti.
    }
    .otherwise = Kui seda tegite teie, ei ole vaja midagi teha. Kui mitte, kirjutage meile kohe aadressil { $contact }.

method-removed =
    .subject = Teie kontolt teenuses { $service } eemaldati kinnitusviis
    .lead = { $means ->
        [totp] Teie kontolt teenuses { $service } eemaldati äsja autentimisrakendus. Selle koodid enam ei kehti.
        [passkey] Teie kontolt teenuses { $service } eemaldati äsja pääsuvõti. See enam ei kehti.
        [oidc] Teie kontolt teenuses { $service } eemaldati äsja sisselogimine teise teenusega. See ei lase enam kedagi sisse.
       *[recovery-codes] Teie konto taastekoodid teenuses { $service } eemaldati äsja. Ükski neist enam ei kehti.
    }
    .otherwise = Kui seda tegite teie, ei ole vaja midagi teha. Kui mitte, kirjutage meile kohe aadressil { $contact }.

method-ended =
    .subject = Liiga palju valesid koode teie kontole teenuses { $service }
    .lead = { $means ->
        [totp] Teie konto autentimisrakenduse kohta teenuses { $service } sisestati järjest sada vale koodi. See ei kinnita enam midagi: eemaldage see taastekoodiga ja lisage uuesti.
        [passkey] Teie konto pääsuvõtmete kohta teenuses { $service } anti järjest sada vale vastust. Need ei kinnita enam midagi: eemaldage need taastekoodiga ja lisage uuesti.
        [oidc] Teie konto nimel teenuses { $service } logis teise teenusega sada korda järjest sisse keegi teine. See ei kinnita enam midagi: eemaldage see taastekoodiga ja siduge uuesti.
       *[recovery-codes] Teie kontole teenuses { $service } sisestati järjest sada vale taastekoodi. Need enam ei kehti: looge uued.
    }
    .otherwise = Kui see ei olnud teie, teab keegi teie parooli: muutke see ära ja kirjutage meile kohe aadressil { $contact }.

sign-in-decided =
    .subject = { $decided ->
        [approved] Sisselogimine teenusesse { $service } kinnitati teises seadmes
       *[refused] Sisselogimist teenusesse { $service } ei kinnitatud
    }
    .lead = { $decided ->
        [approved] Teie teises seadmes kinnitati äsja sisselogimine teie kontole teenuses { $service }.
        [wrong-code] Sisselogimist teie kontole teenuses { $service } pidi kinnitama teie teises seadmes, kuid seal valiti vale arv. Sisse ei lastud.
        [reported] Teatasite, et sisselogimine teie kontole teenuses { $service } ei olnud teie oma. Sisse ei lastud. Kes seda proovis, teab teie parooli: muutke see kohe ära.
       *[refused] Teie teises seadmes keelduti äsja sisselogimisest teie kontole teenuses { $service }. Sisse ei lastud.
    }
    .otherwise = Kui seda tegite teie, ei ole vaja midagi teha. Kui mitte, kirjutage meile kohe aadressil { $contact }.

passkey-copied =
    .subject = Teie konto pääsuvõti teenuses { $service } lükati tagasi
    .lead = Teie kontol teenuses { $service } kasutati pääsuvõtit, mille loendur oli läinud tagasi: sellest võib olla koopia. Me lükkasime selle tagasi.
    .otherwise = Eemaldage see pääsuvõti ja looge uus. Kui see ei olnud teie, kirjutage meile kohe aadressil { $contact }.

recovery-code-used =
    .subject = Teie konto taastekoodi teenuses { $service } kasutati
    .lead = Taastekoodiga kinnitati äsja sisselogimine teie kontole teenuses { $service }. Teist korda see ei kehti. Koode on alles: { $left }.
    .otherwise = Kui seda tegite teie, ei ole vaja midagi teha. Kui mitte, kirjutage meile kohe aadressil { $contact }.

sign-in-refused =
    .subject = { $times ->
        [one] Sinu konto { $service } sisselogimine lükati tagasi
       *[other] Sinu konto { $service } sisselogimisi lükati tagasi: { $times }
    }
    .lead = { $times ->
        [one] Keegi püüdis sinu kontole { $service } sisse logida ja teda ei lastud sisse.
       *[other] Keegi püüdis tunni jooksul { $times } korda sinu kontole { $service } sisse logida ja teda ei lastud sisse.
    }
    .otherwise = Kui see olid sina, ei pea sa midagi tegema. Kui mitte, vaata oma sisselogimiste ajalugu ja vali uus parool, kui kasutad seda ka mujal.

confirmation-refused =
    .subject = { $times ->
        [one] Sinu konto { $service } jaoks sisestati vale kood
       *[other] Sinu konto { $service } jaoks sisestati valesid koode: { $times }
    }
    .lead = { $times ->
        [one] Keegi, kes teab sinu parooli, sisestas konto { $service } sisselogimise kinnitamiseks vale koodi ja teda ei lastud edasi.
       *[other] Keegi, kes teab sinu parooli, sisestas tunni jooksul { $times } korda konto { $service } sisselogimise kinnitamiseks vale koodi ja teda ei lastud edasi.
    }
    .otherwise = Kui see olid sina, ei pea sa midagi tegema. Kui mitte, teab keegi sinu parooli: ava teenus ise selle aadressi sisestades, külmuta konto või vaheta parool ja kirjuta meile aadressil { $contact }.

freeze-code =
    .subject = Sinu kood konto külmutamiseks teenuses { $service }
    .lead = Keegi palus külmutada sinu konto teenuses { $service }. Et see kohe sulgeda, sisesta see kood lehel, kus sa seda palusid:
    .otherwise = Kui sa ei palunud, ei pea sa midagi tegema: konto jääb nii, nagu on.

thaw-code =
    .subject = Sinu kood külmutatud konto avamiseks teenuses { $service }
    .lead = Keegi palus uuesti avada sinu külmutatud konto teenuses { $service }. Jätkamiseks sisesta see kood lehel, kus sa seda palusid:
    .otherwise = Kui sa ei palunud, ei pea sa midagi tegema: konto jääb külmutatuks.

sign-in-while-frozen =
    .subject = Sinu konto teenuses { $service } on külmutatud ja jääb suletuks
    .lead = Keegi püüdis pääseda sinu kontole teenuses { $service } õige parooliga või koodi paludes. Konto on külmutatud, seega ei lastud kedagi sisse.
    .otherwise = Kui see olid sina ja tahad konto uuesti avada, ava teenus ise selle aadressi sisestades, mine sisselogimise lehele ja vali külmutatud konto avamine.

recovery-refused =
    .subject = Sinu kontole { $service } pääsemiseks sisestati vale kood
    .lead = Keegi, kes pole sisse loginud, sisestas vale koodi, et külmutada või avada sinu konto teenuses { $service } või vahetada selle parool. Kordi tunni jooksul: { $times }.
    .otherwise = Kui see olid sina, ei pea sa midagi tegema. Kui mitte, veendu, et keegi teine sinu postkasti ei loe.

password-change-refused =
    .subject = Sinu parooli vahetus teenuses { $service } lükati tagasi
    .lead = Keegi, kes on sinu kontole { $service } sisse loginud, püüdis parooli vahetada ega teadnud praegust. Kordi tunni jooksul: { $times }.
    .otherwise = Kui see olid sina, ei pea sa midagi tegema. Kui mitte, ava teenus ise selle aadressi sisestades ja külmuta konto.

account-frozen =
    .subject = Sinu konto teenuses { $service } on külmutatud
    .lead = Sinu konto teenuses { $service } on äsja külmutatud. Kõik selle seansid ja ligipääsuvõtmed on lõppenud ja keegi ei saa sisse logida.
    .otherwise = Uuesti avamiseks ava teenus ise selle aadressi sisestades, mine sisselogimise lehele ja vali külmutatud konto avamine. Vaja läheb koodi kirjast, teist kinnitamisviisi ja uut parooli.

account-thawed =
    .subject = Sinu konto teenuses { $service } on jälle avatud
    .lead = Sinu konto teenuses { $service } on äsja uue parooliga uuesti avatud.
    .otherwise = Logi sisse, lisa turvalisem kinnitamisviis ja eemalda iga, mis pole sinu oma. Kui sa seda ei avanud, külmuta konto uuesti ja kirjuta meile kohe aadressil { $contact }.

reset-waits =
    .subject = Keegi palus sinu kontole { $service } uut parooli
    .lead = Keegi, kellel on kood sinu postkastist, palus vahetada sinu konto { $service } parooli. Kuna kontol pole teist kinnitamisviisi, tuleb oodata: see on võimalik alates { $until }. Seni kehtib sinu parool.
    .otherwise = Kui see olid sina, tule siis tagasi ja palu veel üks kood. Kui mitte, vaidle kohe vastu: logi sisse ja anna märku või palu unustatud parooli lehel kood ja tühista sellega. Võib-olla loeb keegi sinu posti.

reset-ready =
    .subject = Sinu kontole { $service } saab nüüd uue parooli panna
    .lead = Uue parooli ootamine sinu kontol { $service } on läbi. Veel ühe koodiga sellest postkastist saab selle nüüd panna.
    .otherwise = Kui sa seda palusid, jätka sealt, kus alustasid. Kui mitte, vaidle kohe vastu: logi sisse ja anna märku või palu unustatud parooli lehel kood ja tühista sellega.

reset-cancelled =
    .subject = Sinu parool teenuses { $service } jääb nii, nagu on
    .lead = Uus parool, mida teenuses { $service } paluti, on tühistatud. Sinu parool jääb nii, nagu on.
    .otherwise = Kui sa seda ei tühistanud, kirjuta meile kohe aadressil { $contact }.

digest =
    .subject = Mis toimus sinu kontol { $service }
    .lead = Pärast eelmist kokkuvõtet toimus sinu kontol { $service } järgmine:
    .more = Ja veel { $more }, mis on näha sinu konto teadetes.
    .otherwise = Kui midagi sellest ei teinud sina, ava teenus ise selle aadressi sisestades ja anna sellest oma konto teadetes märku.

invitation =
    .subject = Teid kutsutakse andmehoidlasse teenuses { $service }
    .lead = Teid kutsutakse töötama andmehoidlas teenuses { $service }. Nõustumiseks avage teenus selle aadressi ise sisestades ja valige „Võta kutse vastu“. Kui teil kontot veel ei ole, avate selle sealsamas selle e-posti aadressiga. Seejärel sisestage see kood:
    .lead-named = Teid kutsutakse töötama andmehoidlas „{ $tenant }“ teenuses { $service }. Nõustumiseks avage teenus selle aadressi ise sisestades ja valige „Võta kutse vastu“. Kui teil kontot veel ei ole, avate selle sealsamas selle e-posti aadressiga. Seejärel sisestage see kood:
    .secrecy = Kood kehtib ühe korra seitsme päeva jooksul ja ainult selle aadressi jaoks. Ärge avaldage seda kellelegi.
    .otherwise = Kui te ei tea, kes teid kutsub, ei ole vaja midagi teha: ilma koodita ei juhtu midagi.

sign-in-rules-changed =
    .subject = Muudeti, kuidas teie meeskond teenuses { $service } sisselogimisi kinnitab
    .lead = Andmehoidla omanik teenuses { $service }, kuhu te kuulute, muutis äsja, milliseid kinnitusviise hoidla tunnistab. Kui te seda järgmine kord kasutate, võidakse teil paluda kinnitada muul viisil või see enne seadistada.
    .lead-named = Andmehoidla „{ $tenant }“ omanik teenuses { $service } muutis äsja, milliseid kinnitusviise hoidla tunnistab. Kui te seda järgmine kord kasutate, võidakse teil paluda kinnitada muul viisil või see enne seadistada.
    .otherwise = Teie konto ja teised hoidlad jäävad, nagu nad olid. Kui see teid üllatab, küsige hoidla omanikult.

policy-changed =
    .subject = { $service } muudab oma õigusdokumente
    .lead = { $service } teatab oma õigusdokumentide muutmisest – õigel ajal, et jõuaksite need läbi lugeda ja otsustada.
    .document = { $title }, versioon { $version }: hakkab kehtima kõige varem { $date }.
    .otherwise = Logige sisse, et näha sõna-sõnalt, mis muutub. Seni kehtib teile tuntud versioon. Kui te ei nõustu, võite enne muudatuse jõustumist kõik eksportida ja lahkuda.
    .checkpoint = Teadaanne on avalikus logis, mida keegi ei saa märkamatult ümber kirjutada. All on selle seis praegu: kes selle alles hoiab, saab seda tõestada, kui logi peaks kunagi väitma muud.

policy-withdrawn =
    .subject = { $service } võtab õigusdokumentide muudatuse tagasi
    .lead = { $service } oli teatanud oma õigusdokumentide muutmisest. See on tagasi võetud ega hakka kehtima.
    .document = { $title }, versioon { $version }: tagasi võetud.
    .otherwise = Edasi kehtib see, mis on kehtinud seni, ja midagi ei ole vaja teha. Kui tuleb mõni teine muudatus, teatatakse sellest jälle õigel ajal.

vault-sealed =
    .subject = Andmehoidla teenuses { $service } pitseeriti
    .lead = Andmehoidla omanik teenuses { $service }, mis kuulub ka teile, pitseeris selle äsja. Keegi ei saa seal midagi lugeda ega muuta, kuni mõni omanik selle avab.
    .lead-named = Andmehoidla „{ $tenant }“ omanik teenuses { $service } pitseeris selle äsja. Keegi ei saa seal midagi lugeda ega muuta, kuni mõni omanik selle avab.
    .otherwise = Kui teate põhjust, ei ole midagi vaja teha. Muidu küsige teistelt omanikelt ning vaadake läbi oma sisselogimised ja seansid.

vault-unsealed =
    .subject = Andmehoidla teenuses { $service } avati taas
    .lead = Andmehoidla omanik teenuses { $service }, mis kuulub ka teile, eemaldas äsja selle pitseri. Meeskond ja programmid saavad seal taas töötada.
    .lead-named = Andmehoidla „{ $tenant }“ omanik teenuses { $service } eemaldas äsja selle pitseri. Meeskond ja programmid saavad seal taas töötada.
    .otherwise = Kui see teid üllatab, logige sisse, pitseerige see kohe uuesti ja küsige teistelt omanikelt.

support-looked =
    .subject = Klienditugi vaatas andmehoidlasse teenuses { $service }
    .lead = Teenuse { $service } klienditugi vaatas äsja esimest korda andmehoidlasse, mis kuulub teile, nagu selle meeskond on lubanud. Näha on ainult valitud kogud, väärtused on peidetud, ja kõige kauem kuni { $until }.
    .lead-named = Teenuse { $service } klienditugi vaatas äsja esimest korda andmehoidlasse „{ $tenant }“, nagu selle meeskond on lubanud. Näha on ainult valitud kogud, väärtused on peidetud, ja kõige kauem kuni { $until }.
    .otherwise = Iga vaatamine on hoidla auditis kirjas. Kui see teid üllatab, logige sisse ja lõpetage luba lehel „Luba klienditoel vaadata“: sellest hetkest ei ole midagi näha.

leaving-requested =
    .subject = Ettevõtte andmed teenuses { $service } kustutatakse
    .lead = Ühe ettevõtte omanik, kuhu te teenuses { $service } kuulute, on palunud lahkuda. { $date } kustutatakse kõik, mida ettevõte hoiab.
    .lead-named = Ettevõtte „{ $tenant }“ omanik on palunud teenusest { $service } lahkuda. { $date } kustutatakse kõik, mida ettevõte hoiab.
    .otherwise = Seni saate lugeda ja eksportida, kuid mitte midagi muuta. Teine omanik võib vastu vaielda ja iga omanik võib pärast sisselogimist soovi tagasi võtta.

inactivity-warned =
    .subject = Ettevõtet teenuses { $service } ei kasuta enam keegi
    .lead = Teie ettevõtet teenuses { $service } ei ole ammu keegi kasutanud. Omanik on valinud, et sel juhul see lahkub. Kui keegi seda enne { $date } ei kasuta, öeldakse see üles.
    .lead-named = Ettevõtet „{ $tenant }“ teenuses { $service } ei ole ammu keegi kasutanud. Omanik on valinud, et sel juhul see lahkub. Kui keegi seda enne { $date } ei kasuta, öeldakse see üles.
    .otherwise = Et see alles jääks, logige sisse ja vaadake selles midagi: siis algab aeg otsast peale. Pärast ülesütlemist võib iga omanik veel mõnda aega otsustada, et see jääb; seejärel kustutatakse kõik, mida see hoiab. Valiku saate lõpetada selle seadetes lahkumise all.

leaving-unused =
    .subject = Ettevõtte andmed teenuses { $service } kustutatakse
    .lead = Ettevõtet, kuhu te teenuses { $service } kuulute, ei ole ammu keegi kasutanud, kuigi selle omanikke hoiatati kolm korda; üks neist on valinud, et sel juhul see lahkub. { $date } kustutatakse kõik, mida ettevõte hoiab.
    .lead-named = Ettevõtet „{ $tenant }“ teenuses { $service } ei ole ammu keegi kasutanud, kuigi selle omanikke hoiatati kolm korda; üks neist on valinud, et sel juhul see lahkub. { $date } kustutatakse kõik, mida ettevõte hoiab.
    .otherwise = Seni saate lugeda ja eksportida, kuid mitte midagi muuta. Iga omanik võib pärast sisselogimist otsustada, et see jääb.

leaving-on-behalf =
    .subject = Ettevõtte andmed teenuses { $service } kustutatakse
    .lead = Teenuse { $service } pidaja on alustanud ettevõtte, kuhu te kuulute, kustutamist selle nimel. { $date } kustutatakse kõik, mida ettevõte hoiab.
    .lead-named = Teenuse { $service } pidaja on alustanud ettevõtte „{ $tenant }“ kustutamist selle nimel. { $date } kustutatakse kõik, mida ettevõte hoiab.
    .otherwise = Seni saate lugeda ja eksportida, kuid mitte midagi muuta. Iga omanik võib pärast sisselogimist otsustada, et see jääb; pitseeritud hoidla tuleb enne avada.

leaving-taken-back =
    .subject = Ettevõte jääb teenusesse { $service }
    .lead = Ettevõtte, kuhu te kuulute, soov teenusest { $service } lahkuda võeti tagasi. Midagi ei kustutatud.
    .lead-named = Ettevõtte „{ $tenant }“ soov teenusest { $service } lahkuda võeti tagasi. Midagi ei kustutatud.
    .otherwise = Saate töötada nagu varem.

farewell =
    .subject = Teie andmed teenuses { $service } kustutatakse
    .lead = Ettevõte, kuhu te kuulusite, on teenusest { $service } lahkunud. Kõigepealt hävitatakse selle võtmed, mis muudab kõik hoitu loetamatuks; seejärel kõik kustutatakse.
    .lead-named = „{ $tenant }“ on teenusest { $service } lahkunud. Kõigepealt hävitatakse selle võtmed, mis muudab kõik hoitu loetamatuks; seejärel kõik kustutatakse.
    .otherwise = Kui te siin ühtegi teise ettevõttesse ei kuulunud, kustutatakse ka teie konto ja see on meie viimane kiri.
    .proof = Kustutamise allkirjastatud tõend on hoiul selle numbri all. Seda näeb igaüks, kes numbrit teab, seega hoidke seda hästi:

account-farewell =
    .subject = Teie konto teenuses { $service } kustutatakse
    .lead = Teie konto teenuses { $service } on teie soovil kustutatud: selle võtmed on hävitatud ja kõik, mis seal oli, kustutatakse.
    .otherwise = See on meie viimane kiri. Kui see ei olnud teie soov, kirjutage meile kohe aadressil { $contact }.
    .proof = Kustutamise allkirjastatud tõend on hoiul selle numbri all. Seda näeb igaüks, kes numbrit teab, seega hoidke seda hästi:

welcome =
    .subject = Tere tulemast teenusesse { $service }
    .lead = Teie andmehoidla teenuses { $service } on valmis.
    .lead-named = Andmehoidla „{ $tenant }“ teenuses { $service } on valmis.
    .keys = Kõike, mida sinna panete, hoitakse krüpteeritult võtmetega, mis kuuluvad ainult sellele hoidlale.
    .otherwise = Avamiseks logige sisse oma e-posti aadressi ja parooliga.
