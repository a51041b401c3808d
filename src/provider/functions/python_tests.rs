//! Random calls of the functions, compared with the module `ipaddress` of Python.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use super::testing::call;
use crate::ipam::{Cidr, Family};
use crate::tf::{Number, Value};

/// Reads one call on each line, computes the answer again, and prints the calls whose answer is another one.
const SCRIPT: &str = include_str!("python_tests.py");
/// Calls of each function.
const CALLS: usize = 300;

#[derive(Clone, Debug)]
enum Argument {
    Text(String),
    Number(Number),
    List(Vec<String>),
}

impl Argument {
    fn value(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => Value::Number(number.clone()),
            Self::List(texts) => Value::List(texts.iter().map(|text| text.as_str().into()).collect()),
        }
    }

    /// Numbers are texts, because many parsers of JSON do not keep large ones.
    fn json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number) => json!(number.to_string()),
            Self::List(texts) => json!(texts),
        }
    }
}

fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(truth) => json!(truth),
        Value::String(text) => json!(text),
        Value::Number(number) => json!(number.to_string()),
        Value::List(items) => items.iter().map(json_of).collect(),
        Value::Map(entries) => entries.iter().map(|(name, value)| (name.clone(), json_of(value))).collect(),
        Value::Null => serde_json::Value::Null,
        other => panic!("{other:?}"),
    }
}

fn family() -> impl Strategy<Value = Family> + Clone {
    prop_oneof![Just(Family::Ipv4), Just(Family::Ipv6)]
}

/// Half of the blocks are anywhere; the others begin in the same 64 addresses, so that they meet.
fn block(family: Family) -> impl Strategy<Value = Cidr> + Clone {
    let bits = family.bits();
    let anywhere = (any::<u128>(), 0..=bits)
        .prop_map(move |(address, length)| Cidr::around(family, address & Cidr::around(family, 0, 0).last(), length));
    let together = (0u128..16, 0u8..=5).prop_map(move |(host, host_bits)| {
        Cidr::around(family, Cidr::around(family, 0, 0).last() - 64 + host, bits - host_bits)
    });
    prop_oneof![anywhere, together]
}

fn text(cidr: Cidr) -> Argument {
    Argument::Text(cidr.to_string())
}

fn texts(cidrs: &[Cidr]) -> Argument {
    Argument::List(cidrs.iter().map(ToString::to_string).collect())
}

fn blocks(family: Family, least: usize) -> impl Strategy<Value = Vec<Cidr>> {
    prop::collection::vec(block(family), least..10)
}

fn one_block() -> BoxedStrategy<Vec<Argument>> {
    family().prop_flat_map(block).prop_map(|cidr| vec![text(cidr)]).boxed()
}

fn two_blocks() -> BoxedStrategy<Vec<Argument>> {
    family().prop_flat_map(|family| (block(family), block(family))).prop_map(|(a, b)| vec![text(a), text(b)]).boxed()
}

fn one_list(least: usize) -> BoxedStrategy<Vec<Argument>> {
    family().prop_flat_map(move |family| blocks(family, least)).prop_map(|list| vec![texts(&list)]).boxed()
}

fn two_lists() -> BoxedStrategy<Vec<Argument>> {
    let both = family().prop_flat_map(|family| (blocks(family, 0), blocks(family, 0)));
    both.prop_map(|(a, b)| vec![texts(&a), texts(&b)]).boxed()
}

/// A block, a length that it can be divided into, and a position there.
fn position() -> BoxedStrategy<Vec<Argument>> {
    let drawn = family().prop_flat_map(|family| (block(family), any::<u8>(), any::<u128>()));
    let arguments = |(cidr, more, index): (Cidr, u8, u128)| {
        let more = more % (cidr.host_bits() + 1);
        let index = if more == 128 { index } else { index % (1u128 << more) };
        let length = i64::from(cidr.netmask_length() + more);
        vec![text(cidr), Argument::Number(length.into()), Argument::Number(index.into())]
    };
    drawn.prop_map(arguments).boxed()
}

/// A block and a length that divides it into a few.
fn few_parts() -> BoxedStrategy<Vec<Argument>> {
    let arguments = |(cidr, more): (Cidr, u8)| {
        let length = (cidr.netmask_length() + more).min(cidr.family().bits());
        vec![text(cidr), Argument::Number(i64::from(length).into())]
    };
    family().prop_flat_map(|family| (block(family), 0u8..6)).prop_map(arguments).boxed()
}

fn range() -> BoxedStrategy<Vec<Argument>> {
    let ordered = |(a, b): (Cidr, Cidr)| {
        let (first, last) = (a.min(b).first_address(), a.max(b).first_address());
        vec![Argument::Text(first.to_string()), Argument::Text(last.to_string())]
    };
    family().prop_flat_map(|family| (block(family), block(family))).prop_map(ordered).boxed()
}

/// An address, and blocks of both families.
fn address_and_list() -> BoxedStrategy<Vec<Argument>> {
    let lists = (blocks(Family::Ipv4, 0), blocks(Family::Ipv6, 0));
    let arguments = |(address, (v4, v6)): (Cidr, (Vec<Cidr>, Vec<Cidr>))| {
        vec![Argument::Text(address.first_address().to_string()), texts(&[v4, v6].concat())]
    };
    (family().prop_flat_map(block), lists).prop_map(arguments).boxed()
}

/// Texts that are CIDRs or nearly.
fn nearly_cidr() -> BoxedStrategy<Vec<Argument>> {
    let odd = prop_oneof![
        Just("10.0.0.0/33".to_owned()),
        Just("::/129".to_owned()),
        Just("10.0.0/24".to_owned()),
        Just("10.0.0.0/".to_owned()),
        Just(" 10.0.0.0/8".to_owned()),
        Just("10.0.0.256/32".to_owned()),
        Just("1::2::3/128".to_owned()),
        Just("::ffff:10.0.0.0/104".to_owned()),
        Just("/8".to_owned()),
        "[0-9a-f:.]{1,12}/(0|[1-9][0-9]{0,2})",
    ];
    let with_host_bits = family().prop_flat_map(|family| (block(family), 0..=family.bits()));
    let with_host_bits = with_host_bits.prop_map(|(cidr, length)| format!("{}/{length}", cidr.last_address()));
    prop_oneof![odd, with_host_bits].prop_map(|text| vec![Argument::Text(text)]).boxed()
}

#[test]
fn functions_agree_with_ipaddress_of_python() {
    let arguments: [(&str, BoxedStrategy<Vec<Argument>>); 15] = [
        ("cidr_contains", two_blocks()),
        ("cidr_overlaps", two_blocks()),
        ("cidrs_overlap", one_list(0)),
        ("ip_in", address_and_list()),
        ("cidr_info", one_block()),
        ("cidr_hosts", one_block()),
        ("range_to_cidrs", range()),
        ("cidr_merge", one_list(0)),
        ("cidr_subtract", two_lists()),
        ("cidr_intersect", two_lists()),
        ("cidr_supernet", one_list(1)),
        ("cidr_sort", one_list(0)),
        ("cidr_split", few_parts()),
        ("cidr_at", position()),
        ("cidr_valid", nearly_cidr()),
    ];
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let mut lines = String::new();
    for (name, arguments) in &arguments {
        for _ in 0..CALLS {
            let arguments = arguments.new_tree(&mut runner).unwrap().current();
            let values: Vec<Value> = arguments.iter().map(Argument::value).collect();
            let answer = call(name, &values).unwrap_or_else(|error| panic!("{name} of {arguments:?}: {error:?}"));
            let arguments: Vec<_> = arguments.iter().map(Argument::json).collect();
            lines += &json!({ "function": name, "arguments": arguments, "answer": json_of(&answer) }).to_string();
            lines.push('\n');
        }
    }
    let mut python = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is in PATH");
    python.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "python3 failed: see its message above");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, format!("{} calls, 0 differences\n", CALLS * arguments.len()));
}
