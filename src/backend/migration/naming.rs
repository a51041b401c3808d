//! Names that people would give: the name in the file, else a short form of the description, else the block.

use std::collections::{BTreeMap, BTreeSet};

use super::types::{Place, Remark};
use crate::ipam::Cidr;

/// The maximum number of letters of a name that a description leads to.
const WORDS_MAX: usize = 40;
/// The maximum number of letters of a name, as the resources have it.
const NAME_MAX: usize = 255;

/// An object that needs a name among others.
#[derive(Clone, Debug)]
pub(super) struct Named<'a> {
    /// The name in the file.
    pub(super) name: Option<&'a str>,
    /// The description in the file.
    pub(super) description: Option<&'a str>,
    /// What the block, or the address, is called.
    pub(super) block: String,
    /// Where it is.
    pub(super) place: &'a Place,
    /// The id in the other system. Objects with one id, or on one line, are parts of one thing.
    pub(super) source_id: Option<&'a str>,
    /// Whether it is IPv6.
    pub(super) is_ipv6: bool,
}

/// A block as a part of a name. A slash would end a part of a path.
pub(super) fn block_word(cidr: &Cidr) -> String {
    format!("{}-{}", cidr.first_address(), cidr.netmask_length())
}

/// The name without white space around it and without letters that names cannot have.
pub(super) fn cleaned(name: &str, may_hold_slash: bool) -> String {
    let good = |c: char| if c.is_control() || (c == '/' && !may_hold_slash) { '-' } else { c };
    name.trim().chars().map(good).collect()
}

/// The words of a mistake as a sentence.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The first words of a description, in small letters with hyphens; `None` if there are none.
fn short(description: &str) -> Option<String> {
    let mut short = String::new();
    let line = description.lines().find(|line| !line.trim().is_empty())?;
    for word in line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let more = usize::from(!short.is_empty()) + word.chars().count();
        if short.chars().count() + more > WORDS_MAX {
            break;
        }
        if !short.is_empty() {
            short.push('-');
        }
        short.extend(word.chars().flat_map(char::to_lowercase));
    }
    (!short.is_empty()).then_some(short)
}

/// A name for each of these objects, all different. With `distinct`, names in the files that are the same are no
/// conflict. `where_`: the place of all of them, for messages.
pub(super) fn names(
    objects: &[Named<'_>],
    distinct: bool,
    may_hold_slash: bool,
    where_: &str,
    conflicts: &mut Vec<Remark>,
) -> Vec<String> {
    let own =
        |object: &Named<'_>| object.name.map(|name| cleaned(name, may_hold_slash)).filter(|name| !name.is_empty());
    let wished: Vec<String> = objects
        .iter()
        .map(|object| own(object).or_else(|| short(object.description?)).unwrap_or_else(|| object.block.clone()))
        .collect();
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, name) in wished.iter().enumerate() {
        groups.entry(name).or_default().push(index);
    }
    let mut names = wished.clone();
    for (name, group) in &groups {
        if group.len() == 1 {
            continue;
        }
        let explicit: Vec<usize> = group.iter().copied().filter(|index| own(&objects[*index]).is_some()).collect();
        let keeps = keeper(objects, &explicit, group);
        if keeps.is_none() && !distinct {
            clashes(objects, &explicit, name, where_, conflicts);
        }
        for index in group.iter().filter(|index| keeps != Some(**index)) {
            let is_other_family = keeps.is_some_and(|first| group.len() == 2 && !objects[first].is_ipv6);
            let word = if is_other_family && objects[*index].is_ipv6 { "ipv6" } else { &objects[*index].block };
            names[*index] = format!("{name}-{word}");
        }
    }
    separate(&mut names, objects);
    for (object, name) in objects.iter().zip(&names) {
        if name.chars().count() > NAME_MAX {
            let what = format!("The name has more than {NAME_MAX} characters. Shorten it.");
            conflicts.push(Remark { place: object.place.clone(), what });
        }
    }
    names
}

/// The object of a group that keeps the name as it is: the only one that has it in the file, or the IPv4 one of an IPv4
/// and an IPv6 object.
fn keeper(objects: &[Named<'_>], explicit: &[usize], group: &[usize]) -> Option<usize> {
    match explicit {
        [only] => Some(*only),
        [one, other] if group.len() == 2 && objects[*one].is_ipv6 != objects[*other].is_ipv6 => {
            Some(if objects[*one].is_ipv6 { *other } else { *one })
        }
        _ => None,
    }
}

/// Whether two objects are parts of one thing.
fn are_one(one: &Named<'_>, other: &Named<'_>) -> bool {
    (one.source_id.is_some() && one.source_id == other.source_id)
        || (one.place.line.is_some() && one.place == other.place)
}

fn clashes(objects: &[Named<'_>], explicit: &[usize], name: &str, where_: &str, conflicts: &mut Vec<Remark>) {
    let Some((first, others)) = explicit.split_first() else { return };
    for other in others.iter().filter(|other| !are_one(&objects[*first], &objects[**other])) {
        let what = format!(
            "The name {name:?} is there twice {where_}, first in {}. Change one of them, or run with --distinct-names.",
            objects[*first].place
        );
        conflicts.push(Remark { place: objects[*other].place.clone(), what });
    }
}

/// Makes names differ that are the same by chance, in the order of the objects.
fn separate(names: &mut [String], objects: &[Named<'_>]) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for (name, object) in names.iter_mut().zip(objects) {
        let wished = name.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            *name = if number == 2 { format!("{wished}-{}", object.block) } else { format!("{wished}-{number}") };
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<'a>(name: Option<&'a str>, description: Option<&'a str>, block: &str, place: &'a Place) -> Named<'a> {
        Named { name, description, block: block.to_owned(), place, source_id: None, is_ipv6: false }
    }

    #[test]
    fn a_name_is_what_the_file_calls_it_or_a_short_form_of_the_description() {
        let place = Place::default();
        let objects = [
            named(Some(" web/1 "), Some("other"), "a", &place),
            named(
                None,
                Some("\nWeb servers (EU), floor 3 — büro and everything else that is there\nmore"),
                "b",
                &place,
            ),
            named(None, Some("--"), "10.0.0.0-24", &place),
            named(Some(""), None, "10.0.1.0-24", &place),
        ];
        let names = names(&objects, false, false, "here", &mut Vec::new());
        assert_eq!(names, ["web-1", "web-servers-eu-floor-3-büro-and", "10.0.0.0-24", "10.0.1.0-24"]);
    }

    #[test]
    fn descriptions_that_are_the_same_are_told_apart_by_the_block() {
        let place = Place::default();
        let objects = [
            named(None, Some("Web"), "10.0.0.0-24", &place),
            named(None, Some("web"), "10.0.1.0-24", &place),
            named(Some("web"), None, "10.0.2.0-24", &place),
        ];
        let mut conflicts = Vec::new();
        assert_eq!(
            names(&objects, false, false, "here", &mut conflicts),
            ["web-10.0.0.0-24", "web-10.0.1.0-24", "web"]
        );
        assert_eq!(conflicts, []);
    }

    #[test]
    fn names_of_the_file_that_clash_are_a_conflict_unless_they_are_one_thing() {
        let (one, two) = (Place { file: "a".into(), line: Some(1) }, Place { file: "a".into(), line: Some(2) });
        let objects = [named(Some("web"), None, "x", &one), named(Some("web"), None, "y", &two)];
        let mut conflicts = Vec::new();
        names(&objects, false, false, "in pool p", &mut conflicts);
        let [conflict] = conflicts.as_slice() else { panic!("{conflicts:?}") };
        assert_eq!(conflict.place, two);
        assert!(conflict.what.contains("first in a, line 1"), "{conflict:?}");
        conflicts.clear();
        assert_eq!(names(&objects, true, false, "", &mut conflicts), ["web-x", "web-y"]);
        let mut pair = [objects[0].clone(), Named { is_ipv6: true, place: &one, ..objects[1].clone() }];
        assert_eq!(names(&pair, false, false, "", &mut conflicts), ["web", "web-ipv6"]);
        pair[1].is_ipv6 = false;
        assert_eq!(names(&pair, false, false, "", &mut conflicts), ["web-x", "web-y"]);
        assert_eq!(conflicts, []);
    }

    #[test]
    fn a_name_that_is_too_long_is_a_conflict() {
        let place = Place::default();
        let long = "x".repeat(256);
        let mut conflicts = Vec::new();
        names(&[named(Some(&long), None, "a", &place)], false, false, "", &mut conflicts);
        assert_eq!(conflicts.len(), 1);
    }
}
