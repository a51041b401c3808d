//! Compares the views with the records of the core. A record that changes its fields must change the views, and fails
//! this test.

use crate::backend::prelude::*;
use crate::backend::upkeep::ForgetMode;
use crate::backend::{Local, Surroundings};
use crate::ipam::{
    Actor, AllocationSpec, Family, Planned, PoolCidrSpec, PoolSpec, Provision, Rules, Size, Special, Strategy, Tags,
    Terms,
};

use super::*;

fn tags(key: &str, value: &str) -> Tags {
    [(key.to_owned(), value.to_owned())].into()
}

fn pool() -> PoolSpec {
    PoolSpec {
        name: "Zürich \"top\"".to_owned(),
        scope_id: None,
        source_pool_id: None,
        address_family: Some(Family::Ipv4),
        locale: Some("eu-central-2".to_owned()),
        description: Some("all of it".to_owned()),
        rules: Rules {
            min_netmask_length: Some(16),
            max_netmask_length: Some(28),
            default_netmask_length: Some(24),
            required_tags: tags("team", "net"),
            ..Rules::default()
        },
        strategy: Strategy::FirstFit,
        tags: tags("env", "prod"),
        provision: Provision::Cidrs(["10.0.0.0/8".parse().unwrap(), "192.168.0.0/16".parse().unwrap()].into()),
        special: Special::default(),
    }
}

#[test]
fn the_views_show_what_was_made() {
    let database = server().create_database();
    let actor =
        Actor { owner: "net/prod".to_owned(), user: Some("ann".to_owned()), run_url: Some("http://ci/7".into()) };
    let store: Arc<dyn Store> = Arc::new(store_in(&database));
    let local = Local::over(store, actor, Surroundings::default());
    let pool = local.create_pool(&pool(), &Planned::Unknown).unwrap();
    let pool_id = pool.meta.id.clone();
    let block: crate::ipam::Cidr = "172.16.0.0/12".parse().unwrap();
    let more = PoolCidrSpec { pool_id: pool_id.clone(), name: None, size: Size::Cidr(block), proof: None };
    local.create_pool_cidr(&more, &Planned::Unknown).unwrap();
    let spec = |name: &str, size: Size| AllocationSpec {
        description: Some("a net".to_owned()),
        tags: tags("team", "net"),
        ..AllocationSpec::new(pool_id.clone(), name, size)
    };
    let web = local.create_allocation(&spec("web", Size::NetmaskLength(24)), &Planned::Unknown).unwrap();
    let terms = Terms { hold: Duration::from_secs(3600), ..Terms::default() };
    local.plan_allocation(&spec("held", Size::NetmaskLength(20)), &terms).unwrap();

    let sql = |text: &str| server().admin_in(&database, text);
    assert_eq!(
        sql("SELECT name, depth, address_family, locale, description, cidrs, strategy, allocation_min_netmask_length,
             allocation_max_netmask_length, allocation_default_netmask_length, allocation_required_tags, tags, owner,
             state, hold_expires_at, confirmed, created_at = updated_at, source_pool_id, scope_id LIKE 'ipam-scope-%'
             FROM ipam.ipam_pools"),
        "Zürich \"top\"|1|ipv4|eu-central-2|all of it|{10.0.0.0/8,192.168.0.0/16}|first-fit|16|28|24|\
         {\"team\": \"net\"}|{\"env\": \"prod\"}|net/prod|active||f|t||t"
    );
    assert_eq!(
        sql("SELECT name, cidr, inline, owner, state, confirmed, source_allocation_id, hold_expires_at,
             created_at > now() - interval '1 hour', updated_at IS NOT NULL FROM ipam.ipam_pool_cidrs ORDER BY cidr"),
        "10.0.0.0/8|10.0.0.0/8|t|net/prod|active|t|||t|t\n\
         172.16.0.0/12|172.16.0.0/12|f|net/prod|active|f|||t|t\n\
         192.168.0.0/16|192.168.0.0/16|t|net/prod|active|t|||t|t"
    );
    assert_eq!(
        sql("SELECT name, masklen(cidr), cidr <<= '10.0.0.0/8', resource_type, resource_id, description, tags, owner,
             state, hold_expires_at > now() + interval '50 minutes', confirmed, created_at IS NOT NULL,
             updated_at IS NOT NULL FROM ipam.ipam_allocations ORDER BY name"),
        "held|20|t|custom||a net|{\"team\": \"net\"}|net/prod|planned|t|f|t|t\n\
         web|24|t|custom||a net|{\"team\": \"net\"}|net/prod|active||f|t|t"
    );
    let joined =
        sql("SELECT a.id, p.id, a.cidr FROM ipam.ipam_allocations a JOIN ipam.ipam_pools p ON p.id = a.pool_id
                      WHERE a.name = 'web' AND EXISTS (SELECT FROM unnest(p.cidrs) c WHERE a.cidr << c)");
    assert_eq!(joined, format!("{}|{pool_id}|{}", web.meta.id, web.cidr));
    assert_eq!(
        sql("SELECT sequence > 0, time > now() - interval '1 hour', owner, \"user\", run_url, action, kind, id, name,
             cidr, before, after ->> 'description' FROM ipam.ipam_events WHERE name = 'web'"),
        format!("t|t|net/prod|ann|http://ci/7|create|allocation|{}|web|{}|null|a net", web.meta.id, web.cidr)
    );
    let count = sql("SELECT count(*), max(sequence) FROM ipam.ipam_events");
    let (rows, last) = count.split_once('|').unwrap();
    assert_eq!(rows, last);
    let mode = ForgetMode { keep: Duration::ZERO, archive: None, dry_run: false };
    local.prune_events(mode, &mut |_, _, _| ()).unwrap();
    assert_eq!(
        sql("SELECT action, kind, id, name, cidr, owner, after ->> 'sequence' FROM ipam.ipam_events"),
        format!("prune|history|history|||net/prod|{last}"),
        "the pruned events are gone, and a row records that"
    );
}

#[test]
fn columns_have_types_for_calculations() {
    let database = server().create_database();
    write_one(&store_in(&database)).unwrap();
    let types = server().admin_in(
        &database,
        "SELECT table_name, string_agg(column_name || ' ' || CASE data_type WHEN 'ARRAY' THEN udt_name ELSE data_type
         END, ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'ipam' AND
         data_type NOT IN ('text', 'jsonb') AND table_name LIKE 'ipam%' GROUP BY table_name ORDER BY table_name",
    );
    let time = "timestamp with time zone";
    let common = format!("hold_expires_at {time}, confirmed boolean, created_at {time}, updated_at {time}");
    assert_eq!(
        types,
        format!(
            "ipam_allocations|cidr cidr, {common}\n\
             ipam_events|sequence bigint, time {time}, cidr cidr\n\
             ipam_pool_cidrs|cidr cidr, inline boolean, {common}\n\
             ipam_pools|depth integer, cidrs _cidr, allocation_min_netmask_length integer, \
             allocation_max_netmask_length integer, allocation_default_netmask_length integer, {common}"
        )
    );
}
