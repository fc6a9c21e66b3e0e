# Vēstules latviski. $service: pakalpojuma nosaukums; $contact: tā e-pasta adrese; $minutes: cik ilgi kods derīgs.

code-validity = Kodu var izmantot vienu reizi { $minutes ->
    [one] { $minutes } minūtes
   *[other] { $minutes } minūšu
} laikā.
code-secrecy = Neizpaudiet to nevienam. Neviens, arī mūsu darbinieki, nekad neprasīs jums šo kodu ne pa tālruni, ne e-pastā, ne ziņojumā; kas to prasa, mēģina jūs apmānīt.
never-asked = Mēs nekad neprasām jūsu paroli vai lietotājvārdu, un mūsu vēstulēs nav ne saišu, ne pielikumu.
footer = { $service } · Jautājumi jebkurā laikā: { $contact }

signup-code =
    .subject = Kods reģistrācijai pakalpojumā { $service }
    .lead = Ar šo e-pasta adresi pakalpojumā { $service } tiek atvērts konts. Lai apstiprinātu, ka adrese pieder jums, ievadiet šo kodu lapā, kurā sākāt reģistrāciju:
    .otherwise = Ja tas nebijāt jūs, jums nekas nav jādara: bez šī koda konts netiks atvērts.

sign-in-code =
    .subject = Kods, lai pieteiktos pakalpojumā { $service }
    .lead = Kāds, kas zina jūsu paroli, piesakās pakalpojumā { $service }. Ja tas esat jūs, ievadiet šo kodu, lai to apstiprinātu:
    .otherwise = Ja tas neesat jūs, neievadiet kodu nekur un nedodiet to nevienam. Iespējams, kāds zina jūsu paroli: atveriet pakalpojumu, paši ierakstot tā adresi pārlūkā, un rakstiet mums uz { $contact }.

new-address-code =
    .subject = Kods jaunās adreses apstiprināšanai pakalpojumā { $service }
    .lead = Šī e-pasta adrese ir norādīta kā konta jaunā adrese pakalpojumā { $service }. Lai to apstiprinātu, ievadiet šo kodu:
    .otherwise = Ja tas nebijāt jūs, jums nekas nav jādara: bez šī koda adrese netiks izmantota.

password-reset-code =
    .subject = Kods jaunai parolei pakalpojumā { $service }
    .lead = Jūs lūdzāt aizstāt aizmirsto paroli pakalpojumā { $service }. Lai turpinātu, ievadiet šo kodu lapā, kurā to lūdzāt:
    .otherwise = Ja jūs to nelūdzāt, jums nekas nav jādara: jūsu parole paliek nemainīta.

text-code =
    .sign-in = kods, lai pieteiktos pakalpojumā { $service }.
    .new-number = kods, lai apstiprinātu šo tālruņa numuru pakalpojumā { $service }.
    .secrecy = Der vienu reizi { $minutes } min laikā. Neviens, arī mūsu darbinieki, to nekad neprasīs.

text-undo = kods šī tālruņa numura maiņas atcelšanai pakalpojumā { $service }. Ja nomainījāt ne jūs: pats ierakstiet pakalpojuma adresi un izvēlieties “Mana adrese ir nomainīta”. Der septiņas dienas. Neviens, arī mūsu darbinieki, to jums nekad neprasīs.

text-regained =
    .waits = Kāds tikai pa e-pastu lūdza jaunu paroli jūsu kontam pakalpojumā { $service }. To varēs iestatīt pēc diennakts. Ja tas nebijāt jūs: piesakieties un atceliet to vai iesaldējiet kontu.
    .ready = Jūsu kontam pakalpojumā { $service } tagad tikai pa e-pastu var iestatīt jaunu paroli. Ja to nelūdzāt jūs: piesakieties un atceliet to vai iesaldējiet kontu.
    .done = Jūsu konta parole pakalpojumā { $service } ir aizstāta. Ja to nedarījāt jūs: iesaldējiet kontu.
    .thawed = Jūsu konts pakalpojumā { $service } atkal ir atvērts ar jaunu paroli. Ja to nedarījāt jūs: iesaldējiet kontu.

address-taken =
    .subject = Ar jūsu adresi mēģināja reģistrēties pakalpojumā { $service }
    .lead = Kāds mēģināja atvērt kontu pakalpojumā { $service } ar šo e-pasta adresi. Tā jau pieder jūsu kontam, tāpēc jauns konts netika atvērts un nekas nav mainījies.
    .otherwise = Jums nekas nav jādara. Ja tas bijāt jūs, vienkārši piesakieties savā esošajā kontā.

address-wanted =
    .subject = Jūsu adresi norādīja citam kontam pakalpojumā { $service }
    .lead = Kāds, kam ir konts pakalpojumā { $service }, mēģināja šo e-pasta adresi padarīt par savu. Tā pieder jūsu kontam, tāpēc nekas nav mainījies.
    .otherwise = Jums nekas nav jādara.

identifier-undo =
    .subject = Adreses maiņu pakalpojumā { $service } var atcelt
    .lead = Ar šo e-pasta adresi vairs nevar pieteikties jūsu kontā pakalpojumā { $service }: tā ir aizstāta ar citu. Ja to nedarījāt jūs, atveriet pakalpojumu, pats ierakstot tā adresi, zem pieteikšanās izvēlieties “Mana adrese ir nomainīta” un ievadiet šo adresi un šo kodu:
    .secrecy = Kods der septiņas dienas un tikai šai adresei. Nevienam to neatklājiet: neviens, arī mūsu darbinieki, to jums nekad neprasīs.
    .otherwise = Ja to izdarījāt jūs, vairāk nekas nav jādara.

identifier-restored =
    .subject = Ar iepriekšējo adresi pakalpojumā { $service } atkal var pieteikties
    .lead = Jūsu konta adreses vai tālruņa numura maiņa pakalpojumā { $service } ir atcelta: ar iepriekšējo atkal var pieteikties, un visas sesijas ir beigtas.
    .otherwise = Jūsu kontā, iespējams, ir bijis kāds cits. Piesakieties, izvēlieties jaunu paroli un pārskatiet apstiprināšanas veidus un pieteikšanās vēsturi. Ja vajadzīga palīdzība, rakstiet mums uz { $contact }.

support-identified =
    .subject = Mūsu atbalsts jūs pazina pakalpojumā { $service }
    .lead = Jūsu konta atbalsta kods pakalpojumā { $service } tikko tika izmantots, lai jūs pa tālruni pazītu. Tas vairs neder un neko neatvēra.
    .otherwise = Ja zvanījāt jūs, vairāk nekas nav jādara. Ja ne, nekavējoties rakstiet mums uz { $contact }.

password-changed =
    .subject = Jūsu parole pakalpojumā { $service } ir nomainīta
    .lead = Jūsu konta parole pakalpojumā { $service } tikko tika nomainīta.
    .otherwise = Ja to izdarījāt jūs, vairāk nekas nav jādara. Ja ne, nekavējoties rakstiet mums uz { $contact }.

identifier-changed =
    .subject = Jūsu pieteikšanās dati pakalpojumā { $service } ir mainīti
    .lead = Adrese vai tālruņa numurs, ar ko piesakāties pakalpojumā { $service }, tikko tika nomainīts.
    .otherwise = Ja to izdarījāt jūs, vairāk nekas nav jādara. Ja ne, nekavējoties rakstiet mums uz { $contact }.

addresses-changed =
    .subject = Ir mainīts, no kurienes drīkst lietot jūsu kontu pakalpojumā { $service }
    .lead = Tikko tika mainīts to adrešu saraksts, no kurām drīkst lietot jūsu kontu pakalpojumā { $service }.
    .otherwise = Ja to izdarījāt jūs, vairāk nekas nav jādara. Ja ne, nekavējoties rakstiet mums uz { $contact }.

addresses-lifted =
    .subject = Jūsu kontu pakalpojumā { $service } atkal var lietot no jebkurienes
    .lead = Līdz ar jaunu paroli tikko tika dzēsts to adrešu saraksts, no kurām drīkst lietot jūsu kontu pakalpojumā { $service }.
    .otherwise = Ja to izdarījāt jūs, pēc atgriešanās izveidojiet jaunu sarakstu. Ja ne, iesaldējiet kontu un nekavējoties rakstiet mums uz { $contact }.

token-made =
    .subject = Ar jūsu kontu pakalpojumā { $service } izveidota API pilnvara
    .lead = Ar jūsu kontu pakalpojumā { $service } tikko tika izveidota pilnvara programmām. Kam tā ir, tas rīkojas jūsu vārdā tik, cik pilnvara atļauj.
    .otherwise = Ja to izdarījāt jūs, vairāk nekas nav jādara. Ja ne, atsauciet to, iesaldējiet kontu un nekavējoties rakstiet mums uz { $contact }.

sign-in-outside =
    .subject = Pieteikšanās jūsu kontā pakalpojumā { $service } ir noraidīta
    .lead = Kāds pakalpojumā { $service } ievadīja jūsu paroli no adreses, kuras nav jūsu adrešu sarakstā. Pieteikšanās tika noraidīta.
    .otherwise = Ja tas bijāt jūs, piesakieties no kādas no saraksta adresēm. Ja ne, kāds zina jūsu paroli: nomainiet to un nekavējoties rakstiet mums uz { $contact }.

method-added =
    .subject = Jūsu kontam pakalpojumā { $service } pievienots apstiprināšanas veids
    .lead = { $means ->
        [totp] Jūsu kontam pakalpojumā { $service } tikko tika pievienota autentifikācijas lietotne. Turpmāk tās kodi apstiprina, ka tas esat jūs.
        [passkey] Jūsu kontam pakalpojumā { $service } tikko tika pievienota piekļuves atslēga. Turpmāk tā apstiprina, ka tas esat jūs, un ar to var pieteikties bez paroles.
        [oidc] Jūsu kontam pakalpojumā { $service } tikko tika piesaistīta pieslēgšanās ar citu pakalpojumu. Turpmāk tā apstiprina, ka tas esat jūs, un ielaiž jūs kontā.
       *[recovery-codes] Jūsu kontam pakalpojumā { $service } tikko tika izveidoti jauni atkopšanas kodi. Iepriekšējie vairs neder.
    }
    .otherwise = Ja to izdarījāt jūs, vairāk nekas nav jādara. Ja ne, nekavējoties rakstiet mums uz { $contact }.

method-removed =
    .subject = No jūsu konta pakalpojumā { $service } noņemts apstiprināšanas veids
    .lead = { $means ->
        [totp] No jūsu konta pakalpojumā { $service } tikko tika noņemta autentifikācijas lietotne. Tās kodi vairs neder.
        [passkey] No jūsu konta pakalpojumā { $service } tikko tika noņemta piekļuves atslēga. Tā vairs neder.
        [oidc] No jūsu konta pakalpojumā { $service } tikko tika noņemta pieslēgšanās ar citu pakalpojumu. Tā vairs nevienu neielaiž.
       *[recovery-codes] Jūsu konta atkopšanas kodi pakalpojumā { $service } tikko tika noņemti. Neviens no tiem vairs neder.
    }
    .otherwise = Ja to izdarījāt jūs, vairāk nekas nav jādara. Ja ne, nekavējoties rakstiet mums uz { $contact }.

method-ended =
    .subject = Pārāk daudz nepareizu kodu jūsu kontam pakalpojumā { $service }
    .lead = { $means ->
        [totp] Jūsu konta autentifikācijas lietotnei pakalpojumā { $service } pēc kārtas tika ievadīti simts nepareizi kodi. Tā vairs neko neapstiprina: noņemiet to ar atkopšanas kodu un pievienojiet no jauna.
        [passkey] Jūsu konta piekļuves atslēgām pakalpojumā { $service } pēc kārtas tika dotas simts nepareizas atbildes. Tās vairs neko neapstiprina: noņemiet tās ar atkopšanas kodu un pievienojiet no jauna.
        [oidc] Jūsu konta vārdā pakalpojumā { $service } pēc kārtas simts reižu ar citu pakalpojumu pieslēdzās kāds cits. Šis veids vairs neko neapstiprina: noņemiet to ar atkopšanas kodu un piesaistiet no jauna.
       *[recovery-codes] Jūsu kontam pakalpojumā { $service } pēc kārtas tika ievadīti simts nepareizi atkopšanas kodi. Tie vairs neder: izveidojiet jaunus.
    }
    .otherwise = Ja tas nebijāt jūs, kāds zina jūsu paroli: nomainiet to un nekavējoties rakstiet mums uz { $contact }.

sign-in-decided =
    .subject = { $decided ->
        [approved] Pieteikšanās pakalpojumā { $service } apstiprināta citā ierīcē
       *[refused] Pieteikšanās pakalpojumā { $service } nav apstiprināta
    }
    .lead = { $decided ->
        [approved] Citā jūsu ierīcē tikko apstiprināta pieteikšanās jūsu kontā pakalpojumā { $service }.
        [wrong-code] Pieteikšanos jūsu kontā pakalpojumā { $service } vajadzēja apstiprināt citā jūsu ierīcē, bet tur izvēlēts nepareizs skaitlis. Piekļuve nav dota.
        [reported] Jūs ziņojāt, ka pieteikšanās jūsu kontā pakalpojumā { $service } nav jūsu. Piekļuve nav dota. Kas to mēģināja, tas zina jūsu paroli: nomainiet to tūlīt.
       *[refused] Citā jūsu ierīcē tikko noraidīta pieteikšanās jūsu kontā pakalpojumā { $service }. Piekļuve nav dota.
    }
    .otherwise = Ja to izdarījāt jūs, vairāk nekas nav jādara. Ja ne, nekavējoties rakstiet mums uz { $contact }.

passkey-copied =
    .subject = Jūsu konta piekļuves atslēga pakalpojumā { $service } tika noraidīta
    .lead = Jūsu kontam pakalpojumā { $service } tika lietota piekļuves atslēga, kuras skaitītājs bija atgriezies atpakaļ: iespējams, pastāv tās kopija. Mēs to noraidījām.
    .otherwise = Noņemiet šo piekļuves atslēgu un izveidojiet jaunu. Ja tas nebijāt jūs, nekavējoties rakstiet mums uz { $contact }.

recovery-code-used =
    .subject = Izmantots jūsu konta atkopšanas kods pakalpojumā { $service }
    .lead = Ar atkopšanas kodu tikko tika apstiprināta pieteikšanās jūsu kontā pakalpojumā { $service }. Tas vairs neder. Atlikušo kodu skaits: { $left }.
    .otherwise = Ja to izdarījāt jūs, vairāk nekas nav jādara. Ja ne, nekavējoties rakstiet mums uz { $contact }.

sign-in-refused =
    .subject = { $times ->
        [one] Noraidīts { $times } mēģinājums pieteikties jūsu kontā { $service }
       *[other] Noraidīti { $times } mēģinājumi pieteikties jūsu kontā { $service }
    }
    .lead = { $times ->
        [one] Stundas laikā { $times } reizi kāds mēģināja pieteikties jūsu kontā { $service }, un netika ielaists.
       *[other] Stundas laikā { $times } reizes kāds mēģināja pieteikties jūsu kontā { $service }, un netika ielaists.
    }
    .otherwise = Ja tas bijāt jūs, nekas nav jādara. Ja ne, apskatiet savu pieteikšanās vēsturi un izvēlieties jaunu paroli, ja šo lietojat arī citur.

confirmation-refused =
    .subject = { $times ->
        [one] Jūsu kontam { $service } ievadīts { $times } nepareizs kods
       *[other] Jūsu kontam { $service } ievadīti { $times } nepareizi kodi
    }
    .lead = { $times ->
        [one] Kāds, kas zina jūsu paroli, stundas laikā { $times } reizi ievadīja nepareizu kodu, lai apstiprinātu pieteikšanos jūsu kontā { $service }, un tika noraidīts.
       *[other] Kāds, kas zina jūsu paroli, stundas laikā { $times } reizes ievadīja nepareizu kodu, lai apstiprinātu pieteikšanos jūsu kontā { $service }, un tika noraidīts.
    }
    .otherwise = Ja tas bijāt jūs, nekas nav jādara. Ja ne, kāds zina jūsu paroli: atveriet pakalpojumu, pats ierakstot tā adresi, iesaldējiet kontu vai nomainiet paroli un rakstiet mums uz { $contact }.

freeze-code =
    .subject = Jūsu kods konta iesaldēšanai { $service }
    .lead = Kāds lūdza iesaldēt jūsu kontu { $service }. Lai to tūlīt aizvērtu, ievadiet šo kodu lapā, kurā to lūdzāt:
    .otherwise = Ja jūs to nelūdzāt, nekas nav jādara: konts paliek, kā ir.

thaw-code =
    .subject = Jūsu kods iesaldētā konta atvēršanai { $service }
    .lead = Kāds lūdza atkal atvērt jūsu iesaldēto kontu { $service }. Lai turpinātu, ievadiet šo kodu lapā, kurā to lūdzāt:
    .otherwise = Ja jūs to nelūdzāt, nekas nav jādara: konts paliek iesaldēts.

sign-in-while-frozen =
    .subject = Jūsu konts { $service } ir iesaldēts un paliek slēgts
    .lead = Kāds mēģināja iekļūt jūsu kontā { $service } ar pareizo paroli vai lūdzot kodu. Konts ir iesaldēts, tāpēc neviens netika ielaists.
    .otherwise = Ja tas bijāt jūs un vēlaties kontu atkal atvērt, atveriet pakalpojumu, pats ierakstot tā adresi, dodieties uz pieteikšanās lapu un izvēlieties atvērt iesaldētu kontu.

recovery-refused =
    .subject = Ievadīts nepareizs kods, lai iekļūtu jūsu kontā { $service }
    .lead = Kāds, kas nav pieteicies, ievadīja nepareizu kodu, lai iesaldētu vai atvērtu jūsu kontu { $service } vai nomainītu tā paroli. Reizes stundas laikā: { $times }.
    .otherwise = Ja tas bijāt jūs, nekas nav jādara. Ja ne, pārliecinieties, ka jūsu pastkasti neviens cits nevar lasīt.

password-change-refused =
    .subject = Noraidīta jūsu paroles maiņa { $service }
    .lead = Kāds, kas ir pieteicies jūsu kontā { $service }, mēģināja nomainīt paroli un nezināja pašreizējo. Reizes stundas laikā: { $times }.
    .otherwise = Ja tas bijāt jūs, nekas nav jādara. Ja ne, atveriet pakalpojumu, pats ierakstot tā adresi, un iesaldējiet kontu.

account-frozen =
    .subject = Jūsu konts { $service } ir iesaldēts
    .lead = Jūsu konts { $service } tikko tika iesaldēts. Visas tā sesijas un piekļuves atslēgas ir beigušās, un neviens nevar pieteikties.
    .otherwise = Lai to atkal atvērtu, atveriet pakalpojumu, pats ierakstot tā adresi, dodieties uz pieteikšanās lapu un izvēlieties atvērt iesaldētu kontu. Būs vajadzīgs kods no vēstules, otrs apstiprināšanas veids un jauna parole.

account-thawed =
    .subject = Jūsu konts { $service } atkal ir atvērts
    .lead = Jūsu konts { $service } tikko tika atkal atvērts ar jaunu paroli.
    .otherwise = Piesakieties, pievienojiet drošāku apstiprināšanas veidu un noņemiet katru, kas nav jūsu. Ja to neatvērāt jūs, iesaldējiet kontu vēlreiz un tūlīt rakstiet mums uz { $contact }.

reset-waits =
    .subject = Kāds lūdza jaunu paroli jūsu kontam { $service }
    .lead = Kāds ar kodu no jūsu pastkastes lūdza nomainīt jūsu konta { $service } paroli. Tā kā kontam nav otra apstiprināšanas veida, jāgaida: tas būs iespējams no { $until }. Līdz tam ir spēkā jūsu parole.
    .otherwise = Ja tas bijāt jūs, atgriezieties tad un lūdziet vēl vienu kodu. Ja ne, iebilstiet tūlīt: piesakieties un pasakiet to, vai aizmirstas paroles lapā lūdziet kodu un ar to atceliet. Iespējams, kāds lasa jūsu pastkasti.

reset-ready =
    .subject = Jūsu kontam { $service } tagad var noteikt jaunu paroli
    .lead = Jaunas paroles gaidīšana jūsu kontam { $service } ir beigusies. Ar vēl vienu kodu no šīs pastkastes to tagad var noteikt.
    .otherwise = Ja to lūdzāt jūs, turpiniet tur, kur sākāt. Ja ne, iebilstiet tūlīt: piesakieties un pasakiet to, vai aizmirstas paroles lapā lūdziet kodu un ar to atceliet.

reset-cancelled =
    .subject = Jūsu parole { $service } paliek, kā ir
    .lead = Jaunā parole, ko lūdza { $service }, ir atcelta. Jūsu parole paliek, kā ir.
    .otherwise = Ja to neatcēlāt jūs, tūlīt rakstiet mums uz { $contact }.

digest =
    .subject = Kas noticis jūsu kontā { $service }
    .lead = Kopš iepriekšējā kopsavilkuma jūsu kontā { $service } noticis šis:
    .more = Un vēl { $more }, kas redzami jūsu konta paziņojumos.
    .otherwise = Ja kaut ko no tā nedarījāt jūs, atveriet pakalpojumu, pats ierakstot tā adresi, un ziņojiet par to sava konta paziņojumos.

invitation =
    .subject = Jūs aicina datu glabātavā pakalpojumā { $service }
    .lead = Jūs aicina strādāt datu glabātavā pakalpojumā { $service }. Lai piekristu, atveriet pakalpojumu, pats ierakstot tā adresi, un izvēlieties “Pieņemt uzaicinājumu”. Ja konta vēl nav, turpat to atverat ar šo e-pasta adresi. Tad ievadiet šo kodu:
    .lead-named = Jūs aicina strādāt datu glabātavā “{ $tenant }” pakalpojumā { $service }. Lai piekristu, atveriet pakalpojumu, pats ierakstot tā adresi, un izvēlieties “Pieņemt uzaicinājumu”. Ja konta vēl nav, turpat to atverat ar šo e-pasta adresi. Tad ievadiet šo kodu:
    .secrecy = Kods der vienu reizi septiņu dienu laikā un tikai šai adresei. Nevienam to neatklājiet.
    .otherwise = Ja nezināt, kas jūs aicina, nekas nav jādara: bez koda nekas nenotiks.

sign-in-rules-changed =
    .subject = Ir mainīts, kā jūsu komanda pakalpojumā { $service } apstiprina pieteikšanos
    .lead = Tās glabātavas īpašnieks pakalpojumā { $service }, kurai jūs piederat, tikko mainīja, kādus apstiprināšanas veidus tā pieņem. Kad to nākamreiz lietosiet, jums var lūgt apstiprināt citādi vai vispirms iestatīt citu veidu.
    .lead-named = Glabātavas “{ $tenant }” īpašnieks pakalpojumā { $service } tikko mainīja, kādus apstiprināšanas veidus tā pieņem. Kad to nākamreiz lietosiet, jums var lūgt apstiprināt citādi vai vispirms iestatīt citu veidu.
    .otherwise = Jūsu konts un citas jūsu glabātavas paliek, kādas bija. Ja tas jūs pārsteidz, jautājiet glabātavas īpašniekam.

policy-changed =
    .subject = { $service } maina savus juridiskos dokumentus
    .lead = { $service } paziņo par izmaiņām savos juridiskajos dokumentos – laikus, lai jūs varētu tās izlasīt un izlemt.
    .document = { $title }, versija { $version }: stājas spēkā ne agrāk kā { $date }.
    .otherwise = Pierakstieties, lai vārdu pa vārdam redzētu, kas mainās. Līdz tam ir spēkā jums zināmā versija. Ja nepiekrītat, varat visu eksportēt un aiziet, pirms izmaiņas stājas spēkā.
    .checkpoint = Paziņojums ir publiskā žurnālā, ko neviens nevar nemanot pārrakstīt. Zemāk ir tā stāvoklis šajā brīdī: kas to saglabā, var to pierādīt, ja žurnāls kādreiz vēstītu ko citu.

policy-withdrawn =
    .subject = { $service } atsauc juridisko dokumentu izmaiņas
    .lead = { $service } bija paziņojis par izmaiņām savos juridiskajos dokumentos. Tās ir atsauktas un nestāsies spēkā.
    .document = { $title }, versija { $version }: atsaukta.
    .otherwise = Joprojām ir spēkā tas, kas bija spēkā līdz šim, un nekas nav jādara. Ja būs citas izmaiņas, par tām atkal paziņos laikus.

vault-sealed =
    .subject = Glabātava pakalpojumā { $service } ir aizzīmogota
    .lead = Tās glabātavas īpašnieks pakalpojumā { $service }, kura pieder arī jums, tikko to aizzīmogoja. Neviens tajā neko nevar ne lasīt, ne mainīt, kamēr kāds īpašnieks to neatver.
    .lead-named = Glabātavas “{ $tenant }” īpašnieks pakalpojumā { $service } tikko to aizzīmogoja. Neviens tajā neko nevar ne lasīt, ne mainīt, kamēr kāds īpašnieks to neatver.
    .otherwise = Ja zināt iemeslu, nekas nav jādara. Citādi jautājiet pārējiem īpašniekiem un pārskatiet savas pieteikšanās un sesijas.

vault-unsealed =
    .subject = Glabātava pakalpojumā { $service } ir atkal atvērta
    .lead = Tās glabātavas īpašnieks pakalpojumā { $service }, kura pieder arī jums, tikko atvēra tās zīmogu. Komanda un programmas tajā atkal var strādāt.
    .lead-named = Glabātavas “{ $tenant }” īpašnieks pakalpojumā { $service } tikko atvēra tās zīmogu. Komanda un programmas tajā atkal var strādāt.
    .otherwise = Ja tas jūs pārsteidz, piesakieties, tūlīt aizzīmogojiet to no jauna un jautājiet pārējiem īpašniekiem.

support-looked =
    .subject = Atbalsts ielūkojies glabātavā pakalpojumā { $service }
    .lead = { $service } atbalsts tikko pirmo reizi ielūkojās glabātavā, kura pieder jums, kā to atļāvusi tās komanda. Tas redz tikai izvēlētās kolekcijas, vērtības ir aizklātas, un ne ilgāk kā līdz { $until }.
    .lead-named = { $service } atbalsts tikko pirmo reizi ielūkojās glabātavā “{ $tenant }”, kā to atļāvusi tās komanda. Tas redz tikai izvēlētās kolekcijas, vērtības ir aizklātas, un ne ilgāk kā līdz { $until }.
    .otherwise = Katra ielūkošanās ir glabātavas auditā. Ja tas jūs pārsteidz, piesakieties un beidziet atļauju lapā “Ļaut atbalstam ieskatīties”: no tā brīža nekas vairs nav redzams.

leaving-requested =
    .subject = Uzņēmuma dati sistēmā { $service } tiks dzēsti
    .lead = Kāda uzņēmuma īpašnieks, pie kura jūs piederat sistēmā { $service }, ir lūdzis to pamest. { $date } viss, ko uzņēmums glabā, tiks dzēsts.
    .lead-named = Uzņēmuma “{ $tenant }” īpašnieks ir lūdzis pamest { $service }. { $date } viss, ko uzņēmums glabā, tiks dzēsts.
    .otherwise = Līdz tam varat lasīt un eksportēt, bet neko mainīt. Cits īpašnieks var iebilst, un jebkurš īpašnieks, pierakstījies sistēmā, var lūgumu atsaukt.

inactivity-warned =
    .subject = Uzņēmumu sistēmā { $service } vairs neviens neizmanto
    .lead = Jūsu uzņēmumu sistēmā { $service } jau ilgi neviens nav izmantojis. Īpašnieks ir izvēlējies, ka tādā gadījumā tas aiziet. Ja līdz { $date } neviens to neizmantos, līgums ar to tiks izbeigts.
    .lead-named = Uzņēmumu “{ $tenant }” sistēmā { $service } jau ilgi neviens nav izmantojis. Īpašnieks ir izvēlējies, ka tādā gadījumā tas aiziet. Ja līdz { $date } neviens to neizmantos, līgums ar to tiks izbeigts.
    .otherwise = Lai to paturētu, pierakstieties un apskatiet tajā jebko: tad laiku skaita no jauna. Pēc izbeigšanas jebkurš īpašnieks vēl kādu laiku var likt tam palikt; pēc tam viss, ko tas glabā, tiek dzēsts. Izvēli var atcelt tā iestatījumos, sadaļā par aiziešanu.

leaving-unused =
    .subject = Uzņēmuma dati sistēmā { $service } tiks dzēsti
    .lead = Uzņēmumu, pie kura jūs piederat sistēmā { $service }, jau ilgi neviens nav izmantojis, lai gan tā īpašnieki trīs reizes tika brīdināti; viens no tiem izvēlējās, ka tādā gadījumā tas aiziet. { $date } viss, ko uzņēmums glabā, tiks dzēsts.
    .lead-named = Uzņēmumu “{ $tenant }” sistēmā { $service } jau ilgi neviens nav izmantojis, lai gan tā īpašnieki trīs reizes tika brīdināti; viens no tiem izvēlējās, ka tādā gadījumā tas aiziet. { $date } viss, ko uzņēmums glabā, tiks dzēsts.
    .otherwise = Līdz tam varat lasīt un eksportēt, bet neko mainīt. Jebkurš īpašnieks, pierakstījies sistēmā, var likt tam palikt.

leaving-on-behalf =
    .subject = Uzņēmuma dati sistēmā { $service } tiks dzēsti
    .lead = Sistēmas { $service } uzturētājs uzņēmuma, pie kura jūs piederat, vārdā ir sācis tā dzēšanu. { $date } viss, ko uzņēmums glabā, tiks dzēsts.
    .lead-named = Sistēmas { $service } uzturētājs uzņēmuma “{ $tenant }” vārdā ir sācis tā dzēšanu. { $date } viss, ko uzņēmums glabā, tiks dzēsts.
    .otherwise = Līdz tam varat lasīt un eksportēt, bet neko mainīt. Jebkurš īpašnieks, pierakstījies sistēmā, var likt tam palikt; aizzīmogota glabātava vispirms jāatver.

leaving-taken-back =
    .subject = Uzņēmums paliek sistēmā { $service }
    .lead = Lūgums pamest { $service }, ko iesniedza uzņēmums, pie kura jūs piederat, ir atsaukts. Nekas nav dzēsts.
    .lead-named = Uzņēmuma “{ $tenant }” lūgums pamest { $service } ir atsaukts. Nekas nav dzēsts.
    .otherwise = Varat strādāt kā līdz šim.

farewell =
    .subject = Jūsu dati sistēmā { $service } tiek dzēsti
    .lead = Uzņēmums, pie kura jūs piederējāt, ir pametis { $service }. Vispirms tiek iznīcinātas tā atslēgas, un viss glabātais kļūst nelasāms; pēc tam viss tiek dzēsts.
    .lead-named = Uzņēmums “{ $tenant }” ir pametis { $service }. Vispirms tiek iznīcinātas tā atslēgas, un viss glabātais kļūst nelasāms; pēc tam viss tiek dzēsts.
    .otherwise = Ja šeit nepiederējāt pie cita uzņēmuma, tiek dzēsts arī jūsu konts, un šī ir mūsu pēdējā vēstule.
    .proof = Parakstīts dzēšanas apliecinājums glabājas ar šo numuru. To redzēt var ikviens, kas numuru zina, tāpēc glabājiet to rūpīgi:

account-farewell =
    .subject = Jūsu konts sistēmā { $service } tiek dzēsts
    .lead = Jūsu konts sistēmā { $service } ir dzēsts, kā lūdzāt: tā atslēgas ir iznīcinātas, un viss, kas tajā bija, tiek dzēsts.
    .otherwise = Šī ir mūsu pēdējā vēstule. Ja to nelūdzāt jūs, nekavējoties rakstiet mums uz { $contact }.
    .proof = Parakstīts dzēšanas apliecinājums glabājas ar šo numuru. To redzēt var ikviens, kas numuru zina, tāpēc glabājiet to rūpīgi:

welcome =
    .subject = Laipni lūdzam pakalpojumā { $service }
    .lead = Jūsu datu glabātava pakalpojumā { $service } ir gatava.
    .lead-named = Datu glabātava “{ $tenant }” pakalpojumā { $service } ir gatava.
    .keys = Viss, ko tajā ievietosiet, tiek glabāts šifrētā veidā ar atslēgām, kas pieder tikai šai glabātavai.
    .otherwise = Lai to atvērtu, piesakieties ar savu e-pasta adresi un paroli.
