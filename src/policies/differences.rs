//! What changes from one text to another, word by word.
//!
//! Lines are matched first, and words only within lines that were replaced: a text of hundreds of lines costs
//! milliseconds. Put together, what is the same and what was removed is the first text, what is the same and what was added
//! is the second.

use std::hash::Hash;

/// A piece of a text beside another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// In both.
    Same(String),
    /// In the first alone.
    Removed(String),
    /// In the second alone.
    Added(String),
}

/// More pairs than these are not compared: such a passage counts as replaced as a whole.
const PAIRS: usize = 4_000_000;

/// What leads from `before` to `after`, in order; neighbours of one kind are one piece.
#[must_use]
pub fn differences(before: &str, after: &str) -> Vec<Difference> {
    let (before, after) = (lines(before), lines(after));
    let mut all = Vec::new();
    let (mut removed, mut added) = (String::new(), String::new());
    for step in steps(&before, &after) {
        match step {
            Step::Both(line) => {
                within(&mut all, &removed, &added);
                removed.clear();
                added.clear();
                push(&mut all, Difference::Same(line.to_owned()));
            }
            Step::Before(line) => removed.push_str(line),
            Step::After(line) => added.push_str(line),
        }
    }
    within(&mut all, &removed, &added);
    all
}

/// The words of a passage that was replaced.
fn within(all: &mut Vec<Difference>, removed: &str, added: &str) {
    for step in steps(&words(removed), &words(added)) {
        push(
            all,
            match step {
                Step::Both(word) => Difference::Same(word.to_owned()),
                Step::Before(word) => Difference::Removed(word.to_owned()),
                Step::After(word) => Difference::Added(word.to_owned()),
            },
        );
    }
}

fn push(all: &mut Vec<Difference>, next: Difference) {
    match (all.last_mut(), &next) {
        (Some(Difference::Same(text)), Difference::Same(more))
        | (Some(Difference::Removed(text)), Difference::Removed(more))
        | (Some(Difference::Added(text)), Difference::Added(more)) => text.push_str(more),
        _ => all.push(next),
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Words, and what stands between them.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let alike = |c: char| c.is_alphanumeric() == first.is_alphanumeric() && first.is_alphanumeric();
        let end =
            if first.is_alphanumeric() { rest.find(|c| !alike(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after;
    }
    words
}

enum Step<'t> {
    Both(&'t str),
    Before(&'t str),
    After(&'t str),
}

/// The steps from one sequence to the other by a longest common subsequence, what goes before what comes.
fn steps<'t>(before: &[&'t str], after: &[&'t str]) -> Vec<Step<'t>> {
    let head = alike(before.iter(), after.iter());
    let (start, before) = before.split_at(head);
    let after = after.split_at(head).1;
    let tail = alike(before.iter().rev(), after.iter().rev());
    let (before, end) = before.split_at(before.len().saturating_sub(tail));
    let after = after.split_at(after.len().saturating_sub(tail)).0;
    let mut steps: Vec<Step<'t>> = start.iter().map(|piece| Step::Both(piece)).collect();
    middle(&mut steps, before, after);
    steps.extend(end.iter().map(|piece| Step::Both(piece)));
    steps
}

fn alike<T: PartialEq + Hash>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

fn middle<'t>(steps: &mut Vec<Step<'t>>, before: &[&'t str], after: &[&'t str]) {
    if before.len().saturating_mul(after.len()) > PAIRS {
        steps.extend(before.iter().map(|piece| Step::Before(piece)));
        steps.extend(after.iter().map(|piece| Step::After(piece)));
        return;
    }
    let common = common(before, after);
    let at = |one: usize, other: usize| common.get(one).and_then(|row| row.get(other)).copied().unwrap_or(0);
    let (mut one, mut other) = (0, 0);
    loop {
        match (before.get(one), after.get(other)) {
            (Some(mine), Some(theirs)) if mine == theirs => {
                steps.push(Step::Both(mine));
                (one, other) = (one + 1, other + 1);
            }
            (Some(mine), Some(_)) if at(one + 1, other) >= at(one, other + 1) => {
                steps.push(Step::Before(mine));
                one += 1;
            }
            (_, Some(theirs)) => {
                steps.push(Step::After(theirs));
                other += 1;
            }
            (Some(mine), None) => {
                steps.push(Step::Before(mine));
                one += 1;
            }
            (None, None) => return,
        }
    }
}

/// How long a common subsequence there is from each pair of places on.
fn common(before: &[&str], after: &[&str]) -> Vec<Vec<u32>> {
    let mut table = vec![vec![0u32; after.len() + 1]];
    for mine in before.iter().rev() {
        let mut row = vec![0u32; after.len() + 1];
        let below = table.last().cloned().unwrap_or_default();
        for (place, theirs) in after.iter().enumerate().rev() {
            let longest = if mine == theirs {
                below.get(place + 1).copied().unwrap_or(0) + 1
            } else {
                below.get(place).copied().unwrap_or(0).max(row.get(place + 1).copied().unwrap_or(0))
            };
            if let Some(cell) = row.get_mut(place) {
                *cell = longest;
            }
        }
        table.push(row);
    }
    table.reverse();
    table
}

#[cfg(test)]
mod tests {
    use super::Difference::{Added, Removed, Same};
    use super::*;

    fn put_together(all: &[Difference]) -> (String, String) {
        let (mut before, mut after) = (String::new(), String::new());
        for piece in all {
            match piece {
                Same(text) => {
                    before.push_str(text);
                    after.push_str(text);
                }
                Removed(text) => before.push_str(text),
                Added(text) => after.push_str(text),
            }
        }
        (before, after)
    }

    #[test]
    fn a_changed_word_is_told_alone() {
        let all = differences("# T\n\nWe keep it 30 days.\nEnd.\n", "# T\n\nWe keep it 90 days.\nEnd.\n");
        let same = |text: &str| Same(text.to_owned());
        assert_eq!(
            all,
            [same("# T\n\nWe keep it "), Removed("30".to_owned()), Added("90".to_owned()), same(" days.\nEnd.\n")]
        );
        assert_eq!(differences("ā b", "ā b"), [same("ā b")]);
        assert_eq!(differences("", ""), []);
    }

    proptest::proptest! {
        #[test]
        fn put_together_the_pieces_are_both_texts(before in "([a-cā] ?|\n){0,40}", after in "([a-cā] ?|\n){0,40}") {
            let all = differences(&before, &after);
            proptest::prop_assert_eq!(put_together(&all), (before.clone(), after.clone()));
            let alike = |pair: &[Difference]| std::mem::discriminant(&pair[0]) == std::mem::discriminant(&pair[1]);
            proptest::prop_assert!(!all.windows(2).any(alike), "{:?}", all);
            if before == after {
                proptest::prop_assert!(all.iter().all(|piece| matches!(piece, Same(_))));
            }
        }
    }
}
