# Laiškai lietuviškai. $service: paslaugos pavadinimas; $contact: jos el. pašto adresas; $minutes: kiek laiko kodas galioja.

code-validity = Kodą galima panaudoti vieną kartą per { $minutes ->
    [one] { $minutes } minutę
    [few] { $minutes } minutes
   *[other] { $minutes } minučių
}.
code-secrecy = Niekam jo neatskleiskite. Niekas, net mūsų darbuotojai, niekada neprašys šio kodo nei telefonu, nei el. paštu, nei žinute; kas prašo, bando jus apgauti.
never-asked = Mes niekada neprašome jūsų slaptažodžio ar naudotojo vardo, o mūsų laiškuose nėra nei nuorodų, nei priedų.
footer = { $service } · Klausimai bet kuriuo metu: { $contact }

signup-code =
    .subject = Kodas registracijai „{ $service }“ paslaugoje
    .lead = Šiuo el. pašto adresu „{ $service }“ paslaugoje kuriama paskyra. Norėdami patvirtinti, kad adresas yra jūsų, įveskite šį kodą puslapyje, kuriame pradėjote registraciją:
    .otherwise = Jei tai ne jūs, nieko daryti nereikia: be šio kodo paskyra nebus sukurta.

sign-in-code =
    .subject = Kodas prisijungti prie „{ $service }“ paslaugos
    .lead = Kažkas, žinantis jūsų slaptažodį, jungiasi prie „{ $service }“ paslaugos. Jei tai jūs, patvirtinkite įvesdami šį kodą:
    .otherwise = Jei tai ne jūs, niekur neveskite šio kodo ir niekam jo neduokite. Gali būti, kad kažkas žino jūsų slaptažodį: atverkite paslaugą patys įrašydami jos adresą naršyklėje ir parašykite mums adresu { $contact }.

new-address-code =
    .subject = Kodas naujam adresui patvirtinti „{ $service }“ paslaugoje
    .lead = Šis el. pašto adresas nurodytas kaip naujas paskyros „{ $service }“ paslaugoje adresas. Norėdami jį patvirtinti, įveskite šį kodą:
    .otherwise = Jei tai ne jūs, nieko daryti nereikia: be šio kodo adresas nebus naudojamas.

password-reset-code =
    .subject = Kodas naujam slaptažodžiui „{ $service }“ paslaugoje
    .lead = Paprašėte pakeisti pamirštą slaptažodį „{ $service }“ paslaugoje. Norėdami tęsti, įveskite šį kodą puslapyje, kuriame to prašėte:
    .otherwise = Jei to neprašėte, nieko daryti nereikia: jūsų slaptažodis lieka tas pats.

text-code =
    .sign-in = kodas prisijungti prie „{ $service }“.
    .new-number = kodas šiam telefono numeriui patvirtinti „{ $service }“ paslaugoje.
    .secrecy = Galioja vieną kartą, { $minutes } min. Niekas, net mūsų darbuotojai, jo niekada neprašys.

text-undo = kodas šio telefono numerio pakeitimui „{ $service }“ paslaugoje atšaukti. Jei pakeitėte ne jūs: patys įveskite paslaugos adresą ir pasirinkite „Mano adresas pakeistas“. Galioja septynias dienas. Niekas, net mūsų darbuotojai, jo niekada neprašys.

text-regained =
    .waits = Kažkas vien el. paštu paprašė naujo slaptažodžio jūsų paskyrai „{ $service }“ paslaugoje. Jį bus galima nustatyti po paros. Jei tai ne jūs: prisijunkite ir atšaukite arba užšaldykite paskyrą.
    .ready = Jūsų paskyrai „{ $service }“ paslaugoje nuo šiol vien el. paštu galima nustatyti naują slaptažodį. Jei prašėte ne jūs: prisijunkite ir atšaukite arba užšaldykite paskyrą.
    .done = Jūsų paskyros slaptažodis „{ $service }“ paslaugoje pakeistas nauju. Jei tai ne jūs: užšaldykite paskyrą.
    .thawed = Jūsų paskyra „{ $service }“ paslaugoje vėl atverta su nauju slaptažodžiu. Jei tai ne jūs: užšaldykite paskyrą.

address-taken =
    .subject = Jūsų adresu bandyta registruotis „{ $service }“ paslaugoje
    .lead = Kažkas bandė sukurti paskyrą „{ $service }“ paslaugoje šiuo el. pašto adresu. Jis jau priklauso jūsų paskyrai, todėl nauja paskyra nebuvo sukurta ir niekas nepasikeitė.
    .otherwise = Jums nieko daryti nereikia. Jei tai buvote jūs, tiesiog prisijunkite prie turimos paskyros.

address-wanted =
    .subject = Jūsų adresas nurodytas kitai „{ $service }“ paskyrai
    .lead = Kažkas, turintis „{ $service }“ paskyrą, bandė šį el. pašto adresą padaryti savu. Jis priklauso jūsų paskyrai, todėl niekas nepasikeitė.
    .otherwise = Jums nieko daryti nereikia.

identifier-undo =
    .subject = Adreso pakeitimą „{ $service }“ paslaugoje galima atšaukti
    .lead = Šiuo el. pašto adresu nebegalima prisijungti prie jūsų „{ $service }“ paskyros: jis pakeistas kitu. Jei tai padarėte ne jūs, atverkite paslaugą patys įvesdami jos adresą, po prisijungimu pasirinkite „Mano adresas pakeistas“ ir įveskite šį adresą bei šį kodą:
    .secrecy = Kodas galioja septynias dienas ir tik šiam adresui. Niekam jo neatskleiskite: niekas, net mūsų darbuotojai, jo niekada neprašys.
    .otherwise = Jei tai padarėte jūs, daugiau nieko daryti nereikia.

identifier-restored =
    .subject = Ankstesniu adresu prie „{ $service }“ vėl galima prisijungti
    .lead = Jūsų „{ $service }“ paskyros adreso arba telefono numerio pakeitimas atšauktas: ankstesniuoju vėl galima prisijungti, o visi seansai baigti.
    .otherwise = Jūsų paskyroje galėjo būti kažkas kitas. Prisijunkite, pasirinkite naują slaptažodį ir peržiūrėkite patvirtinimo būdus bei prisijungimų istoriją. Jei reikia pagalbos, parašykite mums adresu { $contact }.

support-identified =
    .subject = Mūsų pagalba jus atpažino „{ $service }“ paslaugoje
    .lead = Jūsų „{ $service }“ paskyros pagalbos kodas ką tik panaudotas jums atpažinti telefonu. Jis nebegalioja ir nieko neatvėrė.
    .otherwise = Jei skambinote jūs, daugiau nieko daryti nereikia. Jei ne, nedelsdami parašykite mums adresu { $contact }.

password-changed =
    .subject = Jūsų slaptažodis „{ $service }“ paslaugoje pakeistas
    .lead = Jūsų paskyros „{ $service }“ paslaugoje slaptažodis ką tik buvo pakeistas.
    .otherwise = Jei tai padarėte jūs, daugiau nieko daryti nereikia. Jei ne, nedelsdami parašykite mums adresu { $contact }.

identifier-changed =
    .subject = Jūsų prisijungimo duomenys „{ $service }“ paslaugoje pakeisti
    .lead = Adresas arba telefono numeris, kuriuo jungiatės prie „{ $service }“ paslaugos, ką tik buvo pakeistas.
    .otherwise = Jei tai padarėte jūs, daugiau nieko daryti nereikia. Jei ne, nedelsdami parašykite mums adresu { $contact }.

addresses-changed =
    .subject = Pakeista, iš kur galima naudoti jūsų „{ $service }“ paskyrą
    .lead = Ką tik buvo pakeistas adresų, iš kurių galima naudoti jūsų „{ $service }“ paskyrą, sąrašas.
    .otherwise = Jei tai padarėte jūs, daugiau nieko daryti nereikia. Jei ne, nedelsdami parašykite mums adresu { $contact }.

addresses-lifted =
    .subject = Jūsų paskyra „{ $service }“ paslaugoje vėl galima naudotis iš bet kur
    .lead = Kartu su nauju slaptažodžiu ką tik pašalintas adresų, iš kurių leidžiama naudotis jūsų paskyra „{ $service }“ paslaugoje, sąrašas.
    .otherwise = Jei tai padarėte jūs, sugrįžę sudarykite naują sąrašą. Jei ne, užšaldykite paskyrą ir nedelsdami parašykite mums adresu { $contact }.

token-made =
    .subject = Su jūsų paskyra „{ $service }“ paslaugoje sukurtas API žetonas
    .lead = Su jūsų paskyra „{ $service }“ paslaugoje ką tik sukurtas žetonas programoms. Kas jį turi, veikia jūsų vardu tiek, kiek žetonas leidžia.
    .otherwise = Jei tai padarėte jūs, daugiau nieko daryti nereikia. Jei ne, panaikinkite jį, užšaldykite paskyrą ir nedelsdami parašykite mums adresu { $contact }.

sign-in-outside =
    .subject = Prisijungimas prie jūsų „{ $service }“ paskyros atmestas
    .lead = Kažkas „{ $service }“ paslaugoje įvedė jūsų slaptažodį iš adreso, kurio nėra jūsų adresų sąraše. Prisijungimas buvo atmestas.
    .otherwise = Jei tai buvote jūs, prisijunkite iš vieno iš sąrašo adresų. Jei ne, kažkas žino jūsų slaptažodį: pakeiskite jį ir nedelsdami parašykite mums adresu { $contact }.

method-added =
    .subject = Prie jūsų paskyros „{ $service }“ paslaugoje pridėtas patvirtinimo būdas
    .lead = { $means ->
        [totp] Prie jūsų paskyros „{ $service }“ paslaugoje ką tik pridėta autentifikavimo programėlė. Nuo šiol jos kodai patvirtina, kad tai jūs.
        [passkey] Prie jūsų paskyros „{ $service }“ paslaugoje ką tik pridėtas prieigos raktas. Nuo šiol jis patvirtina, kad tai jūs, ir juo galima prisijungti be slaptažodžio.
        [oidc] Prie jūsų paskyros „{ $service }“ paslaugoje ką tik susietas prisijungimas per kitą paslaugą. Nuo šiol jis patvirtina, kad tai jūs, ir jus įleidžia.
       *[recovery-codes] Jūsų paskyrai „{ $service }“ paslaugoje ką tik sukurti nauji atkūrimo kodai. Ankstesni nebegalioja.
    }
    .otherwise = Jei tai padarėte jūs, daugiau nieko daryti nereikia. Jei ne, nedelsdami parašykite mums adresu { $contact }.

method-removed =
    .subject = Iš jūsų paskyros „{ $service }“ paslaugoje pašalintas patvirtinimo būdas
    .lead = { $means ->
        [totp] Iš jūsų paskyros „{ $service }“ paslaugoje ką tik pašalinta autentifikavimo programėlė. Jos kodai nebegalioja.
        [passkey] Iš jūsų paskyros „{ $service }“ paslaugoje ką tik pašalintas prieigos raktas. Jis nebegalioja.
        [oidc] Iš jūsų paskyros „{ $service }“ paslaugoje ką tik pašalintas prisijungimas per kitą paslaugą. Juo nebeįeis niekas.
       *[recovery-codes] Jūsų paskyros atkūrimo kodai „{ $service }“ paslaugoje ką tik pašalinti. Nė vienas jų nebegalioja.
    }
    .otherwise = Jei tai padarėte jūs, daugiau nieko daryti nereikia. Jei ne, nedelsdami parašykite mums adresu { $contact }.

method-ended =
    .subject = Per daug neteisingų kodų jūsų paskyrai „{ $service }“ paslaugoje
    .lead = { $means ->
        [totp] Jūsų paskyros autentifikavimo programėlei „{ $service }“ paslaugoje iš eilės įvesta šimtas neteisingų kodų. Ji nieko nebepatvirtina: pašalinkite ją atkūrimo kodu ir pridėkite iš naujo.
        [passkey] Jūsų paskyros prieigos raktams „{ $service }“ paslaugoje iš eilės pateikta šimtas neteisingų atsakymų. Jie nieko nebepatvirtina: pašalinkite juos atkūrimo kodu ir pridėkite iš naujo.
        [oidc] Jūsų paskyros „{ $service }“ paslaugoje vardu per kitą paslaugą iš eilės šimtą kartų prisijungė kažkas kitas. Šis būdas nieko nebepatvirtina: pašalinkite jį atkūrimo kodu ir susiekite iš naujo.
       *[recovery-codes] Jūsų paskyrai „{ $service }“ paslaugoje iš eilės įvesta šimtas neteisingų atkūrimo kodų. Jie nebegalioja: susikurkite naujus.
    }
    .otherwise = Jei tai buvote ne jūs, kažkas žino jūsų slaptažodį: pakeiskite jį ir nedelsdami parašykite mums adresu { $contact }.

sign-in-decided =
    .subject = { $decided ->
        [approved] Prisijungimas prie „{ $service }“ patvirtintas kitame įrenginyje
       *[refused] Prisijungimas prie „{ $service }“ nepatvirtintas
    }
    .lead = { $decided ->
        [approved] Kitame jūsų įrenginyje ką tik patvirtintas prisijungimas prie jūsų paskyros „{ $service }“ paslaugoje.
        [wrong-code] Prisijungimą prie jūsų paskyros „{ $service }“ paslaugoje reikėjo patvirtinti kitame jūsų įrenginyje, bet ten pasirinktas ne tas skaičius. Prieiga nesuteikta.
        [reported] Pranešėte, kad prie jūsų paskyros „{ $service }“ paslaugoje jungėtės ne jūs. Prieiga nesuteikta. Kas bandė, žino jūsų slaptažodį: pakeiskite jį dabar.
       *[refused] Kitame jūsų įrenginyje ką tik atmestas prisijungimas prie jūsų paskyros „{ $service }“ paslaugoje. Prieiga nesuteikta.
    }
    .otherwise = Jei tai padarėte jūs, daugiau nieko daryti nereikia. Jei ne, nedelsdami parašykite mums adresu { $contact }.

passkey-copied =
    .subject = Jūsų paskyros prieigos raktas „{ $service }“ paslaugoje atmestas
    .lead = Jūsų paskyrai „{ $service }“ paslaugoje panaudotas prieigos raktas, kurio skaitiklis buvo grįžęs atgal: galbūt yra jo kopija. Mes jį atmetėme.
    .otherwise = Pašalinkite tą prieigos raktą ir susikurkite naują. Jei tai buvote ne jūs, nedelsdami parašykite mums adresu { $contact }.

recovery-code-used =
    .subject = Panaudotas jūsų paskyros atkūrimo kodas „{ $service }“ paslaugoje
    .lead = Atkūrimo kodu ką tik patvirtintas prisijungimas prie jūsų paskyros „{ $service }“ paslaugoje. Antrą kartą jis nebegalios. Liko kodų: { $left }.
    .otherwise = Jei tai padarėte jūs, daugiau nieko daryti nereikia. Jei ne, nedelsdami parašykite mums adresu { $contact }.

sign-in-refused =
    .subject = { $times ->
        [one] Atmestas { $times } bandymas prisijungti prie jūsų paskyros „{ $service }“
        [few] Atmesti { $times } bandymai prisijungti prie jūsų paskyros „{ $service }“
       *[other] Atmesta { $times } bandymų prisijungti prie jūsų paskyros „{ $service }“
    }
    .lead = { $times ->
        [one] Per valandą kažkas { $times } kartą bandė prisijungti prie jūsų paskyros „{ $service }“ ir nebuvo įleistas.
        [few] Per valandą kažkas { $times } kartus bandė prisijungti prie jūsų paskyros „{ $service }“ ir nebuvo įleistas.
       *[other] Per valandą kažkas { $times } kartų bandė prisijungti prie jūsų paskyros „{ $service }“ ir nebuvo įleistas.
    }
    .otherwise = Jei tai buvote jūs, nieko daryti nereikia. Jei ne, peržiūrėkite prisijungimų istoriją ir pasirinkite naują slaptažodį, jei šį naudojate ir kitur.

confirmation-refused =
    .subject = { $times ->
        [one] Jūsų paskyrai „{ $service }“ įvestas { $times } neteisingas kodas
        [few] Jūsų paskyrai „{ $service }“ įvesti { $times } neteisingi kodai
       *[other] Jūsų paskyrai „{ $service }“ įvesta { $times } neteisingų kodų
    }
    .lead = { $times ->
        [one] Kažkas, kas žino jūsų slaptažodį, per valandą { $times } kartą įvedė neteisingą kodą prisijungimui prie jūsų paskyros „{ $service }“ patvirtinti ir buvo atmestas.
        [few] Kažkas, kas žino jūsų slaptažodį, per valandą { $times } kartus įvedė neteisingą kodą prisijungimui prie jūsų paskyros „{ $service }“ patvirtinti ir buvo atmestas.
       *[other] Kažkas, kas žino jūsų slaptažodį, per valandą { $times } kartų įvedė neteisingą kodą prisijungimui prie jūsų paskyros „{ $service }“ patvirtinti ir buvo atmestas.
    }
    .otherwise = Jei tai buvote jūs, nieko daryti nereikia. Jei ne, kažkas žino jūsų slaptažodį: atverkite paslaugą patys įvesdami jos adresą, užšaldykite paskyrą arba pakeiskite slaptažodį ir parašykite mums adresu { $contact }.

freeze-code =
    .subject = Jūsų kodas paskyrai „{ $service }“ užšaldyti
    .lead = Kažkas paprašė užšaldyti jūsų paskyrą „{ $service }“. Kad ją tuoj pat uždarytumėte, įveskite šį kodą puslapyje, kuriame prašėte:
    .otherwise = Jei neprašėte, nieko daryti nereikia: paskyra lieka, kokia yra.

thaw-code =
    .subject = Jūsų kodas užšaldytai paskyrai „{ $service }“ atverti
    .lead = Kažkas paprašė vėl atverti jūsų užšaldytą paskyrą „{ $service }“. Norėdami tęsti, įveskite šį kodą puslapyje, kuriame prašėte:
    .otherwise = Jei neprašėte, nieko daryti nereikia: paskyra lieka užšaldyta.

sign-in-while-frozen =
    .subject = Jūsų paskyra „{ $service }“ užšaldyta ir lieka uždaryta
    .lead = Kažkas bandė patekti į jūsų paskyrą „{ $service }“ su teisingu slaptažodžiu arba prašydamas kodo. Paskyra užšaldyta, todėl niekas nebuvo įleistas.
    .otherwise = Jei tai buvote jūs ir norite paskyrą vėl atverti, atverkite paslaugą patys įvesdami jos adresą, eikite į prisijungimo puslapį ir pasirinkite atverti užšaldytą paskyrą.

recovery-refused =
    .subject = Įvestas neteisingas kodas bandant patekti į jūsų paskyrą „{ $service }“
    .lead = Kažkas neprisijungęs įvedė neteisingą kodą jūsų paskyrai „{ $service }“ užšaldyti, atverti arba jos slaptažodžiui pakeisti. Kartai per valandą: { $times }.
    .otherwise = Jei tai buvote jūs, nieko daryti nereikia. Jei ne, įsitikinkite, kad jūsų pašto dėžutės niekas kitas negali skaityti.

password-change-refused =
    .subject = Atmestas jūsų slaptažodžio „{ $service }“ keitimas
    .lead = Kažkas, prisijungęs prie jūsų paskyros „{ $service }“, bandė pakeisti slaptažodį ir nežinojo dabartinio. Kartai per valandą: { $times }.
    .otherwise = Jei tai buvote jūs, nieko daryti nereikia. Jei ne, atverkite paslaugą patys įvesdami jos adresą ir užšaldykite paskyrą.

account-frozen =
    .subject = Jūsų paskyra „{ $service }“ užšaldyta
    .lead = Jūsų paskyra „{ $service }“ ką tik užšaldyta. Visi jos seansai ir prieigos raktai baigti, niekas negali prisijungti.
    .otherwise = Norėdami ją vėl atverti, atverkite paslaugą patys įvesdami jos adresą, eikite į prisijungimo puslapį ir pasirinkite atverti užšaldytą paskyrą. Reikės kodo iš laiško, antro patvirtinimo būdo ir naujo slaptažodžio.

account-thawed =
    .subject = Jūsų paskyra „{ $service }“ vėl atverta
    .lead = Jūsų paskyra „{ $service }“ ką tik vėl atverta su nauju slaptažodžiu.
    .otherwise = Prisijunkite, pridėkite saugesnį patvirtinimo būdą ir pašalinkite kiekvieną, kuris ne jūsų. Jei atvėrėte ne jūs, užšaldykite paskyrą dar kartą ir tuoj pat parašykite mums adresu { $contact }.

reset-waits =
    .subject = Kažkas paprašė naujo slaptažodžio jūsų paskyrai „{ $service }“
    .lead = Kažkas, turintis kodą iš jūsų pašto dėžutės, paprašė pakeisti jūsų paskyros „{ $service }“ slaptažodį. Kadangi paskyra neturi antro patvirtinimo būdo, tenka palaukti: tai bus galima nuo { $until }. Iki tol galioja jūsų slaptažodis.
    .otherwise = Jei tai buvote jūs, tada grįžkite ir paprašykite dar vieno kodo. Jei ne, tuoj pat paprieštaraukite: prisijunkite ir tai pasakykite arba pamiršto slaptažodžio puslapyje paprašykite kodo ir juo atšaukite. Galbūt kažkas skaito jūsų paštą.

reset-ready =
    .subject = Jūsų paskyrai „{ $service }“ jau galima nustatyti naują slaptažodį
    .lead = Naujo slaptažodžio laukimas jūsų paskyrai „{ $service }“ baigėsi. Su dar vienu kodu iš šios pašto dėžutės jį galima nustatyti dabar.
    .otherwise = Jei prašėte jūs, tęskite ten, kur pradėjote. Jei ne, tuoj pat paprieštaraukite: prisijunkite ir tai pasakykite arba pamiršto slaptažodžio puslapyje paprašykite kodo ir juo atšaukite.

reset-cancelled =
    .subject = Jūsų slaptažodis „{ $service }“ lieka, koks yra
    .lead = Naujas slaptažodis, kurio buvo paprašyta „{ $service }“, atšauktas. Jūsų slaptažodis lieka, koks yra.
    .otherwise = Jei atšaukėte ne jūs, tuoj pat parašykite mums adresu { $contact }.

digest =
    .subject = Kas vyko jūsų paskyroje „{ $service }“
    .lead = Nuo ankstesnės suvestinės jūsų paskyroje „{ $service }“ įvyko:
    .more = Ir dar { $more }, kuriuos rasite savo paskyros pranešimuose.
    .otherwise = Jei ką nors iš to padarėte ne jūs, atverkite paslaugą patys įvesdami jos adresą ir praneškite apie tai savo paskyros pranešimuose.

invitation =
    .subject = Esate kviečiami į saugyklą „{ $service }“ paslaugoje
    .lead = Esate kviečiami dirbti duomenų saugykloje „{ $service }“ paslaugoje. Norėdami sutikti, atverkite paslaugą patys įvesdami jos adresą ir pasirinkite „Priimti kvietimą“. Jei paskyros dar neturite, ten pat ją atidarote šiuo el. pašto adresu. Tada įveskite šį kodą:
    .lead-named = Esate kviečiami dirbti duomenų saugykloje „{ $tenant }“ „{ $service }“ paslaugoje. Norėdami sutikti, atverkite paslaugą patys įvesdami jos adresą ir pasirinkite „Priimti kvietimą“. Jei paskyros dar neturite, ten pat ją atidarote šiuo el. pašto adresu. Tada įveskite šį kodą:
    .secrecy = Kodas galioja vieną kartą, septynias dienas ir tik šiam adresui. Niekam jo neatskleiskite.
    .otherwise = Jei nežinote, kas jus kviečia, nieko daryti nereikia: be kodo nieko neįvyks.

sign-in-rules-changed =
    .subject = Pakeista, kaip jūsų komanda patvirtina prisijungimą prie „{ $service }“
    .lead = Saugyklos „{ $service }“ paslaugoje, kuriai priklausote, savininkas ką tik pakeitė, kokius patvirtinimo būdus ji priima. Kai ja naudositės kitą kartą, jūsų gali paprašyti patvirtinti kitaip arba pirma nustatyti kitą būdą.
    .lead-named = Saugyklos „{ $tenant }“ savininkas „{ $service }“ paslaugoje ką tik pakeitė, kokius patvirtinimo būdus ji priima. Kai ja naudositės kitą kartą, jūsų gali paprašyti patvirtinti kitaip arba pirma nustatyti kitą būdą.
    .otherwise = Jūsų paskyra ir kitos jūsų saugyklos lieka, kokios buvo. Jei tai jus stebina, klauskite saugyklos savininko.

policy-changed =
    .subject = { $service } keičia savo teisinius dokumentus
    .lead = { $service } praneša apie savo teisinių dokumentų pakeitimą – laiku, kad galėtumėte jį perskaityti ir apsispręsti.
    .document = { $title }, versija { $version }: įsigalioja ne anksčiau kaip { $date }.
    .otherwise = Prisijunkite ir žodis po žodžio pamatysite, kas keičiasi. Iki tol galioja jums žinoma versija. Jei nesutinkate, galite viską eksportuoti ir išeiti, kol pakeitimas neįsigaliojo.
    .checkpoint = Pranešimas įrašytas viešame žurnale, kurio niekas negali nepastebimai perrašyti. Žemiau yra jo būsena šią akimirką: kas ją išsaugo, gali tai įrodyti, jei žurnalas kada nors teigtų kitaip.

policy-withdrawn =
    .subject = { $service } atšaukia teisinių dokumentų pakeitimą
    .lead = { $service } buvo pranešusi apie savo teisinių dokumentų pakeitimą. Jis atšauktas ir neįsigalios.
    .document = { $title }, versija { $version }: atšaukta.
    .otherwise = Toliau galioja tai, kas galiojo iki šiol, ir nieko daryti nereikia. Jei bus kitas pakeitimas, apie jį vėl bus pranešta laiku.

vault-sealed =
    .subject = Saugykla „{ $service }“ paslaugoje užantspauduota
    .lead = Saugyklos „{ $service }“ paslaugoje, kuri priklauso ir jums, savininkas ką tik ją užantspaudavo. Niekas negali joje nieko nei skaityti, nei keisti, kol savininkas jos neatvers.
    .lead-named = Saugyklos „{ $tenant }“ savininkas „{ $service }“ paslaugoje ką tik ją užantspaudavo. Niekas negali joje nieko nei skaityti, nei keisti, kol savininkas jos neatvers.
    .otherwise = Jei žinote priežastį, nieko daryti nereikia. Kitu atveju klauskite kitų savininkų ir peržiūrėkite savo prisijungimus bei sesijas.

vault-unsealed =
    .subject = Saugykla „{ $service }“ paslaugoje vėl atverta
    .lead = Saugyklos „{ $service }“ paslaugoje, kuri priklauso ir jums, savininkas ką tik nuėmė jos antspaudą. Komanda ir programos vėl gali joje dirbti.
    .lead-named = Saugyklos „{ $tenant }“ savininkas „{ $service }“ paslaugoje ką tik nuėmė jos antspaudą. Komanda ir programos vėl gali joje dirbti.
    .otherwise = Jei tai jus stebina, prisijunkite, tuoj pat vėl ją užantspauduokite ir klauskite kitų savininkų.

support-looked =
    .subject = Pagalba pažvelgė į saugyklą „{ $service }“ paslaugoje
    .lead = „{ $service }“ pagalba ką tik pirmą kartą pažvelgė į jums priklausančią saugyklą, kaip leido jos komanda. Ji mato tik parinktus rinkinius, reikšmės paslėptos, ir ne ilgiau kaip iki { $until }.
    .lead-named = „{ $service }“ pagalba ką tik pirmą kartą pažvelgė į saugyklą „{ $tenant }“, kaip leido jos komanda. Ji mato tik parinktus rinkinius, reikšmės paslėptos, ir ne ilgiau kaip iki { $until }.
    .otherwise = Kiekvienas žvilgsnis įrašytas saugyklos audite. Jei tai jus stebina, prisijunkite ir nutraukite leidimą puslapyje „Leisti pagalbai pažiūrėti“: nuo tada nieko nebematyti.

leaving-requested =
    .subject = Įmonės duomenys sistemoje { $service } bus ištrinti
    .lead = Įmonės, kuriai priklausote sistemoje { $service }, savininkas paprašė išeiti. { $date } viskas, ką įmonė saugo, bus ištrinta.
    .lead-named = Įmonės „{ $tenant }“ savininkas paprašė išeiti iš { $service }. { $date } viskas, ką įmonė saugo, bus ištrinta.
    .otherwise = Iki tol galite skaityti ir eksportuoti, bet nieko nekeisti. Kitas savininkas gali paprieštarauti, o bet kuris savininkas, prisijungęs, gali prašymą atšaukti.

inactivity-warned =
    .subject = Įmone sistemoje { $service } niekas nebesinaudoja
    .lead = Jūsų įmone sistemoje { $service } jau seniai niekas nesinaudojo. Savininkas pasirinko, kad tokiu atveju ji išeina. Jei iki { $date } niekas ja nepasinaudos, jos naudojimas bus nutrauktas.
    .lead-named = Įmone „{ $tenant }“ sistemoje { $service } jau seniai niekas nesinaudojo. Savininkas pasirinko, kad tokiu atveju ji išeina. Jei iki { $date } niekas ja nepasinaudos, jos naudojimas bus nutrauktas.
    .otherwise = Jei norite ją išsaugoti, prisijunkite ir ką nors joje peržiūrėkite: tada laikas skaičiuojamas iš naujo. Po nutraukimo bet kuris savininkas dar kurį laiką gali ją palikti; paskui viskas, ką ji saugo, ištrinama. Pasirinkimą galite atšaukti jos nustatymuose, skyriuje apie išėjimą.

leaving-unused =
    .subject = Įmonės duomenys sistemoje { $service } bus ištrinti
    .lead = Įmone, kuriai priklausote sistemoje { $service }, jau seniai niekas nesinaudojo, nors jos savininkai buvo tris kartus įspėti; vienas iš jų pasirinko, kad tokiu atveju ji išeina. { $date } viskas, ką įmonė saugo, bus ištrinta.
    .lead-named = Įmone „{ $tenant }“ sistemoje { $service } jau seniai niekas nesinaudojo, nors jos savininkai buvo tris kartus įspėti; vienas iš jų pasirinko, kad tokiu atveju ji išeina. { $date } viskas, ką įmonė saugo, bus ištrinta.
    .otherwise = Iki tol galite skaityti ir eksportuoti, bet nieko nekeisti. Bet kuris savininkas, prisijungęs, gali ją palikti.

leaving-on-behalf =
    .subject = Įmonės duomenys sistemoje { $service } bus ištrinti
    .lead = Sistemos { $service } valdytojas įmonės, kuriai priklausote, vardu pradėjo ją trinti. { $date } viskas, ką įmonė saugo, bus ištrinta.
    .lead-named = Sistemos { $service } valdytojas įmonės „{ $tenant }“ vardu pradėjo ją trinti. { $date } viskas, ką įmonė saugo, bus ištrinta.
    .otherwise = Iki tol galite skaityti ir eksportuoti, bet nieko nekeisti. Bet kuris savininkas, prisijungęs, gali ją palikti; užantspauduota saugykla pirmiausia atveriama.

leaving-taken-back =
    .subject = Įmonė lieka sistemoje { $service }
    .lead = Įmonės, kuriai priklausote, prašymas išeiti iš { $service } atšauktas. Niekas neištrinta.
    .lead-named = Įmonės „{ $tenant }“ prašymas išeiti iš { $service } atšauktas. Niekas neištrinta.
    .otherwise = Galite dirbti kaip anksčiau.

farewell =
    .subject = Jūsų duomenys sistemoje { $service } trinami
    .lead = Įmonė, kuriai priklausėte, išėjo iš { $service }. Pirmiausia sunaikinami jos raktai, todėl viskas, ką ji saugojo, tampa neperskaitoma; paskui viskas ištrinama.
    .lead-named = Įmonė „{ $tenant }“ išėjo iš { $service }. Pirmiausia sunaikinami jos raktai, todėl viskas, ką ji saugojo, tampa neperskaitoma; paskui viskas ištrinama.
    .otherwise = Jei čia nepriklausėte kitai įmonei, ištrinama ir jūsų paskyra, ir tai paskutinis mūsų laiškas.
    .proof = Pasirašytas ištrynimo įrodymas saugomas šiuo numeriu. Jį gali matyti kiekvienas, žinantis numerį, todėl saugokite jį:

account-farewell =
    .subject = Jūsų paskyra sistemoje „{ $service }“ ištrinama
    .lead = Jūsų paskyra sistemoje „{ $service }“ ištrinta, kaip prašėte: jos raktai sunaikinti, o viskas, kas joje buvo, trinama.
    .otherwise = Tai paskutinis mūsų laiškas. Jei to prašėte ne jūs, nedelsdami parašykite mums adresu { $contact }.
    .proof = Pasirašytas ištrynimo įrodymas saugomas šiuo numeriu. Jį gali matyti kiekvienas, žinantis numerį, todėl saugokite jį:

welcome =
    .subject = Sveiki atvykę į „{ $service }“
    .lead = Jūsų duomenų saugykla „{ $service }“ paslaugoje paruošta.
    .lead-named = „{ $service }“ paslaugoje paruošta duomenų saugykla „{ $tenant }“.
    .keys = Viskas, ką į ją įdėsite, saugoma užšifruota raktais, priklausančiais tik šiai saugyklai.
    .otherwise = Norėdami ją atverti, prisijunkite savo el. pašto adresu ir slaptažodžiu.
