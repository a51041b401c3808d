//! Reads Rust code as words and signs, and the paths in it.

/// The words and signs of a source text. A text in quotes is one token, without its end; comments and lifetimes are left
/// out.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_text(rest) {
            length
        } else if letter == '"' {
            let length = quoted(rest);
            found.push(rest[..length - 1].to_owned());
            length
        } else if letter == '\'' {
            character(rest)
        } else if letter.is_alphanumeric() || letter == '_' {
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            found.push(rest[..end].to_owned());
            end
        } else if rest.starts_with("::") {
            found.push("::".to_owned());
            2
        } else {
            if !letter.is_whitespace() {
                found.push(letter.to_string());
            }
            letter.len_utf8()
        };
        rest = &rest[length..];
    }
    found
}

/// The length of a raw text such as `r#"..."#` at the start of `rest`.
fn raw_text(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inner = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let closed = inner.find(&end)? + end.len();
    Some(rest.len() - inner.len() + closed)
}

/// The length of a text in quotes.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character such as `'a'` or `'\n'`, or of the apostrophe of a lifetime with its name.
fn character(rest: &str) -> usize {
    let letters: Vec<char> = rest.chars().take(3).collect();
    match letters[..] {
        [_, '\\', escaped] => 2 + escaped.len_utf8() + rest[2 + escaped.len_utf8()..].find('\'').unwrap() + 1,
        [_, letter, '\''] => 2 + letter.len_utf8(),
        _ => {
            rest[1..].find(|letter: char| !letter.is_alphanumeric() && letter != '_').map_or(rest.len(), |end| end + 1)
        }
    }
}

/// Leaves out what stands behind `#[cfg(test)]`: an item up to its semicolon or its closing brace.
pub(crate) fn without_tests(tokens: Vec<String>) -> Vec<String> {
    let marker = ["#", "[", "cfg", "(", "test", ")", "]"].map(str::to_owned);
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if !tokens[at..].starts_with(&marker) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += marker.len();
        loop {
            match tokens.get(at).map_or(";", String::as_str) {
                ";" => break,
                "{" => {
                    at = closing(&tokens, at);
                    break;
                }
                "(" | "[" => at = closing(&tokens, at) + 1,
                _ => at += 1,
            }
        }
        at += 1;
    }
    kept
}

/// The place of the sign that closes the bracket at `open`.
pub(crate) fn closing(tokens: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

pub(crate) fn is_word(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// The path that the tokens begin with.
pub(crate) fn path_at(tokens: &[String]) -> Vec<String> {
    let mut path = vec![tokens[0].clone()];
    for pair in tokens[1..].chunks_exact(2) {
        if pair[0] != "::" || !is_word(&pair[1]) {
            break;
        }
        path.push(pair[1].clone());
    }
    path
}

/// The paths in code after every `root`, such as `std`, with groups expanded: `std::{fs, time::Instant}` is two paths.
pub(crate) fn paths_after(root: &str, tokens: &[String]) -> Vec<Vec<String>> {
    let starts = |at: &usize| tokens[*at] == root && tokens.get(at + 1).is_some_and(|next| next == "::");
    let is_first = |at: &usize| *at == 0 || tokens[at - 1] != "::";
    let trees = (0..tokens.len()).filter(starts).filter(is_first).map(|at| tree(&tokens[at + 2..]));
    trees.flat_map(named).map(|(_, path)| path).collect()
}

/// The path that the tokens begin with, up to its end or to the end of its group.
fn tree(tokens: &[String]) -> &[String] {
    let mut end = 0;
    while let Some(token) = tokens.get(end) {
        match token.as_str() {
            "{" => return &tokens[..(closing(tokens, end) + 1).min(tokens.len())],
            "*" => return &tokens[..=end],
            word if is_word(word) => end += 1,
            _ => break,
        }
        if tokens.get(end).is_none_or(|next| next != "::") {
            break;
        }
        end += 1;
    }
    &tokens[..end]
}

/// The paths of the tree of a `use`, each with the name that it brings in; a `*` has no name.
pub(crate) fn named(tree: &[String]) -> Vec<(Option<String>, Vec<String>)> {
    let mut found = Vec::new();
    add_named(tree, &[], &mut found);
    found
}

fn add_named(tree: &[String], before: &[String], found: &mut Vec<(Option<String>, Vec<String>)>) {
    let (mut path, mut at) = (before.to_vec(), 0);
    while let Some(token) = tree.get(at) {
        match token.as_str() {
            "{" => {
                let end = closing(tree, at);
                for member in members(&tree[at + 1..end]) {
                    add_named(member, &path, found);
                }
                return;
            }
            "as" => {
                found.push((Some(tree[at + 1].clone()), path));
                return;
            }
            "*" => {
                found.push((None, path));
                return;
            }
            "self" if !path.is_empty() => {}
            word if is_word(word) => path.push(word.to_owned()),
            _ => {}
        }
        at += 1;
    }
    if let Some(name) = path.last().cloned() {
        found.push((Some(name), path));
    }
}

/// The members of a group: the tokens between its commas.
fn members(group: &[String]) -> Vec<&[String]> {
    let (mut list, mut start, mut at) = (Vec::new(), 0, 0);
    while at < group.len() {
        match group[at].as_str() {
            "{" => at = closing(group, at),
            "," => {
                list.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    list.push(&group[start..]);
    list.retain(|member| !member.is_empty());
    list
}
