//! Words that support says back: short, common, and hard to mistake for each other on the telephone.

use crate::kernel::entropy::Entropy;
use crate::kernel::values::Locale;

/// So many in each language.
const MANY: usize = 32;

const EN: [&str; MANY] = [
    "apple", "bridge", "candle", "dolphin", "engine", "forest", "garden", "hammer", "island", "jacket", "kitchen",
    "ladder", "market", "needle", "orange", "pepper", "quarry", "river", "silver", "table", "umbrella", "violin",
    "window", "yellow", "anchor", "basket", "copper", "desert", "feather", "guitar", "honey", "lemon",
];

const LV: [&str; MANY] = [
    "ābols",
    "tilts",
    "svece",
    "delfīns",
    "dzinējs",
    "mežs",
    "dārzs",
    "āmurs",
    "sala",
    "jaka",
    "virtuve",
    "kāpnes",
    "tirgus",
    "adata",
    "apelsīns",
    "pipars",
    "kalns",
    "upe",
    "sudrabs",
    "galds",
    "lietussargs",
    "vijole",
    "logs",
    "saule",
    "enkurs",
    "grozs",
    "varš",
    "tuksnesis",
    "spalva",
    "ģitāra",
    "medus",
    "citrons",
];

const LT: [&str; MANY] = [
    "obuolys",
    "tiltas",
    "žvakė",
    "delfinas",
    "variklis",
    "miškas",
    "sodas",
    "plaktukas",
    "sala",
    "striukė",
    "virtuvė",
    "kopėčios",
    "turgus",
    "adata",
    "apelsinas",
    "pipiras",
    "kalnas",
    "upė",
    "sidabras",
    "stalas",
    "skėtis",
    "smuikas",
    "langas",
    "saulė",
    "inkaras",
    "krepšys",
    "varis",
    "dykuma",
    "plunksna",
    "gitara",
    "medus",
    "citrina",
];

const ET: [&str; MANY] = [
    "õun",
    "sild",
    "küünal",
    "delfiin",
    "mootor",
    "mets",
    "aed",
    "haamer",
    "saar",
    "jakk",
    "köök",
    "redel",
    "turg",
    "nõel",
    "apelsin",
    "pipar",
    "mägi",
    "jõgi",
    "hõbe",
    "laud",
    "vihmavari",
    "viiul",
    "aken",
    "päike",
    "ankur",
    "korv",
    "vask",
    "kõrb",
    "sulg",
    "kitarr",
    "mesi",
    "sidrun",
];

const KK: [&str; MANY] = [
    "алма",
    "көпір",
    "шырақ",
    "балық",
    "қозғалтқыш",
    "орман",
    "бақша",
    "балға",
    "арал",
    "күрте",
    "асүй",
    "саты",
    "базар",
    "ине",
    "апельсин",
    "бұрыш",
    "тау",
    "өзен",
    "күміс",
    "үстел",
    "қолшатыр",
    "домбыра",
    "терезе",
    "күн",
    "зәкір",
    "себет",
    "мыс",
    "дала",
    "қауырсын",
    "кілем",
    "бал",
    "лимон",
];

/// So many words of a language, each drawn by itself.
pub(super) fn some(language: Locale, count: usize, entropy: &Entropy) -> impl Iterator<Item = &'static str> {
    let words = of(language);
    let bound = u32::try_from(MANY).unwrap_or(1);
    let drawn: Vec<usize> = (0..count).filter_map(|_| usize::try_from(entropy.below(bound)).ok()).collect();
    drawn.into_iter().filter_map(move |at| words.get(at).copied())
}

const fn of(language: Locale) -> &'static [&'static str; MANY] {
    match language {
        Locale::En => &EN,
        Locale::Lv => &LV,
        Locale::Lt => &LT,
        Locale::Et => &ET,
        Locale::Kk => &KK,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_word_stands_twice_in_a_language_and_three_are_drawn() {
        // S-12
        let entropy = Entropy::seeded(7);
        for language in Locale::ALL {
            assert_eq!(of(language).iter().collect::<BTreeSet<_>>().len(), MANY, "{language:?}");
            let drawn: Vec<_> = some(language, 3, &entropy).collect();
            assert!(drawn.len() == 3 && drawn.iter().all(|word| of(language).contains(word)));
        }
    }
}
