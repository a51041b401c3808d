//! Lists that are read page by page, where the SDK has no paginator or its paginator is too simple.

use std::future::Future;

use super::response::{Refusal, fault};

/// Limit for the number of pages. A longer list can only come from a server that never ends the list.
const PAGES_MAX: usize = 100_000;

/// Error codes of EC2 for a token that is too old.
const EXPIRED: [&str; 2] = ["InvalidNextToken", "InvalidPaginationToken"];

/// A page and the token of the next one.
type Page<T> = Result<(Vec<T>, Option<String>), Refusal>;

/// All pages. If EC2 no longer knows a token, the list is read again from the start, once, because the pages so far are
/// from another time.
pub(super) async fn all_pages<T, F>(page: impl Fn(Option<String>) -> F) -> Result<Vec<T>, Refusal>
where
    F: Future<Output = Page<T>>,
{
    match once(&page).await {
        Err(refusal) if refusal.code().is_some_and(|code| EXPIRED.contains(&code)) => {
            tracing::info!(action = refusal.action(), "a page token expired: the list begins again");
            once(&page).await
        }
        list => list,
    }
}

async fn once<T, F>(page: &impl Fn(Option<String>) -> F) -> Result<Vec<T>, Refusal>
where
    F: Future<Output = Page<T>>,
{
    let (mut list, mut token) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let (items, next) = page(token).await?;
        list.extend(items);
        token = next.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(list);
        }
    }
    Err(fault("Describe", "EndlessList", format!("the list had no end after {PAGES_MAX} pages")))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Returns the given answers one after the other, and records the requested tokens.
    fn ask_for(answers: Vec<Page<u8>>) -> (Result<Vec<u8>, Refusal>, Vec<Option<String>>) {
        let (answers, asked) = (RefCell::new(answers.into_iter()), RefCell::new(Vec::new()));
        let list = crate::runtime::block_on(all_pages(|token| {
            asked.borrow_mut().push(token);
            std::future::ready(answers.borrow_mut().next().unwrap())
        }))
        .unwrap();
        (list, asked.into_inner())
    }

    fn page(item: u8, next: &str) -> Page<u8> {
        Ok((vec![item], Some(next.to_owned())))
    }

    fn expired() -> Page<u8> {
        Err(fault("DescribeVpcs", "InvalidNextToken", "no"))
    }

    #[test]
    fn pages_are_read_until_there_is_no_token() {
        let (list, asked) = ask_for(vec![page(1, "a"), page(2, "b"), page(3, "")]);
        assert_eq!((list.unwrap(), asked), (vec![1, 2, 3], vec![None, Some("a".into()), Some("b".into())]));
    }

    #[test]
    fn an_expired_token_restarts_the_list_once() {
        let (list, asked) = ask_for(vec![page(1, "a"), expired(), page(4, "c"), page(5, "")]);
        assert_eq!((list.unwrap(), asked.len()), (vec![4, 5], 4));
        let (list, asked) = ask_for(vec![page(1, "a"), expired(), page(4, "c"), expired()]);
        assert_eq!((list.unwrap_err().code(), asked.len()), (Some("InvalidNextToken"), 4));
    }
}
