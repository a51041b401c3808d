//! Start and end of the provider's process.

use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};
use terraform_provider_ipam::protocol::wire::get_provider_schema;

use crate::player::client::{Handshake, Plugin, Process, connect, environment, program, provider};

#[tokio::test(flavor = "multi_thread")]
async fn handshake_is_one_line_of_six_fields() {
    let plugin = Plugin::start().await;
    let Handshake { line, version, socket, certificate } = &plugin.handshake;
    assert_eq!(line.split('|').count(), 6, "{line}");
    assert_eq!(version, "6");
    assert!(socket.is_absolute());
    assert!(certificate.is_some() && !line.ends_with('='), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_goes_where_the_client_wants_it() {
    let directory = tempfile::tempdir().unwrap();
    let plugin = Plugin::start_with(&[("PLUGIN_UNIX_SOCKET_DIR", directory.path().to_str().unwrap())]).await;
    assert!(plugin.handshake.socket.starts_with(directory.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_versions_are_answered_with_that_of_the_provider() {
    let plugin = Plugin::start_with(&[("PLUGIN_PROTOCOL_VERSIONS", "4,5")]).await;
    assert_eq!(plugin.handshake.version, "6");
}

#[test]
fn without_the_cookie_there_is_no_handshake() {
    let wrong = [("TF_PLUGIN_MAGIC_COOKIE", "wrong")];
    for environment in [&[][..], &wrong[..]] {
        let mut process = Process::start(&mut program(environment));
        while let Some(line) = process.line() {
            assert!(!line.starts_with("1|"), "{line}");
        }
        process.end();
    }
}

#[test]
fn rubbish_for_a_client_certificate_ends_the_process() {
    let mut environment = environment(None);
    environment.push(("PLUGIN_CLIENT_CERT", "rubbish"));
    let mut process = Process::start(&mut program(&environment));
    assert_eq!(process.line(), None);
    assert_eq!(process.end().code(), Some(1));
    let errors = process.errors();
    assert!(errors.starts_with("[ERROR] PLUGIN_CLIENT_CERT contains no certificate"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_the_process_and_leaves_nothing() {
    let plugin = Plugin::start().await;
    let socket = plugin.handshake.socket.clone();
    assert!(socket.exists());
    let (status, _) = plugin.shut_down().await;
    assert!(status.success(), "{status}");
    assert!(!socket.exists() && !socket.parent().unwrap().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_is_not_held_up_by_open_streams() {
    use terraform_provider_ipam::plugin::wire::grpc_broker_client::GrpcBrokerClient;
    use terraform_provider_ipam::plugin::wire::grpc_stdio_client::GrpcStdioClient;
    let plugin = Plugin::start_with(&[("TF_LOG", "WARN")]).await;
    let (_keep, offers) = tokio::sync::mpsc::channel(1);
    let offers = tokio_stream::wrappers::ReceiverStream::new(offers);
    let _broker = GrpcBrokerClient::new(plugin.channel.clone()).start_stream(offers).await.unwrap();
    let _stdio = GrpcStdioClient::new(plugin.channel.clone()).stream_stdio(()).await.unwrap();
    let (status, errors) = plugin.shut_down().await;
    assert!(status.success());
    // The process would log the calls that it had to cut off.
    assert_eq!(errors, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_does_not_end_the_process() {
    let mut plugin = Plugin::start().await;
    for _ in 0..3 {
        plugin.process.signal("INT");
        plugin.provider.get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    }
    assert!(plugin.process.is_running());
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_the_process_and_leaves_nothing() {
    let mut plugin = Plugin::start().await;
    plugin.process.signal("TERM");
    plugin.process.end();
    assert!(!plugin.handshake.socket.exists());
}

#[test]
fn plugin_does_not_outlive_a_client_that_was_killed() {
    let mut command = Command::new("sh");
    command
        .args(["-c", "\"$0\" & wait", env!("CARGO_BIN_EXE_terraform-provider-ipam")])
        .envs(environment(None))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let client = Process::start(&mut command);
    assert!(client.line().unwrap().starts_with("1|6|unix|"));
    client.signal("KILL");
    // Its standard output closes when the process ends.
    assert_eq!(client.line(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn debug_server_prints_how_to_reattach_and_ends_on_ctrl_c() {
    let mut process = Process::start(program(&[]).arg("debug"));
    let line = process.line().unwrap();
    let json = line.strip_prefix("TF_REATTACH_PROVIDERS='").and_then(|rest| rest.strip_suffix('\'')).unwrap();
    let json: Json = serde_json::from_str(json).unwrap();
    let provider_json = &json["registry.terraform.io/ipam-dev/ipam"];
    assert_eq!(provider_json["Pid"], json!(process.id()));
    assert_eq!((&provider_json["Protocol"], &provider_json["ProtocolVersion"]), (&json!("grpc"), &json!(6)));
    assert_eq!((&provider_json["Test"], &provider_json["Addr"]["Network"]), (&json!(true), &json!("unix")));
    let socket = provider_json["Addr"]["String"].as_str().unwrap().into();
    let handshake = Handshake { line: line.clone(), version: "6".to_owned(), socket, certificate: None };
    let channel = connect(&handshake, None).await.unwrap();
    provider(channel.clone()).get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    process.signal("INT");
    assert!(process.end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn log_is_json_in_the_form_of_the_host() {
    let identity = crate::player::client::Identity::new();
    let (mut process, handshake) = Plugin::spawn(Some(&identity), &[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "DEBUG")]);
    let channel = connect(&handshake, Some(&identity)).await.unwrap();
    provider(channel.clone()).get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    process.signal("TERM");
    process.end();
    let errors = process.errors();
    let lines: Vec<Json> = errors.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().all(|line| ["@level", "@message", "@timestamp"].iter().all(|key| line[key].is_string())));
    assert!(lines.iter().all(|line| line["@level"] != "trace"), "{errors}");
    let answered = lines.iter().find(|line| line["tf_rpc"] == "GetProviderSchema").expect(&errors);
    assert_eq!(answered["@message"], "Answered");
    assert!(answered["tf_req_duration_ms"].is_u64() && answered["tf_req_id"].is_string(), "{answered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_logged_unless_asked_for() {
    let mut plugin = Plugin::start().await;
    plugin.provider.get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    plugin.process.signal("TERM");
    plugin.process.end();
    assert_eq!(plugin.process.errors(), "");
}
