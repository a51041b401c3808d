//! The commands for pipelines that are not Terraform, over a store in memory: exact texts, JSON, exit status.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::backend::prelude::*;
use crate::backend::{Local, Planned, Surroundings, Terms, current_run};
use crate::ipam::testing::top;
use crate::ipam::{Actor, AllocationSpec, PoolSpec, Rules, Size};
use crate::store::memory::Memory;

/// A store with a pool `top`, and its clock.
struct World {
    memory: Arc<Memory>,
    now: Arc<AtomicI64>,
    drawn: Arc<AtomicU64>,
    pool_id: String,
    /// The ids that texts show as `ID1`, `ID2`, ... in the order of their first appearance.
    seen: Mutex<Vec<String>>,
}

impl World {
    fn new() -> Self {
        Self::of(&top("top", &["10.0.0.0/24"]))
    }

    fn of(spec: &PoolSpec) -> Self {
        let mut world = Self {
            memory: Arc::new(Memory::default()),
            now: Arc::new(AtomicI64::new(1_767_268_800)),
            drawn: Arc::new(AtomicU64::new(0)),
            pool_id: String::new(),
            seen: Mutex::default(),
        };
        world.pool_id = world.local("network").create_pool(spec, &Planned::Unknown).unwrap().meta.id;
        world
    }

    fn local(&self, owner: &str) -> Local {
        let (now, drawn) = (Arc::clone(&self.now), Arc::clone(&self.drawn));
        let surroundings = Surroundings {
            clock: Arc::new(move || Timestamp::from_second(now.load(Ordering::Relaxed)).unwrap()),
            random: Arc::new(move || drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        };
        let actor = Actor { owner: owner.to_owned(), ..Actor::default() };
        Local::over(Arc::clone(&self.memory) as Arc<dyn crate::store::Store>, actor, surroundings)
    }

    fn wait(&self, minutes: i64) {
        self.now.fetch_add(60 * minutes, Ordering::Relaxed);
    }

    /// A hold that a plan of `owner` makes.
    fn plan(&self, owner: &str, name: &str, netmask_length: u8) {
        let spec = AllocationSpec::new(self.pool_id.clone(), name, Size::NetmaskLength(netmask_length));
        let terms = Terms { hold: Duration::from_secs(3600), ..Terms::default() };
        self.local(owner).in_run(current_run(|_| None)).plan_allocation(&spec, &terms).unwrap();
    }

    /// The answer to a command; the owner is `ci` if the command names none.
    fn run(&self, line: &str) -> Result<Page, CommandFailure> {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let cli = Cli::try_parse_from([&[BINARY], arguments.as_slice()].concat()).unwrap();
        let target =
            |owner: Option<&String>| Target::SelfManaged(Box::new(self.local(owner.map_or("ci", String::as_str))));
        match cli.command.as_ref().unwrap() {
            Command::Pools(options) => pools::page(target(None).ipam(), options),
            Command::Free(options) => free::page(target(None).ipam(), options),
            Command::Next(options) => next::page(target(None).ipam(), options),
            Command::Allocate(options) => allocate::page(&target(options.owner()), options),
            Command::Reserve(options) => reserve::page(&target(options.owner()), options),
            Command::Resize(options) => resize::page(target(options.owner()).ipam(), options),
            Command::Renew(options) => renew::page(target(options.owner()).ipam(), options),
            Command::Gc(options) => gc::page(&self.local("keeper"), options),
            Command::Release(options) => release::page(target(options.owner()).ipam(), options),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn says(&self, line: &str, text: &str) {
        let page = self.run(line).unwrap_or_else(|failure| panic!("{line}: {}", failure.line()));
        assert_eq!(self.hidden(&page.text), text, "{line}");
    }

    #[track_caller]
    fn json(&self, line: &str) -> Value {
        let page = self.run(&format!("{line} --json")).unwrap_or_else(|failure| panic!("{line}: {}", failure.line()));
        serde_json::from_str(&self.hidden(&page.text)).unwrap()
    }

    #[track_caller]
    fn refuses(&self, line: &str, status: Status, text: &str) {
        let events = self.local("").events(0, 1000).unwrap();
        let failure = self.run(line).expect_err(line);
        assert_eq!((failure.status(), self.hidden(&failure.line()).as_str()), (status, text), "{line}");
        assert_eq!(self.local("").events(0, 1000).unwrap(), events, "{line} wrote something");
    }

    /// The text with `POOL` and `ID1`, `ID2`, ... in place of ids.
    fn hidden(&self, text: &str) -> String {
        const PREFIX: &str = "ipam-pool-alloc-";
        let mut seen = self.seen.lock().unwrap();
        let mut text = text.replace(&self.pool_id, "POOL");
        while let Some(start) = text.find(PREFIX) {
            let rest = &text[start + PREFIX.len()..];
            let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
            let id = text[start..start + PREFIX.len() + digits].to_owned();
            let number = seen.iter().position(|known| *known == id).unwrap_or_else(|| {
                seen.push(id.clone());
                seen.len() - 1
            });
            text = text.replace(&id, &format!("ID{}", number + 1));
        }
        text
    }
}

impl Drop for World {
    /// Every test leaves a sound store.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.local("").check().unwrap().findings, []);
        }
    }
}

#[test]
fn the_same_allocate_again_finds_the_same_block_and_says_so() {
    let world = World::new();
    let line = "allocate top --name web --netmask-length 26";
    world.says(line, "Allocated 10.0.0.0/26 as top/web (ID1) for owner \"ci\".\n");
    world.says(line, "Already allocated: 10.0.0.0/26 as top/web (ID1) for owner \"ci\".\n");
    let answer = world.json(line);
    assert_eq!(
        answer,
        json!({
            "store": "memory of this process", "outcome": "already-allocated", "changed": false,
            "allocation": {
                "id": "ID1", "name": "web", "cidr": "10.0.0.0/26", "pool": "top", "pool_id": "POOL",
                "state": "active", "hold_expires_at": null, "owner": "ci", "resource_type": "custom",
                "resource_id": null, "description": null, "tags": {},
            },
        })
    );
    let other = world.json("allocate top --name api --cidr 10.0.0.128/25 --description x --tag team=web --tag a=");
    assert_eq!((&other["outcome"], &other["changed"]), (&"allocated".into(), &true.into()));
    let made = &other["allocation"];
    assert_eq!((&made["description"], &made["tags"]), (&"x".into(), &json!({ "team": "web", "a": "" })));
}

#[test]
fn a_lent_block_ends_by_gc_in_words_and_renew_gives_it_another_end() {
    let world = World::new();
    let line = "allocate top --name web --netmask-length 26 --ttl 2h";
    world.says(line, "Allocated 10.0.0.0/26 as top/web (ID1) for owner \"ci\" until 2026-01-01T14:00:00Z.\n");
    let warning = world.run("allocate top --name web --netmask-length 26 --ttl 3h").unwrap().warning;
    assert_eq!(warning.as_deref(), Some("It keeps the end that it had. `renew` changes it."));
    world.says("renew top/web --expires-at 2026-01-01T13:00:00Z", "Lent top/web (ID1) until 2026-01-01T13:00:00Z.\n");
    assert_eq!(
        world.json("allocate top --name web --netmask-length 26")["allocation"]["expires_at"],
        "2026-01-01T13:00:00Z"
    );
    world.refuses("renew top/web --ttl 0s", Status::Failed, "--ttl is zero: a loan needs a duration, such as 72h.");
    world.refuses("renew top/db --ttl 1h", Status::Missing, "top/db is not allocated.");
    world.wait(61);
    let says = |line: &str| world.hidden(&world.run(line).unwrap().text);
    assert!(says("gc --dry-run").contains("1 expired loan would be released, 0 kept."), "{}", says("gc --dry-run"));
    let told = says("gc");
    assert!(told.contains("expire allocation web (ID1)  10.0.0.0/26\n"), "{told}");
    assert!(told.contains("1 expired loan released, 0 kept."), "{told}");
    assert_eq!(world.json("gc")["ended"], json!([]));
    world.says(
        "allocate top --name web --netmask-length 26",
        "Allocated 10.0.0.0/26 as top/web (ID2) for owner \"ci\".\n",
    );
    world.says("renew top/web --permanent", "top/web (ID2) is permanent.\n");
}

#[test]
fn space_that_rests_is_listed_with_its_end_and_is_no_allocation() {
    let rules = Rules { quarantine_ms: 3_600_000, ..Rules::default() };
    let world = World::of(&PoolSpec { rules, ..top("top", &["10.0.0.0/25"]) });
    world.run("allocate top --name web --netmask-length 26").unwrap();
    world.run("allocate top --name db --netmask-length 26").unwrap();
    world.run("release top/web").unwrap();
    let told = "No free blocks.\n10.0.0.0/26 was released, and is free from 2026-01-01T13:00:00Z on.\n";
    world.says("free top", told);
    let resting = json!([{ "cidr": "10.0.0.0/26", "addresses": "64", "until": "2026-01-01T13:00:00Z" }]);
    assert_eq!(world.json("free top")["resting"], resting);
    for line in ["release top/web", "release 10.0.0.0/26"] {
        assert_eq!(world.json(line)["outcome"], "not-allocated", "{line}");
    }
    let failure = world.run("allocate top --name new --netmask-length 26").unwrap_err();
    assert!(failure.line().contains("64 addresses rest in the quarantine of the pool; the first rest ends at"));
    let failure = world.run("allocate top --name new --cidr 10.0.0.0/26").unwrap_err();
    assert!(failure.line().contains("released, resting until 2026-01-01T13:00:00Z"), "{}", failure.line());
    world.wait(61);
    assert_eq!(world.json("allocate top --name new --netmask-length 26")["allocation"]["cidr"], "10.0.0.0/26");
}

#[test]
fn what_an_allocation_had_before_stays_and_that_is_said() {
    let world = World::new();
    let warning = |line: &str| world.run(line).unwrap().warning;
    assert_eq!(warning("allocate top --name web --netmask-length 26 --description x"), None);
    assert_eq!(warning("allocate top --name web --netmask-length 26"), None);
    assert_eq!(warning("allocate top --name web --netmask-length 26 --description x"), None);
    let kept = "It keeps the description and the tags that it had.";
    assert_eq!(warning("allocate top --name web --netmask-length 26 --description y").as_deref(), Some(kept));
    assert_eq!(warning("allocate top --name web --netmask-length 26 --tag a=b").as_deref(), Some(kept));
}

#[test]
fn a_name_that_is_taken_is_refused_in_words() {
    let world = World::new();
    world.run("allocate top --name web --netmask-length 26").unwrap();
    world.refuses(
        "allocate top --name web --netmask-length 27",
        Status::Taken,
        "The name \"web\" is taken. Allocation \"top/web\" (ID1, 10.0.0.0/26) has it, and is not what was asked for. \
         Choose another name, change its size with `resize`, or release it.",
    );
    world.refuses(
        "allocate top --name web --netmask-length 26 --owner team-b",
        Status::Taken,
        "The name \"web\" is taken. Allocation \"top/web\" (ID1, 10.0.0.0/26) exists and belongs to owner \"ci\". \
         Choose another name, or ask owner \"ci\" to transfer it. A user who may write to the store transfers it with \
         `terraform-provider-ipam transfer ID1 --to \"team-b\"`.",
    );
    world.run("reserve top --name api --netmask-length 26 --for 1h").unwrap();
    world.refuses(
        "allocate top --name api --netmask-length 27",
        Status::Taken,
        "The name \"api\" is taken. Allocation \"top/api\" (ID2, 10.0.0.64/26) is reserved for owner \"ci\" until \
         2026-01-01T13:00:00Z: it is held without a plan. Choose another name, or ask for that block as the same owner. `terraform-provider-ipam \
         release ID2` ends the reservation.",
    );
}

#[test]
fn what_a_plan_holds_is_not_taken() {
    let world = World::new();
    world.plan("ci", "web", 25);
    let failure = world.run("allocate top --name web --netmask-length 25").unwrap_err();
    assert_eq!(failure.status(), Status::Taken);
    assert!(failure.line().contains("is held for a plan of owner \"ci\" (made in "), "{}", failure.line());
    world.refuses(
        "release top/web",
        Status::Taken,
        "top/web (ID1) is held for a plan. A plan that will not be applied leaves its holds to `holds release`.",
    );
    world.says("free top", "CIDR           ADDRESSES\n10.0.0.128/25  128\n");
    world.wait(61);
    world.says(
        "allocate top --name web --netmask-length 25",
        "Allocated 10.0.0.0/25 as top/web (ID2) for owner \"ci\".\n",
    );
}

#[test]
fn an_allocation_takes_up_its_reservation() {
    let world = World::new();
    let reserve = "reserve top --name web --netmask-length 26 --for";
    world.says(
        &format!("{reserve} 2h"),
        "Reserved 10.0.0.0/26 as top/web (ID1) for owner \"ci\" until 2026-01-01T14:00:00Z.\n",
    );
    world.wait(90);
    world.says(
        &format!("{reserve} 1h"),
        "Already reserved: 10.0.0.0/26 as top/web (ID1) for owner \"ci\" until 2026-01-01T14:30:00Z.\n",
    );
    let answer = world.json(&format!("{reserve} 1s"));
    assert_eq!((&answer["outcome"], &answer["changed"]), (&"already-reserved".into(), &false.into()));
    assert_eq!(answer["allocation"]["hold_expires_at"], "2026-01-01T14:30:00Z");
    let allocate = "allocate top --name web --netmask-length 26";
    world.says(allocate, "Allocated 10.0.0.0/26 as top/web (ID1) for owner \"ci\".\n");
    world.says(&format!("{reserve} 1h"), "Already allocated: 10.0.0.0/26 as top/web (ID1) for owner \"ci\".\n");
    world.refuses(
        &format!("{reserve} 0s"),
        Status::Failed,
        "--for is zero: a reservation needs a duration, such as 2h.",
    );
}

#[test]
fn a_release_succeeds_when_nothing_is_left_to_release() {
    let world = World::new();
    world.run("allocate top --name web --netmask-length 26").unwrap();
    world.says("release top/web", "Released 10.0.0.0/26, which was top/web (ID1).\n");
    world.says("release top/web", "top/web is not allocated: there is nothing to release.\n");
    assert_eq!(
        world.json("release 10.0.0.0/26"),
        json!({ "store": "memory of this process", "outcome": "not-allocated", "changed": false, "allocation": null })
    );
    world.run("reserve top --name web --netmask-length 26 --for 1h").unwrap();
    world.says("release top/web", "Ended the reservation of 10.0.0.0/26, which was top/web (ID2).\n");
    world.run("allocate top --name web --netmask-length 26").unwrap();
    let answer = world.json("release 10.0.0.0/26");
    assert_eq!((&answer["outcome"], &answer["allocation"]["cidr"]), (&"released".into(), &"10.0.0.0/26".into()));
    world.refuses(
        "release other/web",
        Status::Missing,
        "There is no pool \"other\" in this store. `tree` shows all pools.",
    );
    world.refuses(
        "release web",
        Status::Failed,
        "\"web\" is neither the path of an allocation, such as top/eu-west-1/web, nor an id.",
    );
}

#[test]
fn what_belongs_to_somebody_else_is_neither_released_nor_resized() {
    let world = World::new();
    world.run("allocate top --name web --netmask-length 26 --owner network").unwrap();
    world.refuses(
        "release top/web",
        Status::Taken,
        "top/web (ID1) belongs to owner \"network\", not to \"ci\". To release it anyway, name its owner with --owner.",
    );
    world.refuses(
        "resize top/web --netmask-length 25",
        Status::Taken,
        "top/web (ID1) belongs to owner \"network\", not to \"ci\". To resize it anyway, name its owner with --owner.",
    );
    let below = PoolSpec { source_pool_id: Some(world.pool_id.clone()), ..top("below", &["10.0.0.128/25"]) };
    world.local("ci").create_pool(&below, &Planned::Unknown).unwrap();
    let failure = world.run("release 10.0.0.128/25").unwrap_err();
    assert_eq!(failure.status(), Status::Taken);
    assert!(failure.line().ends_with("is the space of a pool. It is released with the pool."), "{}", failure.line());
    world.says("release top/web --owner network", "Released 10.0.0.0/26, which was top/web (ID1).\n");
}

#[test]
fn a_size_changes_in_place_or_not_at_all() {
    let world = World::new();
    world.run("allocate top --name web --netmask-length 26").unwrap();
    world.says("resize top/web --netmask-length 25", "Resized top/web (ID1) from 10.0.0.0/26 to 10.0.0.0/25.\n");
    world.says("resize top/web --netmask-length 25", "top/web (ID1) has 10.0.0.0/25 already.\n");
    let answer = world.json("resize top/web --cidr 10.0.0.64/26");
    assert_eq!(
        (&answer["outcome"], &answer["before"], &answer["allocation"]["cidr"]),
        (&"resized".into(), &"10.0.0.0/25".into(), &"10.0.0.64/26".into())
    );
    world.run("allocate top --name api --cidr 10.0.0.0/27").unwrap();
    world.refuses(
        "resize top/web --netmask-length 25",
        Status::NoRoom,
        "top/web (ID1) cannot change its size in place. 10.0.0.0/25 shares addresses with 10.0.0.0/27, allocation \
         \"top/api\" (ID2).",
    );
    world.refuses(
        "resize top/web --netmask-length 16",
        Status::NoRoom,
        "top/web (ID1) cannot change its size in place. 10.0.0.0/16 is not in one CIDR of the pool.",
    );
    world.refuses(
        "resize top/web --cidr 10.0.0.128/26",
        Status::NoRoom,
        "top/web (ID1) cannot change its size in place. The new block must contain the present one or lie in it, \
         outside of disallowed CIDRs.",
    );
    world.refuses("resize top/none --netmask-length 25", Status::Missing, "top/none is not allocated.");
    world.refuses(
        "resize top/web",
        Status::Failed,
        "Give the new size with --netmask-length, --minimum-addresses, --minimum-hosts or --cidr.",
    );
    world.run("reserve top --name db --netmask-length 28 --for 1h").unwrap();
    let failure = world.run("resize top/db --netmask-length 27").unwrap_err();
    assert_eq!(failure.status(), Status::Taken);
}

#[test]
fn a_full_pool_has_a_status_of_its_own() {
    let world = World::new();
    world.run("allocate top --name all --netmask-length 24").unwrap();
    let failure = world.run("allocate top --name web --netmask-length 26").unwrap_err();
    assert_eq!(failure.status(), Status::NoRoom);
    assert!(failure.line().contains("Nothing is free in it."), "{}", failure.line());
    world.says("free top", "No free blocks.\n");
    world.refuses(
        "next top --netmask-length 26",
        Status::NoRoom,
        "Pool \"top\" (POOL) has room for 0 of 1 blocks of /26. `free` lists what is free.",
    );
    let failure = world.run("allocate top --name web --cidr 10.0.0.0/26").unwrap_err();
    assert_eq!(failure.status(), Status::Taken);
}

#[test]
fn the_first_pool_with_room_is_chosen_and_found_again() {
    let world = World::of(&top("top", &["10.0.0.0/24"]));
    world.local("network").create_pool(&top("more", &["10.1.0.0/24"]), &Planned::Unknown).unwrap();
    world.run("allocate top --name all --netmask-length 24").unwrap();
    let line = "allocate --pool top --pool more --name web --preferred-cidr 10.1.0.64/26";
    world.says(line, "Allocated 10.1.0.64/26 as more/web (ID1) for owner \"ci\".\n");
    world.says(line, "Already allocated: 10.1.0.64/26 as more/web (ID1) for owner \"ci\".\n");
    world.says(
        "allocate more --name db --preferred-cidr 10.1.0.64/26",
        "Allocated 10.1.0.0/26 as more/db (ID2) for owner \"ci\".\n",
    );
    let failure = world.run("allocate --pool top --pool more --name big --netmask-length 20").unwrap_err();
    assert_eq!(failure.status(), Status::NoRoom);
    assert!(failure.line().starts_with("No pool can give this block."), "{}", failure.line());
    world.refuses(
        "allocate --pool top --pool top --name web --netmask-length 26",
        Status::Failed,
        "--pool names the pool \"top\" (POOL) twice.",
    );
    world.refuses(
        "allocate top --name x --netmask-length 27 --preferred-cidr 10.0.0.0/26",
        Status::Failed,
        "--preferred-cidr is 10.0.0.0/26, and a /27 is asked for. Both can be given only if they agree.",
    );
    for line in ["allocate --name x --netmask-length 27", "allocate top --pool more --name x"] {
        assert!(Cli::try_parse_from([&[BINARY], line.split(' ').collect::<Vec<_>>().as_slice()].concat()).is_err());
    }
}

#[test]
fn next_shows_blocks_and_takes_none() {
    let world = World::new();
    world.says("next top --netmask-length 26", "10.0.0.0/26\n");
    world.says("next top --netmask-length 26 --count 2", "10.0.0.0/26\n10.0.0.64/26\n");
    world.says("next top --netmask-length 26 --disallowed-cidr 10.0.0.1", "10.0.0.64/26\n");
    assert_eq!(
        world.json("next POOL --netmask-length 26".replace("POOL", &world.pool_id).as_str()),
        json!({ "store": "memory of this process", "pool": "top", "pool_id": "POOL", "cidrs": ["10.0.0.0/26"] })
    );
    let allocated = world.json("allocate top --name web --netmask-length 26");
    assert_eq!(allocated["allocation"]["cidr"], "10.0.0.0/26");
    world.refuses("next top --netmask-length 26 --count 1001", Status::Failed, "--count is more than 1000.");
    let no_size = world.run("next top").unwrap_err();
    assert!(no_size.line().starts_with("No size given. "), "{}", no_size.line());
    world.refuses(
        "next none --netmask-length 26",
        Status::Missing,
        "There is no pool \"none\" in this store. `tree` shows all pools.",
    );
}

#[test]
fn free_blocks_are_listed_by_address() {
    let world = World::new();
    world.run("allocate top --name web --cidr 10.0.0.64/27").unwrap();
    let table = "CIDR           ADDRESSES\n10.0.0.0/26    64\n10.0.0.96/27   32\n10.0.0.128/25  128\n";
    world.says("free top", table);
    world.says("free top --max-netmask-length 26", "CIDR           ADDRESSES\n10.0.0.0/26    64\n10.0.0.128/25  128\n");
    let page = world.run("free top --limit 1").unwrap();
    assert_eq!(page.warning.as_deref(), Some("There are more than 1 blocks: --limit shows more."));
    assert_eq!(
        world.json("free top --limit 1"),
        json!({
            "store": "memory of this process", "pool": "top", "pool_id": "POOL",
            "free": [{ "cidr": "10.0.0.0/26", "addresses": "64", "is_draining": false }], "resting": [],
            "is_complete": false,
        })
    );
    assert_eq!(world.json("free top")["is_complete"], true);
}

#[test]
fn pools_are_listed_with_their_utilization() {
    let world = World::new();
    world.run("allocate top --name web --netmask-length 25").unwrap();
    world.run("reserve top --name api --netmask-length 26 --for 1h").unwrap();
    world.says(
        "pools",
        "SCOPE            POOL  CIDRS        USED   HELD   LARGEST FREE   LOCALE  ID\n\
         default-private  top   10.0.0.0/24  50.0%  25.0%  10.0.0.192/26          POOL\n",
    );
    let scope_id = world.json("pools")["pools"][0]["scope_id"].clone();
    assert_eq!(
        world.json("pools --address-family ipv4 --scope default-private"),
        json!({
            "store": "memory of this process",
            "pools": [{
                "id": "POOL", "name": "top", "path": "top", "scope": "default-private", "scope_id": scope_id,
                "cidrs": ["10.0.0.0/24"], "address_family": "ipv4", "locale": null, "owner": "network",
                "provisioned": "256", "used": "128", "held": "64", "free": "64", "largest_free": "10.0.0.192/26",
                "tags": {},
            }],
        })
    );
    for nothing in
        ["pools --address-family ipv6", "pools --locale eu", "pools --tag a=b", "pools --scope default-public"]
    {
        world.says(nothing, "No pools.\n");
    }
    world.refuses(
        "pools --scope none",
        Status::Missing,
        "There is no scope \"none\" in this store. `tree` shows all scopes.",
    );
}

#[test]
fn the_rules_of_the_pool_and_of_names_count() {
    let rules = Rules { default_netmask_length: Some(28), max_netmask_length: Some(28), ..Rules::default() };
    let world = World::of(&PoolSpec { rules, ..top("top", &["10.0.0.0/24"]) });
    world.says("allocate top --name web", "Allocated 10.0.0.0/28 as top/web (ID1) for owner \"ci\".\n");
    world.says("next top", "10.0.0.16/28\n");
    let failure = world.run("allocate top --name api --netmask-length 29").unwrap_err();
    assert_eq!(failure.status(), Status::Failed);
    assert!(failure.line().contains("/29"), "{}", failure.line());
    let cli = |arguments: &[&str]| Cli::try_parse_from([&[BINARY], arguments].concat()).map(|cli| cli.command);
    let Ok(Some(Command::Allocate(blank))) = cli(&["allocate", "top", "--name", " "]) else { panic!() };
    let target = Target::SelfManaged(Box::new(world.local("ci")));
    let failure = allocate::page(&target, &blank).unwrap_err();
    assert_eq!((failure.status(), failure.line().as_str()), (Status::Failed, "--name is wrong. The name is empty."));
    for wrong in [
        &["allocate", "top"][..],
        &["allocate", "top", "--name", "x", "--cidr", "10.0.0.1/24"],
        &["allocate", "top", "--name", "x", "--cidr", "10.0.0.0/28", "--netmask-length", "28"],
        &["allocate", "top", "--name", "x", "--cidr", "10.0.0.0/28", "--disallowed-cidr", "10.0.0.0/8"],
        &["allocate", "top", "--name", "x", "--netmask-length", "256"],
        &["allocate", "top", "--name", "x", "--tag", "team"],
        &["reserve", "top", "--name", "x", "--netmask-length", "28"],
        &["reserve", "top", "--name", "x", "--netmask-length", "28", "--for", "2"],
    ] {
        assert!(cli(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn an_allocation_avoids_disallowed_blocks() {
    let world = World::new();
    let line = "allocate top --name web --netmask-length 26 --disallowed-cidr 10.0.0.0/27 --disallowed-cidr 10.0.0.64";
    assert_eq!(world.json(line)["allocation"]["cidr"], "10.0.0.128/26");
    assert_eq!(world.json(line)["outcome"], "already-allocated");
}

#[test]
fn sizes_may_be_numbers_of_addresses_or_hosts() {
    let world = World::of(&top("top", &["10.0.0.0/16"]));
    world.says("next top --minimum-hosts 254", "10.0.0.0/24\n");
    world.says("next top --minimum-addresses 257 --count 2", "10.0.0.0/23\n10.0.2.0/23\n");
    let allocate = "allocate top --name web --minimum-hosts 255";
    world.says(allocate, "Allocated 10.0.0.0/23 as top/web (ID1) for owner \"ci\".\n");
    let again = "allocate top --name web --minimum-addresses 500";
    world.says(again, "Already allocated: 10.0.0.0/23 as top/web (ID1) for owner \"ci\".\n");
    world.says("resize top/web --minimum-hosts 1", "Resized top/web (ID1) from 10.0.0.0/23 to 10.0.0.0/32.\n");
    world.refuses(
        "next top --minimum-hosts 4294967295",
        Status::Failed,
        "--minimum-hosts is wrong. The pool is ipv4, and no block has more than 4294967294 hosts.",
    );
    world.refuses(
        "resize top/web",
        Status::Failed,
        "Give the new size with --netmask-length, --minimum-addresses, --minimum-hosts or --cidr.",
    );
    for wrong in
        ["--minimum-hosts 0", "--minimum-hosts 2 --netmask-length 24", "--minimum-hosts 2 --minimum-addresses 2"]
    {
        let words = format!("{BINARY} allocate top --name x {wrong}");
        assert!(Cli::try_parse_from(words.split(' ')).is_err(), "{wrong}");
    }
}

#[test]
fn commands_fill_the_cidrs_of_a_pool_in_its_order() {
    let priorities = [("10.1.0.0/24", 1)].map(|(block, priority)| (block.parse().unwrap(), priority));
    let rules = Rules {
        cidr_priorities: priorities.into(),
        draining_cidrs: ["10.2.0.0/24".parse().unwrap()].into(),
        ..Rules::default()
    };
    let world = World::of(&PoolSpec { rules, ..top("top", &["10.0.0.0/24", "10.1.0.0/24", "10.2.0.0/24"]) });
    world.says("next top --netmask-length 24 --count 2", "10.1.0.0/24\n10.0.0.0/24\n");
    let allocate = "allocate top --name web --netmask-length 25";
    world.says(allocate, "Allocated 10.1.0.0/25 as top/web (ID1) for owner \"ci\".\n");
    let failure = world.run("next top --netmask-length 24 --count 2").unwrap_err();
    assert_eq!(failure.status(), Status::NoRoom);
    let failure = world.run("allocate top --name all --netmask-length 23").unwrap_err();
    assert_eq!(failure.status(), Status::NoRoom);
    world.run("allocate top --name exact --cidr 10.2.0.0/25").unwrap();
    let table =
        "CIDR           ADDRESSES  NOTE\n10.0.0.0/24    256\n10.1.0.128/25  128\n10.2.0.128/25  128        draining\n";
    world.says("free top", table);
    let blocks = &world.json("free top")["free"];
    assert_eq!((&blocks[1]["is_draining"], &blocks[2]["is_draining"]), (&false.into(), &true.into()));
}

#[test]
fn a_free_block_is_divided_where_draining_begins() {
    let rules = Rules { draining_cidrs: ["10.0.0.64/26".parse().unwrap()].into(), ..Rules::default() };
    let world = World::of(&PoolSpec { rules, ..top("top", &["10.0.0.0/24"]) });
    let answer = world.json("free top");
    let shown = answer["free"].as_array().unwrap().iter().map(|one| format!("{} {}", one["cidr"], one["is_draining"]));
    let shown: Vec<String> = shown.collect();
    assert_eq!(shown, ["\"10.0.0.0/26\" false", "\"10.0.0.64/26\" true", "\"10.0.0.128/25\" false"]);
}
