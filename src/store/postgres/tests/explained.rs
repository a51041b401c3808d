//! Tests of the query plans for the statements of this store.

use tokio_postgres::types::ToSql;

use super::*;
use crate::runtime::block_on;

/// The plan of a prepared statement that is run repeatedly.
fn plan(store: &Postgres, text: &str, parameters: &[&str]) -> String {
    let settings = &store.common.settings;
    block_on(async {
        let client = connect::connect(settings, Duration::from_secs(30)).await.unwrap();
        client.batch_execute(&format!("SET plan_cache_mode = force_generic_plan; PREPARE it AS {text}")).await.unwrap();
        let none: [&(dyn ToSql + Sync); 0] = [];
        let explain = format!("EXPLAIN EXECUTE it({})", parameters.join(", "));
        let rows = client.query(&explain, &none).await.unwrap();
        rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n")
    })
    .unwrap()
}

#[test]
fn every_statement_uses_the_primary_key() {
    let database = server().create_database();
    let store = store_in(&database);
    let filler: Vec<_> = (0..50_000).map(|n| format!("allocation/{n:06}")).collect();
    let fill = &mut |tx: &mut dyn crate::store::Tx| {
        filler.iter().try_for_each(|key| tx.put(key, vec![b'x'; 300])).map(|()| true)
    };
    store.write(fill).unwrap();
    // Test without statistics, and then with statistics.
    for statistics in ["", "ANALYZE ipam.entries"] {
        server().admin_in(&database, statistics);
        let texts = &store.common.texts;
        for (text, parameters) in [
            (&texts.around, &["'allocation/000777'"][..]),
            (&texts.page_up, &["'allocation/0'", "'allocation/1'", "32"]),
            (&texts.page_down, &["'allocation/0'", "'allocation/1'", "32"]),
            (&texts.page_up, &["''", "'z'", "4096"]),
            (&texts.those, &["ARRAY['allocation/000777', 'b']"]),
            (&texts.delete, &["ARRAY['allocation/000777', 'b']"]),
        ] {
            let plan = plan(&store, text, parameters);
            assert!(plan.contains("entries_pkey"), "{text}\n{plan}");
            assert!(!plan.contains("Sort") && !plan.contains("Seq Scan"), "{text}\n{plan}");
        }
    }
}
