//! Rules of the configuration as a whole.

use std::time::Duration;

use super::*;

fn load(file: &str, variables: &[(&str, &str)], overrides: Overrides) -> Result<Settings, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seif.toml");
    std::fs::write(&path, file).unwrap();
    let overrides = Overrides { config: Some(path), ..overrides };
    Settings::load(&overrides, &Environment::of(variables.iter().copied()))
}

fn refused(file: &str) -> String {
    load(file, &[], Overrides::default()).unwrap_err().to_string()
}

#[test]
fn without_configuration_it_is_a_trial_on_loopback_with_files_in_the_data_folder() {
    let settings = Settings::load(&Overrides::default(), &Environment::default()).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8443");
    assert!(matches!(&settings.database, DatabaseUrl::Sqlite(path) if path.ends_with("data/seif.db")));
    assert!(matches!(&settings.keyring, DatabaseUrl::Sqlite(path) if path.ends_with("data/keyring.db")));
    assert!(matches!(&settings.root_key.current, RootKey::File(path) if path.ends_with("data/root.key")));
    assert!(settings.smtp.is_none() && settings.tls.certificate.is_none());
    assert_eq!(settings.policies.notice.duration(), Duration::from_secs(30 * 86_400));
    assert_eq!((settings.mode(), settings.refusals()), (Mode::Trial, vec![]));
}

#[test]
fn flags_win_over_the_environment_over_the_file_over_the_defaults() {
    let file = "data = \"f\"\nlisten = \"127.0.0.1:1\"\ndatabase = \"sqlite:f.db\"\n[codes]\ntries = 3\n";
    let variables = [("SEIF_DATA", "e"), ("SEIF_LISTEN", "127.0.0.1:2"), ("SEIF_CODES__LIFETIME", "1m")];
    let flags = Overrides { listen: Some("127.0.0.1:3".into()), ..Overrides::default() };
    let settings = load(file, &variables, flags).unwrap();
    assert_eq!(settings.data, PathBuf::from("e"));
    assert_eq!(settings.listen.port(), 3);
    assert!(matches!(&settings.database, DatabaseUrl::Sqlite(path) if path.ends_with("f.db")));
    assert!(matches!(&settings.keyring, DatabaseUrl::Sqlite(path) if path.ends_with("e/keyring.db")));
    assert_eq!((settings.codes.tries, settings.codes.lifetime.duration()), (3, Duration::from_secs(60)));
    assert_eq!(settings.codes.per_account_per_hour, 10);
}

#[test]
fn proxies_are_ranges_with_a_way_to_speak_for_others_or_there_are_none() {
    assert!(load("", &[], Overrides::default()).unwrap().proxies.is_none());
    let both = "[proxies]\naddresses = [\"192.0.2.1\", \"2001:db8::/64\"]\nhow = \"proxy_v2\"\n";
    let proxies = load(both, &[], Overrides::default()).unwrap().proxies.unwrap();
    assert_eq!((proxies.addresses.len(), proxies.how), (2, ProxyHow::ProxyV2));
    assert!(refused("[proxies]\nhow = \"forwarded\"\n").contains("`proxies.addresses` is missing"));
    assert!(refused("[proxies]\naddresses = [\"192.0.2.1\"]\n").contains("`proxies.how` is missing"));
    for wrong in
        ["addresses = [\"192.0.2.1/24\"]\nhow = \"forwarded\"", "addresses = [\"192.0.2.1\"]\nhow = \"proxy_v1\""]
    {
        let said = refused(&format!("[proxies]\n{wrong}\n"));
        assert!(said.contains("proxies.") && !said.contains("192.0.2.1"), "{said}");
    }
}

#[test]
fn the_configuration_file_may_be_named_by_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seif.toml");
    std::fs::write(&path, "[codes]\ntries = 2\n").unwrap();
    let environment = Environment::of([("SEIF_CONFIG", path.to_str().unwrap())]);
    assert_eq!(Settings::load(&Overrides::default(), &environment).unwrap().codes.tries, 2);
}

#[test]
fn lists_and_numbers_can_come_from_the_environment() {
    let variables = [("SEIF_SERVER__NAMES", "a.localhost, b.localhost"), ("SEIF_SERVER__WORKERS", "3")];
    let settings = load("", &variables, Overrides::default()).unwrap();
    assert_eq!(settings.server.names.len(), 2);
    assert_eq!(settings.server.workers, 3);
    let error = load("", &[("SEIF_SERVER__WORKERS", "three")], Overrides::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the environment variable SEIF_SERVER__WORKERS: `server.workers`: expected a whole number"
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_name() {
    assert!(refused("[server]\nname = [\"a\"]\n").ends_with("seif.toml: there is no setting `server.name`"));
    assert!(refused("[sever]\nnames = []\n").ends_with("there is no setting `sever.names`"));
    assert!(refused("server = 1\n").ends_with("there is no setting `server`"));
    let error = load("", &[("SEIF_LISTN", "x")], Overrides::default()).unwrap_err();
    assert_eq!(error.to_string(), "the environment variable SEIF_LISTN: there is no setting `listn`");
}

#[test]
fn variables_that_an_orchestrator_sets_for_a_service_of_our_name_are_no_settings() {
    let variables = [("SEIF_SERVICE_HOST", "10.0.0.1"), ("SEIF_PORT_8443_TCP", "tcp://10.0.0.1"), ("PATH", "/bin")];
    assert!(load("", &variables, Overrides::default()).is_ok());
}

#[test]
fn no_refusal_repeats_the_value() {
    for file in [
        "database = \"postgers://seif:hunter2@db/seif\"\n",
        "database = hunter2\n",
        "keyring = 'sqlite://hunter2'\n",
        "[log]\nlevel = \"hunter2\"\n",
        "[smtp]\nport = \"hunter2\"\n",
        "[server]\nnames = [\"hunter2.example.com:443\"]\n",
        "[server]\nnames = [[\"hunter2\"]]\n",
        "[sessions]\nidle = \"hunter2\"\n",
        "[operator]\nname = \"hunter2\\n\"\n",
        "[root_key]\nprovider = \"hunter2\"\n",
    ] {
        let error = load(file, &[], Overrides::default()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        assert!(error.to_string().contains("seif.toml"), "{error}");
    }
    let settings = load("database = \"postgres://seif:hunter2@db/seif\"\n", &[], Overrides::default()).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
    let flags = Overrides { database: Some(Secret::new("hunter2".into())), ..Overrides::default() };
    let error = load("", &[], flags.clone()).unwrap_err().to_string();
    assert!(error.starts_with("the flag --database: `database`: expected"), "{error}");
    assert!(!format!("{error} {flags:?}").contains("hunter2"));
}

#[test]
fn a_wrong_value_is_named_by_its_key() {
    assert!(refused("[smtp]\nport = 70000\n").contains("`smtp.port`"));
    assert!(refused("[codes]\ntries = -1\n").contains("`codes.tries`"));
    assert!(refused("a = \n").contains("look at line 1"));
    assert!(refused("data = \"a\"\nlisten = \"8443\"\n").contains("`listen`: expected HOST:PORT"));
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for (file, key) in [
        ("database = \"sqlite:a.db\"\nkeyring = \"sqlite:./a.db\"\n", "keyring"),
        ("[tls]\ncertificate = \"a.pem\"\n", "tls.key"),
        ("[tls]\nkey = \"a.pem\"\n", "tls.certificate"),
        ("[smtp]\nhost = \"a\"\n", "smtp.from"),
        ("[smtp]\nuser = \"a\"\n", "smtp.host"),
        ("[smtp]\nhost = \"a\"\nfrom = \"a@b.c\"\nuser = \"u\"\n", "smtp.password_file"),
        ("[root_key]\nprovider = \"passphrase\"\n", "root_key.passphrase_file"),
        ("[root_key]\npassphrase_file = \"a\"\n", "root_key.passphrase_file"),
        ("[root_key]\npin = \"1\"\n", "root_key.pin"),
        ("[root_key]\nprovider = \"openbao\"\n", "root_key.url"),
        ("[root_key]\nprovider = \"openbao\"\nurl = \"http://a\"\n", "root_key.url"),
        ("[root_key]\nprovider = \"openbao\"\nurl = \"https://a\"\n", "root_key.token_file"),
        ("[root_key]\nprovider = \"openbao\"\nurl = \"https://a\"\ntoken = \"t\"\nkey = \"a/b\"\n", "root_key.key"),
        (
            "[root_key]\nprovider = \"openbao\"\nurl = \"https://a\"\ntoken = \"t\"\nmount = \"a//b\"\n",
            "root_key.mount",
        ),
        ("[root_key]\nprovider = \"pkcs11\"\n", "root_key.module"),
        ("[root_key]\nprovider = \"pkcs11\"\nmodule = \"a\"\ntoken_label = \"b\"\n", "root_key.pin_file"),
        ("[[root_key.earlier]]\nprovider = \"file\"\n", "root_key.earlier"),
        ("[passwords]\nmemory_kib = 19456\n", "passwords.memory_kib"),
        ("[passwords]\nlanes = 0\n", "passwords.lanes"),
        ("[prompts]\ncontacts = \"0s\"\n", "prompts.contacts"),
        ("[prompts]\npassword_most = \"30d\"\n", "prompts.password_most"),
        ("[sessions]\nidle = \"13h\"\n", "sessions.absolute"),
        ("[codes]\ntries = 0\n", "codes.lifetime"),
    ] {
        let error = load(file, &[], Overrides::default()).unwrap_err();
        assert!(matches!(error, SettingsError::Contradiction { key: k, .. } if k == key), "{file}: {error}");
    }
    assert!(load("[passwords]\nmemory_kib = 19456\npasses = 2\n", &[], Overrides::default()).is_ok());
}

#[test]
fn an_address_or_a_name_that_others_can_reach_makes_it_production_with_all_its_demands() {
    let all = [Demand::Names, Demand::Certificate, Demand::Mail, Demand::RootKey];
    let demands = |file: &str| {
        let settings = load(file, &[], Overrides::default()).unwrap();
        assert_eq!(settings.mode(), Mode::Production);
        settings.refusals().into_iter().map(|refusal| refusal.demand).collect::<Vec<_>>()
    };
    assert_eq!(demands("listen = \"0.0.0.0:8443\"\n"), all);
    assert_eq!(demands("[server]\nnames = [\"vault.example.com\"]\n"), all[1..]);
    assert_eq!(demands("listen = \"[::]:443\"\n[server]\nnames = [\"localhost\"]\n"), all);
    let elsewhere = "listen = \"[::]:443\"\n[root_key]\nfile = \"/run/seif-keys/root.key\"\n";
    assert_eq!(demands(elsewhere), all[..3]);
    let roundabout = "listen = \"[::]:443\"\n[root_key]\nfile = \"elsewhere/../data/root.key\"\n";
    assert_eq!(demands(roundabout), all);
}

#[test]
fn the_production_example_meets_every_demand() {
    let example = include_str!("../../config/production.example.toml");
    let settings = load(example, &[], Overrides::default()).unwrap();
    assert_eq!((settings.mode(), settings.refusals()), (Mode::Production, vec![]));
    assert_eq!(settings.smtp.unwrap().helo.unwrap().as_str(), "vault.example.com");
}

#[test]
fn processors_are_whole_or_refused_without_their_words() {
    let whole = "name = \"Post\"\ncountry = \"LV\"\npurpose = \"Mail\"\nreceives = \"Addresses\"";
    let file = |table: &str| format!("[[processors]]\n{table}");
    assert_eq!(load(&file(whole), &[], Overrides::default()).unwrap().processors.len(), 1);
    for (part, other) in [
        ("name = \"Post\"", ""),
        ("\"Post\"", "\"\""),
        ("\"Post\"", "7"),
        ("\"LV\"", "\"Hidden\""),
        ("\"Mail\"", "{ en = \"Hidden\" }"),
        ("\"Mail\"", "[\"Hidden\"]"),
        ("receives", "gets"),
    ] {
        let refused = refused(&file(&whole.replace(part, other)));
        assert!(refused.contains("processors") && !refused.contains("Hidden"), "{refused}");
    }
}

#[test]
fn identity_providers_are_whole_apart_and_able_to_prove_something() {
    //
    let whole = "id = \"bank\"\nname = \"Bank\"\nissuer = \"https://id.example\"\nclient_id = \"vault\"\nclient_secret_file = \"/x\"\nscopes = \"openid profile\"\nacr = { high = \"strong\" }";
    let file = |table: &str| format!("[[identity_providers]]\n{table}\n");
    let settings = load(&file(whole), &[], Overrides::default()).unwrap();
    let bank = settings.identity_providers.first().unwrap();
    assert_eq!(bank.acr.get("high"), Some(&Worth::Strong));
    assert_eq!(bank.scopes.further().collect::<Vec<_>>(), ["profile"]);
    for (part, other) in [
        ("\"bank\"", "\"Hidden\""),
        ("\"bank\"", "\"-\""),
        ("https://id", "http://hidden"),
        ("id.example", "hidden@id.example"),
        ("id.example", "id.example?hidden"),
        ("https://id.example", "https:///hidden"),
        ("\"strong\"", "\"hidden\""),
        ("\"openid profile\"", "\"a\\\"hidden\""),
        ("client_id = \"vault\"\n", ""),
        ("client_secret_file", "client_secret"),
        ("acr = { high = \"strong\" }", ""),
    ] {
        let refused = refused(&file(&whole.replace(part, other)));
        assert!(refused.contains("identity_providers") && !refused.contains("idden"), "{refused}");
    }
    let twice = |other: &str| refused(&format!("{}{}", file(whole), file(other)));
    assert!(twice(&whole.replace("https://id", "https://other")).contains("same `id`"));
    assert!(twice(&whole.replace("\"bank\"", "\"other\"")).contains("same `issuer`"));
}

#[test]
fn a_secret_is_read_from_its_file_without_the_final_line_break() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let file: SecretFile = path.to_str().unwrap().parse().unwrap();
    assert!(file.read().unwrap_err().to_string().ends_with("it does not exist"));
    std::fs::write(&path, "hunter2 \r\n").unwrap();
    assert_eq!(file.read().unwrap().reveal(), "hunter2 ");
    std::fs::write(&path, "\n").unwrap();
    assert!(file.read().unwrap_err().to_string().ends_with("it is empty"));
    std::fs::write(&path, "x".repeat(5000)).unwrap();
    assert!(file.read().unwrap_err().to_string().ends_with("it is longer than 4 KiB"));
}
