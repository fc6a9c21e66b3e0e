//! What a password must be (R-6 to R-8, P-9): long or varied, not common, not guessable, not leaked elsewhere, and nothing
//! of its owner in it.
//!
//! Rules only: hashing is `kernel::crypto::password`. A password is brought into Normalization Form C first, so that the
//! same keys give the same password on every device, and is never cut.

pub mod leaked;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::accounts::passwords::leaked::{Leaked, LeakedList};
use crate::kernel::crypto::leaked::LeakedDigest;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::values::{EmailAddress, Fault, PhoneNumber, folded, nfc};

/// Fewer characters are always refused.
const LEAST: usize = 8;
/// From here on any characters do; below, all four classes are needed.
const LONG: usize = 15;
/// More bytes are refused, after normalisation.
const MOST_BYTES: usize = 1_024;
/// Parts of the owner's data that are shorter count for nothing.
const LEAST_PART: usize = 4;
/// Fewer guesses than eight characters without any pattern need are too few.
const LEAST_GUESSES: u64 = 100_000_000;
/// From so many guesses on, a password is good; from so many more, strong.
const GOOD_GUESSES: u64 = 10_000_000_000;
const STRONG_GUESSES: u64 = 100_000_000_000_000;
/// So many characters are estimated: more cannot make a password weaker, and the estimate's cost grows with its square.
const ESTIMATED: usize = 100;

/// Passwords that many people use, in small letters, one a line; `config/passwords/README.md` names the source.
static BUILT_IN: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("../../config/passwords/common.txt").lines().collect());

/// Why a password is refused. Each is a rule to read, never anything of the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weakness {
    /// Fewer than 8 characters.
    TooShort,
    /// More than 1,024 bytes.
    TooLong,
    /// 8 to 14 characters, and one of the four classes is missing.
    NeedsClasses,
    /// On a list of common passwords.
    TooCommon,
    /// A pattern that is tried early.
    Guessable,
    /// Holds a part of its owner's name, addresses, number or business.
    HoldsOwnData,
    /// On the operator's list of leaked passwords.
    Leaked,
}

impl Weakness {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::NeedsClasses => "password_needs_classes",
            Self::TooCommon => "password_too_common",
            Self::Guessable => "password_guessable",
            Self::HoldsOwnData => "password_holds_own_data",
            Self::Leaked => "password_leaked",
        }
    }

    /// What would be right.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::TooShort => "A password has at least 8 characters; from 15 on, any characters do.",
            Self::TooLong => "A password has at most 1,024 bytes.",
            Self::NeedsClasses => {
                "A password of 8 to 14 characters needs upper case, lower case, digits and special characters; from 15 on, any characters do."
            }
            Self::TooCommon => "Many people use this password, so it is tried first. Choose another.",
            Self::Guessable => "This password follows a pattern that is guessed early. Make it longer or less regular.",
            Self::HoldsOwnData => {
                "The password holds a part of your name, e-mail address, phone number or business, or the service's name. Leave that out."
            }
            Self::Leaked => "This password has appeared in a data leak, so it is tried early. Choose another.",
        }
    }

    /// The same as a fault of the field at `pointer`.
    #[must_use]
    pub fn at(self, pointer: &str) -> Fault {
        Fault::new(pointer, self.code(), self.advice())
    }
}

/// How hard a password was to guess at the time of its choice, as coarsely as its age is weighed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Hard enough to be taken.
    Fair,
    /// Harder by a hundred times.
    Good,
    /// Harder by a million times.
    Strong,
}

impl Strength {
    const fn of(guesses: u64) -> Self {
        match guesses {
            ..GOOD_GUESSES => Self::Fair,
            GOOD_GUESSES..STRONG_GUESSES => Self::Good,
            STRONG_GUESSES.. => Self::Strong,
        }
    }
}

/// A password in Normalization Form C that keeps every rule. [`Passwords::check`] alone makes one, so that nothing takes
/// a password that was not held against all of them.
#[derive(Debug, Clone)]
pub struct NewPassword {
    password: Secret<String>,
    strength: Strength,
}

impl NewPassword {
    /// How hard it is to guess.
    #[must_use]
    pub const fn strength(&self) -> Strength {
        self.strength
    }

    /// Whether `own` is not in it, and its patterns are not guessed by that: for who is known only after the password was
    /// held against the other rules.
    ///
    /// # Errors
    /// Every rule that it breaks.
    pub fn fits(&self, own: &OwnData) -> Result<(), Vec<Weakness>> {
        let text = self.password.reveal();
        if own.is_within(&Zeroizing::new(folded(text))) {
            return Err(vec![Weakness::HoldsOwnData]);
        }
        if guesses(text, own) < LEAST_GUESSES { Err(vec![Weakness::Guessable]) } else { Ok(()) }
    }

    /// The password, to be hashed.
    #[must_use]
    pub fn into_secret(self) -> Secret<String> {
        self.password
    }
}

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// Every rule that it breaks.
    Weak(Vec<Weakness>),
    /// Whether it has leaked is not known now: the list cannot be read.
    Unknown,
}

/// The rules, with an operator's further lists.
#[derive(Debug, Default)]
pub struct Passwords {
    further: HashSet<String>,
    leaked: Option<Arc<LeakedList>>,
}

impl Passwords {
    /// The rules with `further` common passwords, one a line, in any case, and a list of those that have leaked.
    #[must_use]
    pub fn new(further: &str, leaked: Option<LeakedList>) -> Self {
        let further = further.lines().map(folded).filter(|line| !line.is_empty()).collect();
        Self { further, leaked: leaked.map(Arc::new) }
    }

    /// Holds `password` against every rule; `own` is what is known of its owner. The list of leaked ones is looked at
    /// last, on a thread that may wait.
    ///
    /// # Errors
    /// Every rule that it breaks, so that a person need not find them out one by one; or that it is not known.
    pub async fn check(&self, password: &Secret<String>, own: &OwnData) -> Result<NewPassword, NotTaken> {
        let checked = self.held_against_rules(password, own).map_err(NotTaken::Weak)?;
        let Some(list) = self.leaked.clone() else { return Ok(checked) };
        let digest = LeakedDigest::of(&checked.password);
        match tokio::task::spawn_blocking(move || list.look_up(&digest)).await {
            Ok(Ok(Leaked::No)) => Ok(checked),
            Ok(Ok(Leaked::Yes)) => Err(NotTaken::Weak(vec![Weakness::Leaked])),
            Ok(Err(error)) => {
                tracing::warn!(kind = ?error.kind(), "the list of leaked passwords cannot be read: no password is taken");
                Err(NotTaken::Unknown)
            }
            Err(_) => Err(NotTaken::Unknown),
        }
    }

    fn held_against_rules(&self, password: &Secret<String>, own: &OwnData) -> Result<NewPassword, Vec<Weakness>> {
        if password.reveal().len() > MOST_BYTES * 4 {
            return Err(vec![Weakness::TooLong]);
        }
        let password = normalised(password);
        let text = password.reveal();
        if text.len() > MOST_BYTES {
            return Err(vec![Weakness::TooLong]);
        }
        let length = text.chars().count();
        let mut broken = Vec::new();
        if length < LEAST {
            broken.push(Weakness::TooShort);
        } else if length < LONG && !has_all_classes(text) {
            broken.push(Weakness::NeedsClasses);
        }
        let small = Zeroizing::new(folded(text));
        let is_common = BUILT_IN.contains(small.as_str()) || self.further.contains(small.as_str());
        if is_common {
            broken.push(Weakness::TooCommon);
        }
        if own.is_within(&small) {
            broken.push(Weakness::HoldsOwnData);
        }
        if !broken.is_empty() {
            return Err(broken);
        }
        let guesses = guesses(text, own);
        if guesses < LEAST_GUESSES {
            return Err(vec![Weakness::Guessable]);
        }
        Ok(NewPassword { password, strength: Strength::of(guesses) })
    }
}

/// The form in which passwords are hashed and compared: composed (NFC). One that is longer than any may be stays as it
/// is: it matches nothing, and is not worth the work.
#[must_use]
pub fn normalised(password: &Secret<String>) -> Secret<String> {
    Secret::new(nfc(password.reveal()))
}

fn has_all_classes(text: &str) -> bool {
    let is_special = |c: char| !c.is_alphanumeric();
    text.chars().any(char::is_uppercase)
        && text.chars().any(char::is_lowercase)
        && text.chars().any(char::is_numeric)
        && text.chars().any(is_special)
}

/// An estimate by its patterns (words, names, keyboards, dates, repetition) of how many guesses find it.
fn guesses(text: &str, own: &OwnData) -> u64 {
    let start = Zeroizing::new(text.chars().take(ESTIMATED).collect::<String>());
    let parts: Vec<&str> = own.0.iter().map(|part| part.reveal().as_str()).collect();
    zxcvbn::zxcvbn(&start, &parts).guesses()
}

/// The service's own name, which many would think of.
const SERVICE: &str = "seif";

/// What a password must not hold: the parts of its owner's data and the service's name, folded, with and without their
/// accents.
#[derive(Debug, Clone)]
pub struct OwnData(Vec<Personal<String>>);

impl Default for OwnData {
    fn default() -> Self {
        Self::new()
    }
}

impl OwnData {
    /// Nothing known yet but the service.
    #[must_use]
    pub fn new() -> Self {
        Self(vec![Personal::new(SERVICE.to_owned())])
    }

    /// With a name of a person or a business: each of its words.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.add_words(name);
        self
    }

    /// With an address: what stands before the @, its words, and the domain's labels but the last.
    #[must_use]
    pub fn email(mut self, address: &EmailAddress) -> Self {
        let (local, domain) = address.display().rsplit_once('@').unwrap_or_default();
        self.add(local);
        self.add_words(local);
        self.add_words(domain.rsplit_once('.').map_or("", |(labels, _)| labels));
        self
    }

    /// With a phone number: its last six digits, which every longer spelling ends in.
    #[must_use]
    pub fn phone(mut self, number: &PhoneNumber) -> Self {
        let digits = number.e164();
        if let Some(end) = digits.len().checked_sub(6).and_then(|start| digits.get(start..)) {
            self.add(end);
        }
        self
    }

    fn add_words(&mut self, text: &str) {
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            self.add(word);
        }
    }

    fn add(&mut self, part: &str) {
        let part = folded(part);
        let plain = without_accents(&part);
        for part in [part, plain] {
            if part.chars().count() >= LEAST_PART && !self.0.iter().any(|known| *known.reveal() == part) {
                self.0.push(Personal::new(part));
            }
        }
    }

    fn is_within(&self, folded_password: &str) -> bool {
        let plain = Zeroizing::new(without_accents(folded_password));
        self.0.iter().any(|part| folded_password.contains(part.reveal()) || plain.contains(part.reveal()))
    }
}

fn without_accents(text: &str) -> String {
    text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), Vec<Weakness>> {
        check_with(password, &OwnData::new())
    }

    fn check_with(password: &str, own: &OwnData) -> Result<(), Vec<Weakness>> {
        Passwords::default().held_against_rules(&Secret::new(password.to_owned()), own).map(drop)
    }

    #[test]
    fn eight_to_fourteen_characters_need_all_four_classes_and_fifteen_need_none() {
        // R-6, S-13
        assert_eq!(check("7rK#vq2!"), Ok(()));
        assert_eq!(check("7rK#vq2"), Err(vec![Weakness::TooShort]));
        for lacking in ["7rk#vq2!xw", "7RK#VQ2!XW", "frK#vqp!xw", "7rKhvq2sxw", "7rKhvq2sxwPbnT"] {
            assert_eq!(check(lacking), Err(vec![Weakness::NeedsClasses]), "{lacking}");
        }
        assert_eq!(check("vqtzkhwmrpxndlb"), Ok(()));
        assert_eq!(check("ūdensroze klusi peld pret straumi"), Ok(()));
    }

    #[test]
    fn characters_are_counted_after_composition_and_letters_of_any_script_count() {
        // Seven letters, each written as a letter and a combining mark.
        assert_eq!(check(&"a\u{304}".repeat(7)), Err(vec![Weakness::TooShort]));
        assert_eq!(check("Қж7#ңөүұ2"), Ok(()));
        let (composed, spread) = ("ā".repeat(3), "a\u{304}".repeat(3));
        let normal = |text: &str| normalised(&Secret::new(text.to_owned())).reveal().clone();
        assert_eq!(normal(&spread), normal(&composed));
    }

    #[test]
    fn a_password_has_at_most_1024_bytes_and_is_never_cut() {
        let long: String = (0..1024u32).filter_map(|i| char::from_digit(i * i % 31 % 10, 10)).collect();
        assert_eq!(check(&long), Ok(()));
        assert_eq!(check(&format!("{long}1")), Err(vec![Weakness::TooLong]));
        let kept = Passwords::default().held_against_rules(&Secret::new(long.clone()), &OwnData::new()).unwrap();
        assert_eq!(*kept.into_secret().reveal(), long);
    }

    #[test]
    fn a_common_password_is_refused_in_any_case_and_so_is_one_of_the_operators_list() {
        assert!(BUILT_IN.len() >= 10_000);
        assert!(BUILT_IN.iter().all(|line| folded(line) == *line || line.trim() != *line));
        assert_eq!(check("PASSWORD").unwrap_err(), [Weakness::NeedsClasses, Weakness::TooCommon]);
        let passwords = Passwords::new("Vqtzkhwm-Rpxndlb9\n\n", None);
        let refused = passwords.held_against_rules(&Secret::new("vqtzkhwm-rpxndlb9".to_owned()), &OwnData::new());
        assert_eq!(refused.unwrap_err(), [Weakness::TooCommon]);
        assert_eq!(check("vqtzkhwm-rpxndlb9"), Ok(()));
    }

    #[test]
    fn a_guessable_password_is_refused_however_long() {
        //
        for guessable in ["Password1!", "aaaaaaaaaaaaaaaaaaaa", "qwertyuiopasdfgh", "123456789012345678", "Summer2024!"]
        {
            let broken = check(guessable).unwrap_err();
            assert!(broken.contains(&Weakness::Guessable) || broken.contains(&Weakness::TooCommon), "{guessable}");
        }
    }

    #[test]
    fn a_password_holds_nothing_of_its_owner() {
        //
        let own = OwnData::new()
            .name("Anna Bērziņa-Kalniete")
            .name("SIA Zilais Vilnis")
            .email(&EmailAddress::parse("a.liepkalne77@zvejnieks.lv").unwrap())
            .phone(&PhoneNumber::parse("+37129123456", None).unwrap());
        for held in [
            "BĒRZIŅA",
            "berzina",
            "Kalniete",
            "anna",
            "zilais",
            "liepkalne77",
            "zvejnieks",
            "29123456",
            "123456",
            "SEIF",
        ] {
            let broken = check_with(&format!("vq7#Tz {held} khw!Mrp"), &own).unwrap_err();
            assert_eq!(broken, [Weakness::HoldsOwnData], "{held}");
        }
        // Three letters are too common to be told as one's own.
        assert_eq!(check_with("vq7#Tz SIA khw!Mrp", &own), Ok(()));
    }

    #[test]
    fn every_reason_has_a_code_and_an_advice_of_its_own() {
        use Weakness as W;
        let all = [W::TooShort, W::TooLong, W::NeedsClasses, W::TooCommon, W::Guessable, W::HoldsOwnData, W::Leaked];
        let told: HashSet<_> = all.iter().flat_map(|weakness| [weakness.code(), weakness.advice()]).collect();
        assert_eq!(told.len(), 2 * all.len());
    }
    #[test]
    fn a_password_is_told_as_fair_good_or_strong() {
        //
        let strength = |password: &str| {
            let password = Secret::new(password.to_owned());
            Passwords::default().held_against_rules(&password, &OwnData::new()).unwrap().strength()
        };
        assert_eq!(strength("7rK#vq2!"), Strength::Fair);
        assert_eq!(strength("7rK#vq2!xwL"), Strength::Good);
        assert_eq!(strength("ūdensroze klusi peld pret straumi"), Strength::Strong);
        assert!(Strength::of(GOOD_GUESSES - 1) < Strength::of(GOOD_GUESSES));
        assert!(Strength::of(STRONG_GUESSES - 1) < Strength::of(STRONG_GUESSES));
    }
}
