//! Every call of the service is answered, whatever the request is.

use serde_json::json;
use terraform_provider_ipam::protocol::wire::{self, DynamicValue};
use tonic::{Code, Request};

use crate::player::client::Plugin;

/// The calls with one request and one answer. The text of each answer is returned, so that a test can search it.
macro_rules! each_unary {
    ($client:expr, $each:expr, $($call:ident($message:ident)),* $(,)?) => {$(
        let answer = $client.$call(wire::$message::Request::default()).await;
        $each(stringify!($call), answer.map(|answer| format!("{:?}", answer.into_inner())));
    )*};
}

/// The calls that answer with a stream, each of which has one message here.
macro_rules! each_stream {
    ($client:expr, $each:expr, $($call:ident),* $(,)?) => {$(
        let mut stream = $client.$call(wire::$call::Request::default()).await.unwrap().into_inner();
        $each(stringify!($call), stream.message().await.map(|message| format!("{:?}", message.expect("a message"))));
        assert!(stream.message().await.unwrap().is_none(), "{} has more than one message", stringify!($call));
    )*};
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_answers_an_empty_request() {
    let mut plugin = Plugin::start().await;
    let client = &mut plugin.provider;
    let mut answers = Vec::new();
    let mut keep = |call: &'static str, answer: Result<String, tonic::Status>| {
        answers.push((call, answer.unwrap_or_else(|status| panic!("{call}: {status}"))));
    };
    each_unary!(
        client,
        keep,
        get_metadata(get_metadata),
        get_provider_schema(get_provider_schema),
        get_resource_identity_schemas(get_resource_identity_schemas),
        get_functions(get_functions),
        stop_provider(stop_provider),
        validate_provider_config(validate_provider_config),
        configure_provider(configure_provider),
        validate_resource_config(validate_resource_config),
        upgrade_resource_state(upgrade_resource_state),
        upgrade_resource_identity(upgrade_resource_identity),
        read_resource(read_resource),
        plan_resource_change(plan_resource_change),
        apply_resource_change(apply_resource_change),
        import_resource_state(import_resource_state),
        move_resource_state(move_resource_state),
        generate_resource_config(generate_resource_config),
        validate_data_resource_config(validate_data_resource_config),
        read_data_source(read_data_source),
        call_function(call_function),
        validate_ephemeral_resource_config(validate_ephemeral_resource_config),
        open_ephemeral_resource(open_ephemeral_resource),
        renew_ephemeral_resource(renew_ephemeral_resource),
        close_ephemeral_resource(close_ephemeral_resource),
        validate_list_resource_config(validate_list_resource_config),
        plan_action(plan_action),
        validate_action_config(validate_action_config),
        validate_state_store_config(validate_state_store),
        configure_state_store(configure_state_store),
        lock_state(lock_state),
        unlock_state(unlock_state),
        get_states(get_states),
        delete_state(delete_state),
    );

    each_stream!(client, keep, list_resource, invoke_action, read_state_bytes);
    let chunks = tokio_stream::once(wire::write_state_bytes::RequestChunk::default());
    keep(
        "write_state_bytes",
        client.write_state_bytes(chunks).await.map(|answer| format!("{:?}", answer.into_inner())),
    );

    assert_eq!(answers.len(), 36, "all calls of the service");
    // An empty request is valid for these calls; for all others it is an error of the caller.
    let fine =
        ["get_metadata", "get_provider_schema", "get_resource_identity_schemas", "get_functions", "stop_provider"];
    for (call, answer) in answers {
        let is_error = answer.contains("severity: Error") || answer.contains("error: Some(");
        assert_eq!(is_error, !fine.contains(&call), "{call}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_the_client_cancels_leave_the_provider_working() {
    let mut plugin = Plugin::start().await;
    // More calls than the provider has threads for them.
    for _ in 0..1000 {
        drop(plugin.provider.list_resource(wire::list_resource::Request::default()).await.unwrap());
    }
    plugin.provider.get_metadata(wire::get_metadata::Request::default()).await.unwrap();
    assert!(plugin.shut_down().await.0.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn service_that_does_not_exist_is_reported_as_unimplemented() {
    let plugin = Plugin::start().await;
    let mut client = tonic::client::Grpc::new(plugin.channel.clone());
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo".parse().unwrap();
    assert_eq!(client.unary(Request::new(()), path, codec).await.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_over_four_mebibytes_pass_both_ways() {
    let mut plugin = Plugin::start().await;
    // The answer to a call of an unknown function names that function.
    let name = "x".repeat(6 << 20);
    let request = wire::call_function::Request { name: name.clone(), arguments: vec![] };
    let answer = plugin.provider.call_function(request).await.unwrap().into_inner();
    assert!(answer.error.unwrap().text.contains(&name));
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_values_are_diagnostics() {
    let mut plugin = Plugin::start().await;
    for config in [
        DynamicValue { msgpack: b"\xc1".to_vec(), json: vec![] },
        DynamicValue { msgpack: b"\x81\xa7nowhere\xc0".to_vec(), json: vec![] },
        DynamicValue { msgpack: b"\xdf\xff\xff\xff\xff".to_vec(), json: vec![] },
        DynamicValue { msgpack: b"\xd4\x00\x00".to_vec(), json: vec![] },
        DynamicValue { msgpack: vec![], json: b"{".to_vec() },
        DynamicValue { msgpack: vec![], json: json!([1]).to_string().into_bytes() },
    ] {
        let request = wire::validate_provider_config::Request { config: Some(config.clone()) };
        let answer = plugin.provider.validate_provider_config(request).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics.len(), 1, "{config:?}");
        assert_eq!(answer.diagnostics[0].summary, "Broken request", "{config:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_at_once_are_all_answered() {
    let plugin = Plugin::start().await;
    let calls = (0..200).map(|_| {
        let mut client = plugin.provider.clone();
        async move { client.get_provider_schema(wire::get_provider_schema::Request {}).await }
    });
    assert!(futures::future::join_all(calls).await.iter().all(Result::is_ok));
}
