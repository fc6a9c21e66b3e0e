//! The published vectors of WebAuthn level 3 (§16), and what is refused that they do not cover.

use super::*;
use crate::kernel::crypto::testing::{Hex, vectors};

#[derive(Deserialize)]
struct Published {
    rp_id: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    registration: Registration,
    authentication: Authentication,
}

#[derive(Deserialize)]
#[expect(non_snake_case, reason = "the vectors' own names")]
struct Registration {
    challenge: Hex,
    credential_id: Hex,
    clientDataJSON: Hex,
    attestationObject: Hex,
}

#[derive(Deserialize)]
#[expect(non_snake_case, reason = "the vectors' own names")]
struct Authentication {
    challenge: Hex,
    authenticatorData: Hex,
    clientDataJSON: Hex,
    signature: Hex,
}

/// What the device did not verify the person for, we never ask for: the vectors are checked below what we demand.
const LENIENT: UserVerificationPolicy = UserVerificationPolicy::Discouraged_DO_NOT_USE;

fn published() -> Published {
    vectors(include_str!("../../../../tests/vectors/webauthn-l3.json"))
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn asked(published: &Published, challenge: &Hex) -> Ceremony {
    Ceremony { site: Site::new(&published.rp_id, None), challenge: text(&challenge.0) }
}

fn handle() -> UserHandle {
    UserHandle::random(&Entropy::seeded(7))
}

impl Registration {
    fn answer(&self) -> Value {
        json!({
            "id": text(&self.credential_id.0), "rawId": text(&self.credential_id.0), "type": "public-key",
            "response": {
                "clientDataJSON": text(&self.clientDataJSON.0), "attestationObject": text(&self.attestationObject.0),
            },
        })
    }

    /// Where the authenticator's data stands in the attestation object: at its end, in the order of CTAP2.
    fn data_starts(&self, rp_id: &str) -> usize {
        use sha2::Digest as _;
        let hash = sha2::Sha256::digest(rp_id.as_bytes());
        self.attestationObject.0.windows(32).rposition(|window| window == &hash[..]).unwrap()
    }
}

impl Authentication {
    fn answer(&self, id: &Hex) -> Value {
        json!({
            "id": text(&id.0), "rawId": text(&id.0), "type": "public-key",
            "response": {
                "clientDataJSON": text(&self.clientDataJSON.0), "authenticatorData": text(&self.authenticatorData.0),
                "signature": text(&self.signature.0),
            },
        })
    }

    fn was_verified(&self) -> bool {
        self.authenticatorData.0[32] & 0x04 != 0
    }
}

/// Other bytes with one bit changed, at every place or at some.
fn altered(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).step_by(13).chain([bytes.len() - 1]).map(|at| {
        let mut other = bytes.to_vec();
        other[at] ^= 1 << (at % 8);
        other
    })
}

/// The vectors that are answers to what we ask: of an algorithm that we ask for, and not from within another's frame. The
/// library knows RSA keys of 2048 bits alone, and there is one of 3488; and it takes no attestation of a TPM or an Android
/// key whose certificates do not come from there. Neither is asked for.
const OURS: [&str; 7] = [
    "none-es256",
    "packed-self-es256",
    "none-es256-long-credential-id",
    "packed-es256",
    "packed-es384",
    "apple-es256",
    "fido-u2f-es256",
];

#[test]
fn the_published_answers_are_accepted_but_for_algorithms_that_are_not_asked_for_and_frames_of_others() {
    // S-1; WebAuthn level 3 §16
    let published = published();
    let mut accepted = Vec::new();
    for vector in &published.vectors {
        let id = vector.id.strip_prefix("sctn-test-vectors-").unwrap();
        let registration = asked(&published, &vector.registration.challenge);
        let answer = vector.registration.answer();
        let Ok(passkey) = registration.register_under(LENIENT, &handle(), &[], &answer) else { continue };
        assert_eq!(passkey.id(), text(&vector.registration.credential_id.0), "{id}");
        let authentication = asked(&published, &vector.authentication.challenge);
        let answer = vector.authentication.answer(&vector.registration.credential_id);
        let used = authentication.verify_under(LENIENT, &passkey, &answer);
        assert!(used.is_ok(), "{id}");
        // What the device was not asked to verify is not enough for us.
        let strictly = authentication.verify(&passkey, &answer);
        assert_eq!(strictly.is_ok(), vector.authentication.was_verified(), "{id}");
        // The same answer to another question, or to the same at another place, is none.
        let other = Ceremony { challenge: text(&[0; 32]), ..authentication.clone() };
        assert_eq!(other.verify_under(LENIENT, &passkey, &answer).err(), Some(Refused::Wrong), "{id}");
        for site in [Site::new("example.com", None), Site::new(&published.rp_id, Some(8443))] {
            let elsewhere = Ceremony { site, ..authentication.clone() };
            assert_eq!(elsewhere.verify_under(LENIENT, &passkey, &answer).err(), Some(Refused::Wrong), "{id}");
        }
        accepted.push(id);
    }
    assert_eq!(accepted, OURS);
}

#[test]
fn no_published_answer_is_accepted_with_a_bit_changed() {
    // S-1
    let published = published();
    let mut tried = 0;
    for vector in &published.vectors {
        let id = &vector.id;
        let registration = asked(&published, &vector.registration.challenge);
        let answer = vector.registration.answer();
        let Ok(passkey) = registration.register_under(LENIENT, &handle(), &[], &answer) else { continue };
        let authentication = asked(&published, &vector.authentication.challenge);
        let answer = vector.authentication.answer(&vector.registration.credential_id);
        let parts = &vector.authentication;
        for (part, bytes) in [
            ("clientDataJSON", &parts.clientDataJSON),
            ("authenticatorData", &parts.authenticatorData),
            ("signature", &parts.signature),
        ] {
            for other in altered(&bytes.0) {
                let mut answer = answer.clone();
                answer["response"][part] = json!(text(&other));
                assert!(authentication.verify_under(LENIENT, &passkey, &answer).is_err(), "{id}: {part}");
                tried += 1;
            }
        }
        // Where the device vouches for all that it says, nothing of it can change either. (U2F vouches for the key alone.)
        if !id.contains("-none-") && !id.contains("-u2f-") {
            let registered = &vector.registration;
            let starts = registered.data_starts(&published.rp_id);
            let data = altered(&registered.attestationObject.0[starts..])
                .map(|data| ("attestationObject", [&registered.attestationObject.0[..starts], &data].concat()));
            let client = altered(&registered.clientDataJSON.0).map(|data| ("clientDataJSON", data));
            for (part, other) in data.chain(client) {
                let mut answer = registered.answer();
                answer["response"][part] = json!(text(&other));
                assert!(registration.register_under(LENIENT, &handle(), &[], &answer).is_err(), "{id}: {part}");
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn a_registration_without_verification_or_of_a_key_that_is_known_is_refused() {
    // S-1
    let published = published();
    let vector = &published.vectors[0];
    let registration = asked(&published, &vector.registration.challenge);
    let answer = vector.registration.answer();
    assert_eq!(registration.register(&handle(), &[], &answer).err(), Some(Refused::Wrong));
    let passkey = registration.register_under(LENIENT, &handle(), &[], &answer).unwrap_or_else(|_| panic!("it fits"));
    let again = registration.register_under(LENIENT, &handle(), &[passkey], &answer);
    assert_eq!(again.err(), Some(Refused::Wrong));
}

#[test]
fn what_names_another_key_or_another_user_or_nothing_at_all_is_refused() {
    let published = published();
    let vector = &published.vectors[0];
    let registration = asked(&published, &vector.registration.challenge);
    let passkey = registration.register_under(LENIENT, &handle(), &[], &vector.registration.answer());
    let passkey = passkey.unwrap_or_else(|_| panic!("it fits"));
    let ceremony = asked(&published, &vector.authentication.challenge);
    let answer = vector.authentication.answer(&vector.registration.credential_id);
    let told = |answer: &Value| ceremony.verify_under(LENIENT, &passkey, answer).err();
    let with = |place: &str, value: Value| {
        let mut answer = answer.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        answer.pointer_mut(parent).unwrap()[name] = value;
        answer
    };
    assert_eq!(told(&answer), None);
    assert_eq!(told(&with("/response/userHandle", json!(handle().0))), None);
    assert_eq!(
        told(&with("/clientExtensionResults", json!({"credProps": {"rk": 7}}))),
        None,
        "not asked for, not read"
    );
    for wrong in [
        with("/response/userHandle", json!(UserHandle::random(&Entropy::seeded(8)).0)),
        with("/response/userHandle", json!("")),
        with("/id", json!("AAAA")),
        with("/rawId", json!("AAAA")),
        with("/type", json!("password")),
        with("/response/signature", json!("not base64!")),
        json!({}),
        json!(null),
        json!([answer]),
    ] {
        assert_eq!(told(&wrong), Some(Refused::Wrong), "{wrong}");
    }
}

#[test]
fn a_site_is_written_as_browsers_write_its_origin() {
    //
    for (name, port, origin) in [
        ("vault.example.com", None, "https://vault.example.com"),
        ("vault.example.com", Some(443), "https://vault.example.com"),
        ("localhost", Some(8443), "https://localhost:8443"),
    ] {
        assert_eq!(Site::new(name, port).origin(), origin);
    }
}

#[test]
fn what_is_asked_for_is_what_a_browser_reads_and_no_two_questions_are_alike() {
    let entropy = Entropy::seeded(3);
    let site = Site::new("vault.example.com", None);
    let ceremony = Ceremony::new(&site, &entropy);
    let user = User {
        handle: handle(),
        name: Personal::new("anna@example.com".to_owned()),
        display_name: Personal::new("Anna".to_owned()),
    };
    let options = ceremony.creation_options(&user, &[], Duration::from_secs(600));
    assert_eq!(options["rp"]["id"], "vault.example.com");
    assert_eq!(options["timeout"], 600_000);
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!((&options["attestation"], &options["user"]["id"]), (&json!("none"), &json!(handle().0)));
    let offered: Vec<i64> =
        options["pubKeyCredParams"].as_array().unwrap().iter().map(|one| one["alg"].as_i64().unwrap()).collect();
    assert_eq!(offered, [-7, -35, -257]);
    let options = ceremony.request_options(&[], Duration::from_secs(600));
    assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("vault.example.com"), &json!("required")));
    let challenge = options["challenge"].as_str().unwrap();
    assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(challenge).unwrap().len(), 32);
    assert_ne!(Ceremony::new(&site, &entropy).request_options(&[], Duration::ZERO)["challenge"], challenge);
}
