//! Tests of creating the tables, refusing tables of other programs, and the rights of roles.

use std::thread;

use super::*;
use crate::store::Order;
use crate::store::suite::{get, increment, put, scan};

/// A dump of layout 1 with one entry, made when the layout was new. It never changes, and must stay readable.
const LAYOUT_1: &str = include_str!("layout_1.sql");

fn tables(database: &str) -> String {
    server().admin_in(
        database,
        "SELECT string_agg(table_schema || '.' || table_name, ' ' ORDER BY table_name) FROM information_schema.tables \
         WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
    )
}

#[test]
fn a_read_creates_nothing() {
    let database = server().create_database();
    let store = store_in(&database);
    assert_eq!(read_one(&store), Ok(None));
    assert_eq!(scan(&store, "a".."z", Order::Ascending, 9), []);
    // A schema without tables is not a store either.
    server().admin_in(&database, "CREATE SCHEMA ipam");
    assert_eq!(read_one(&store), Ok(None));
    assert_eq!(tables(&database), "");
}

#[test]
fn everything_is_in_the_configured_schema() {
    let database = server().create_database();
    let url = server().url(&database);
    let odd = store_at(&format!("{url}&schema=net%22%20'plan"));
    put(&odd, &[("a", "odd")]);
    let plain = store_at(&url);
    assert_eq!(get(&plain, "a"), None);
    put(&plain, &[("a", "plain")]);
    assert_eq!(get(&odd, "a").as_deref(), Some(&b"odd"[..]));
    assert!(!tables(&database).contains("public."), "{}", tables(&database));
    let facts: std::collections::BTreeMap<_, _> = odd.facts().unwrap().into_iter().collect();
    assert_eq!((facts["schema"].as_str(), facts["commits"].as_str()), ("net\" 'plan", "1"));
    assert!(facts["entries_size_bytes"].parse::<u64>().unwrap() > 0, "{facts:?}");
    assert!(facts["server_version"].starts_with(|first: char| first.is_ascii_digit()), "{facts:?}");
}

#[test]
fn many_first_starts_at_once_make_one_store() {
    for _ in 0..3 {
        let database = server().create_database();
        let start = std::sync::Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let store = store_in(&database);
                    start.wait();
                    increment(&store, "count").unwrap();
                });
            }
        });
        assert_eq!(get(&store_in(&database), "count").as_deref(), Some(&b"8"[..]));
        let views = server().admin_in(&database, "SELECT views FROM ipam.meta");
        assert_eq!(views, layout::VIEWS.to_string());
    }
}

#[test]
fn a_newer_layout_is_refused_also_when_it_became_newer_meanwhile() {
    let database = server().create_database();
    let store = store_in(&database);
    write_one(&store).unwrap();
    read_one(&store).unwrap();
    server().admin_in(&database, "UPDATE ipam.meta SET layout = 2");
    for store in [store, store_in(&database)] {
        assert_eq!(read_one(&store), Err(Error::Newer { found: 2, known: 1 }));
        assert_eq!(write_one(&store), Err(Error::Newer { found: 2, known: 1 }));
    }
}

#[test]
fn an_older_layout_is_brought_up_to_date_step_by_step() {
    let database = server().create_database();
    let store = store_in(&database);
    put(&store, &[("a", "1")]);
    let mut session = store.connect().unwrap();
    session.begin_write().unwrap();
    let steps = ["SELECT 1 / 0", "ALTER TABLE SCHEMA.entries ADD COLUMN x int", "ALTER TABLE SCHEMA.meta ADD y int"];
    layout::upgrade(&mut session, 1, &steps).unwrap();
    session.commit().unwrap();
    assert_eq!(server().admin_in(&database, "SELECT layout FROM ipam.meta"), "3");
    assert_eq!(server().admin_in(&database, "SELECT key, x FROM ipam.entries"), "a|");
}

#[test]
fn a_store_of_layout_1_can_be_read_and_written() {
    let database = server().create_database();
    server().admin_in(&database, LAYOUT_1);
    let store = store_in(&database);
    assert_eq!(get(&store, "name/pool/top").as_deref(), Some(&br#"{"v":1,"active":"ipam-pool-0"}"#[..]));
    increment(&store, "count").unwrap();
    assert_eq!(server().admin_in(&database, "SELECT layout, generation FROM ipam.meta"), "1|8");
}

#[test]
fn tables_of_another_program_are_not_changed() {
    for foreign in [
        "CREATE TABLE ipam.meta (id int, title text); INSERT INTO ipam.meta VALUES (1, 'mine')",
        "CREATE TABLE ipam.entries (title text)",
    ] {
        let database = server().create_database();
        server().admin_in(&database, &format!("CREATE SCHEMA ipam; {foreign}"));
        let before = tables(&database);
        let outcome = write_one(&store_in(&database));
        let Err(Error::Corrupt(text)) = outcome else { panic!("{foreign}: {outcome:?}") };
        assert!(text.contains("another schema with ?schema= or IPAM_POSTGRES_SCHEMA"), "{text}");
        assert_eq!(tables(&database), before);
    }
}

#[test]
fn lost_tables_and_rows_are_damage() {
    let database = server().create_database();
    let store = store_in(&database);
    write_one(&store).unwrap();
    server().admin_in(&database, "ALTER TABLE ipam.entries RENAME TO gone");
    for store in [store, store_in(&database)] {
        for outcome in [read_one(&store).map(|_| ()), write_one(&store)] {
            assert!(matches!(outcome, Err(Error::Corrupt(_))), "{outcome:?}");
        }
    }
    server().admin_in(&database, "DELETE FROM ipam.meta");
    let outcome = write_one(&store_in(&database));
    assert!(matches!(&outcome, Err(Error::Corrupt(text)) if text.contains("lost its row")), "{outcome:?}");
}

#[test]
fn a_key_with_nul_is_refused() {
    let database = server().create_database();
    let store = store_in(&database);
    let outcome = store.write(&mut |tx| tx.put("a\0b", Vec::new()).map(|()| true));
    assert!(matches!(&outcome, Err(Error::Corrupt(text)) if text.contains("NUL")), "{outcome:?}");
    assert_eq!(get(&store, "a\0b"), None);
    put(&store, &[("a", ""), ("b", "")]);
    assert_eq!(scan(&store, "a\0".."b\0", Order::Ascending, 9), [("b".to_owned(), Vec::new())]);
}

#[test]
fn a_database_that_cannot_keep_every_name_is_refused() {
    let database = format!("latin_{}", server().create_database());
    server().admin(&format!("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"));
    let outcome = write_one(&store_in(&database));
    let Err(Error::Unavailable(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("ENCODING 'UTF8'"), "{text}");
    assert_eq!(tables(&database), "");
}

#[test]
fn a_reader_can_read_and_its_errors_say_what_a_writer_needs() {
    let database = server().create_database();
    let (reader, url) = new_role(&database, "reader");
    // There is no store yet: it reads as empty, and this role may not create it.
    let store = store_at(&url);
    assert_eq!(read_one(&store), Ok(None));
    let outcome = write_one(&store);
    let Err(Error::ReadOnly(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains(&format!("CREATE SCHEMA \"ipam\" AUTHORIZATION \"{reader}\"")), "{text}");

    write_one(&store_in(&database)).unwrap();
    let outcome = read_one(&store);
    let Err(Error::Unavailable(text)) = outcome else { panic!("{outcome:?}") };
    // The statements in the error text solve the problem.
    let (_, grants) = text.split_once("Ask the owner to run: ").unwrap();
    server().admin_in(&database, grants);
    assert_eq!(read_one(&store), Ok(Some(b"1".to_vec())));
    let outcome = write_one(&store);
    let Err(Error::ReadOnly(text)) = outcome else { panic!("{outcome:?}") };
    let (_, grants) = text.split_once("ask the owner to run: ").unwrap();
    server().admin_in(&database, grants);
    increment(&store, "count").unwrap();
    assert_eq!(get(&store, "count").as_deref(), Some(&b"1"[..]));
}

#[test]
fn a_writer_without_the_right_to_create_can_write_with_old_views() {
    let database = server().create_database();
    let (writer, url) = new_role(&database, "writer");
    write_one(&store_in(&database)).unwrap();
    server().admin_in(
        &database,
        &format!(
            "GRANT USAGE ON SCHEMA ipam TO {writer}; GRANT SELECT, UPDATE ON ipam.meta TO {writer};
             GRANT SELECT, INSERT, UPDATE, DELETE ON ipam.entries TO {writer}; UPDATE ipam.meta SET views = 0"
        ),
    );
    let store = store_at(&url);
    increment(&store, "count").unwrap();
    increment(&store, "count").unwrap();
    assert_eq!(server().admin_in(&database, "SELECT views FROM ipam.meta"), "0");
    // The owner brings the views up to date.
    increment(&store_in(&database), "count").unwrap();
    assert_eq!(server().admin_in(&database, "SELECT views FROM ipam.meta"), layout::VIEWS.to_string());
}

/// The SQL between two marks of the guide, with role names of this test.
fn guide(part: &str, database: &str) -> String {
    let text = include_str!("../../../../docs/guides/postgres.md");
    let (_, text) = text.split_once(&format!("<!-- {part}:begin -->\n```sql\n")).unwrap();
    let (text, _) = text.split_once("```").unwrap();
    ["owner", "writer", "reader"]
        .iter()
        .fold(text.to_owned(), |text, role| text.replace(&format!("ipam_{role}"), &format!("{role}_{database}")))
}

#[test]
fn the_roles_of_the_guide_can_do_what_it_says() {
    // Tables that are created after the roles, and tables that existed before.
    for parts in [&["roles"][..], &["grants"]] {
        let database = server().create_database();
        let made: Vec<String> = match parts {
            ["roles"] => Vec::new(),
            _ => {
                write_one(&store_in(&database)).unwrap();
                ["writer", "reader"].map(|role| format!("CREATE ROLE {role}_{database} LOGIN")).into()
            }
        };
        made.iter().for_each(|sql| drop(server().admin(sql)));
        server().admin_in(&database, &guide(parts[0], &database));
        let as_role = |role: &str| {
            let role = format!("{role}_{database}");
            server().admin(&format!("ALTER ROLE {role} PASSWORD 'role-secret'"));
            store_at(&url_of(&server().url(&database), &role, "role-secret"))
        };
        if parts[0] == "roles" {
            write_one(&as_role("owner")).unwrap();
        }
        let (writer, reader) = (as_role("writer"), as_role("reader"));
        increment(&writer, "count").unwrap();
        assert_eq!(get(&reader, "count").as_deref(), Some(&b"1"[..]));
        assert!(matches!(write_one(&reader), Err(Error::ReadOnly(_))));
        let mut session = reader.connect().unwrap();
        for query in guide("queries", &database).split(';').filter(|query| !query.trim().is_empty()) {
            session.batch(query, Step::Read).unwrap_or_else(|stop| panic!("{query}: {stop:?}"));
        }
    }
}

#[test]
fn a_write_in_a_read_only_session_is_refused() {
    let database = server().create_database();
    write_one(&store_in(&database)).unwrap();
    let url = server().url(&database);
    let store = store_at(&format!("{url}&options=-c%20default_transaction_read_only%3Don"));
    assert_eq!(read_one(&store), Ok(Some(b"1".to_vec())));
    // The BEGIN of this store does not override the setting.
    let outcome = write_one(&store);
    let Err(Error::ReadOnly(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("target_session_attrs=read-write"), "{text}");
    let wish = format!("{url}&options=-c%20default_transaction_read_only%3Don&target_session_attrs=read-write");
    let outcome = read_one(&store_at(&wish));
    let Err(Error::Unavailable(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("does not accept writes"), "{text}");
    let wish = format!("{url}&options=-c%20default_transaction_read_only%3Don&target_session_attrs=read-only");
    assert_eq!(read_one(&store_at(&wish)), Ok(Some(b"1".to_vec())));
}
