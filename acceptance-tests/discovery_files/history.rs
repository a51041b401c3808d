//! The history of addresses: the seven questions, on self-managed stores.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ACCOUNT, DISCOVERY, Scene};
use crate::harness::store::Store;

on_each_own_store! {
    fn flow_i_seven_questions_to_the_history_of_addresses(store: Store) {
        let scene = Scene::on(&store);
        scene.applies(DISCOVERY);
        let watched = "eni-1,eni,10.0.1.5/32,vpc-1,";
        let subnet = "subnet-1,subnet,10.0.1.0/24,vpc-1,";
        let start = Timestamp::now();
        scene.is_there(&["vpc-1,vpc,10.0.0.0/16,,", subnet, watched, "vpc-8,vpc,10.9.0.0/16,,"]);
        scene.discover();
        let first = Timestamp::now();
        // The address moves to another interface and the block to another VPC, and two VPCs have one block.
        scene.is_there(&["vpc-8,vpc,10.9.0.0/16,,", "vpc-9,vpc,10.9.0.0/16,,"]);
        scene.discover();
        let second = Timestamp::now();
        scene.is_there(&["vpc-2,vpc,10.0.0.0/16,,", "eni-2,eni,10.0.1.5/32,vpc-2,", "vpc-9,vpc,10.9.0.0/16,,"]);
        scene.discover();
        let questions = [
            ("one_address", format!("cidr = \"10.0.1.5/32\"\n  start_time = \"{start}\"\n  end_time = \"{first}\"")),
            ("exact", "cidr = \"10.0.1.0/24\"".to_owned()),
            ("in_turn", "cidr = \"10.0.0.0/16\"".to_owned()),
            ("first_of_both", format!("cidr = \"10.0.0.0/16\"\n  end_time = \"{second}\"")),
            ("of_vpc", "cidr = \"10.0.0.0/16\"\n  vpc_id = \"vpc-2\"".to_owned()),
            ("yesterday", "cidr = \"10.9.0.0/16\"\n  last = \"24h\"".to_owned()),
            ("now", "cidr = \"10.0.0.0/16\"\n  current_only = true".to_owned()),
            ("whole", "cidr = \"10.0.0.0/8\"".to_owned()),
            ("nobody", "cidr = \"192.0.2.7/32\"".to_owned()),
        ];
        let mut body = DISCOVERY.to_owned();
        for (name, arguments) in &questions {
            body += &format!("data \"ipam_address_history\" \"{name}\" {{\n  {arguments}\n}}\n\n");
            body += &format!("output \"{name}\" {{\n  value = data.ipam_address_history.{name}.history_records\n}}\n\n");
        }
        scene.applies(&body);
        let state = scene.workspace.state();
        let ids = |name: &str| -> Vec<Value> {
            state.output(name).as_array().unwrap().iter().map(|one| one["resource_id"].clone()).collect()
        };
        assert_eq!(ids("one_address"), ["eni-1"]);
        assert_eq!(ids("exact"), ["subnet-1"]);
        assert_eq!(ids("in_turn"), ["vpc-1", "vpc-2"]);
        assert_eq!(ids("first_of_both"), ["vpc-1"]);
        assert_eq!(ids("of_vpc"), ["vpc-2"]);
        assert_eq!(ids("yesterday"), ["vpc-8", "vpc-9"]);
        assert_eq!(ids("now"), ["vpc-2"]);
        assert_eq!((ids("whole"), ids("nobody")), (vec![], vec![]));
        let turns = state.output("in_turn").as_array().unwrap().clone();
        assert_eq!((&turns[0]["is_current"], &turns[1]["is_current"]), (&json!(false), &json!(true)));
        assert_eq!((&turns[1]["sampled_end_time"], &turns[0]["resource_owner_id"]), (&Value::Null, &json!(ACCOUNT)));
        let time = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
        let (began, ended) = (time(&turns[0]["sampled_start_time"]), time(&turns[0]["sampled_end_time"]));
        assert!(start <= began && ended <= first, "only the first scan saw it: {began} {ended} {first}");
        assert!(time(&turns[1]["sampled_start_time"]) >= second);
        store.assert_sound();
    }
}
