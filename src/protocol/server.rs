//! The service, as one table that assigns a handler to each call. Every call is processed in the same way (see `answer`).

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tonic::{Request, Response, Status, Streaming};
use tracing::Span;

use super::answer::{self, Message, MessageStream, StreamHandler};
use super::catalog::Catalog;
use super::wire::provider_server::{Provider as Service, ProviderServer};
use super::{
    action, data_source, diagnostics, ephemeral, function, identity, list, provider, resource, unoffered, wire,
};
use crate::tf::{Diagnostics, FunctionError, Provider};

/// Maximum number of bytes of a message in either direction, the same as in providers in Go.
pub const MESSAGE_SIZE_MAX: usize = 256 << 20;

/// Answers the calls of Terraform for a provider. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    catalog: Arc<Catalog>,
    requests: Arc<AtomicU64>,
    /// Distinguishes requests of this process from those of other processes in a shared log.
    run: u64,
}

/// The gRPC service over a provider.
pub fn service(provider: Provider) -> ProviderServer<Server> {
    ProviderServer::new(Server::new(provider))
        .max_decoding_message_size(MESSAGE_SIZE_MAX)
        .max_encoding_message_size(MESSAGE_SIZE_MAX)
}

impl Server {
    /// A server for a provider, whose schemas it computes.
    pub fn new(provider: Provider) -> Self {
        Self {
            catalog: Arc::new(Catalog::new(provider)),
            requests: Arc::default(),
            run: RandomState::new().hash_one(std::process::id()),
        }
    }

    /// A new call: what its handler works on, and its span.
    pub(super) fn call(&self, rpc: &'static str, subject: &str) -> (Arc<Catalog>, Span) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let span = tracing::error_span!(
            "call",
            tf_rpc = rpc,
            tf_req_id = format!("{:016x}-{number}", self.run),
            tf_resource_type = (!subject.is_empty()).then_some(subject)
        );
        (Arc::clone(&self.catalog), span)
    }
}

impl Message for wire::call_function::Response {
    fn failed(errors: Diagnostics) -> Self {
        let text = errors.into_iter().map(|error| error.detail).collect::<Vec<_>>().join(" ");
        Self { result: None, error: Some(function::to_wire(FunctionError { text, argument: None })) }
    }
}

impl Message for wire::stop_provider::Response {
    fn failed(errors: Diagnostics) -> Self {
        Self { error: errors.into_iter().map(|error| error.detail).collect::<Vec<_>>().join(" ") }
    }
}

impl Message for wire::list_resource::Event {
    fn failed(errors: Diagnostics) -> Self {
        Self { diagnostic: diagnostics::to_wire(errors), ..Default::default() }
    }
}

impl Message for wire::invoke_action::Event {
    fn failed(errors: Diagnostics) -> Self {
        use wire::invoke_action::event::{Completed, Type};
        Self { r#type: Some(Type::Completed(Completed { diagnostics: diagnostics::to_wire(errors) })) }
    }
}

/// The table: `Rpc method(module of its messages / field with the type name) => handler`. First come the calls whose
/// answer has a field `diagnostics`, then other calls, then calls that answer with a stream, of which the table names the
/// type of a message: `streams` are read, and `work` is done also when the client does not read.
macro_rules! calls {
    (
        with diagnostics { $($Rpc:ident $rpc:ident($message:ident $(/ $subject:ident)?) => $handler:expr;)* }
        others { $($OtherRpc:ident $other:ident($other_message:ident $(/ $other_subject:ident)?) => $other_handler:expr;)* }
        streams {
            $($Stream:ident: $StreamRpc:ident $stream:ident($stream_message:ident / $stream_subject:ident)
                -> $Message:ident => $stream_handler:expr;)*
        }
        work {
            $($Work:ident: $WorkRpc:ident $work:ident($work_message:ident / $work_subject:ident)
                -> $WorkMessage:ident => $work_handler:expr;)*
        }
    ) => {
        $(impl Message for wire::$message::Response {
            // Some of these answers have no other field.
            #[allow(clippy::needless_update)]
            fn failed(errors: Diagnostics) -> Self {
                Self { diagnostics: diagnostics::to_wire(errors), ..Default::default() }
            }
        })*

        #[tonic::async_trait]
        impl Service for Server {
            $(async fn $rpc(
                &self,
                request: Request<wire::$message::Request>,
            ) -> Result<Response<wire::$message::Response>, Status> {
                let request = request.into_inner();
                #[allow(unused_variables)]
                let subject = String::new();
                $(let subject = request.$subject.clone();)?
                Ok(Response::new(answer::message(self.call(stringify!($Rpc), &subject), request, $handler).await))
            })*

            $(async fn $other(
                &self,
                request: Request<wire::$other_message::Request>,
            ) -> Result<Response<wire::$other_message::Response>, Status> {
                let request = request.into_inner();
                #[allow(unused_variables)]
                let subject = String::new();
                $(let subject = request.$other_subject.clone();)?
                Ok(Response::new(answer::message(self.call(stringify!($OtherRpc), &subject), request, $other_handler).await))
            })*

            $(type $Stream = MessageStream<wire::$stream_message::$Message>;

            async fn $stream(
                &self,
                request: Request<wire::$stream_message::Request>,
            ) -> Result<Response<Self::$Stream>, Status> {
                let request = request.into_inner();
                let subject = request.$stream_subject.clone();
                // The messages may borrow from the request, so their type depends on the call of the handler.
                let handler: StreamHandler<_, _> = |catalog, request| $stream_handler(catalog, request);
                Ok(Response::new(answer::stream(self.call(stringify!($StreamRpc), &subject), request, handler)))
            })*

            $(type $Work = MessageStream<wire::$work_message::$WorkMessage>;

            async fn $work(
                &self,
                request: Request<wire::$work_message::Request>,
            ) -> Result<Response<Self::$Work>, Status> {
                let request = request.into_inner();
                let subject = request.$work_subject.clone();
                Ok(Response::new(answer::work(self.call(stringify!($WorkRpc), &subject), request, $work_handler)))
            })*

            /// The only call with a stream as its request. The answer does not depend on the stream, so it is not read.
            async fn write_state_bytes(
                &self,
                _: Request<Streaming<wire::write_state_bytes::RequestChunk>>,
            ) -> Result<Response<wire::write_state_bytes::Response>, Status> {
                Ok(Response::new(answer::message(self.call("WriteStateBytes", ""), (), unoffered::state_stores).await))
            }
        }
    };
}

calls! {
    with diagnostics {
        GetMetadata get_metadata(get_metadata) => provider::metadata;
        GetProviderSchema get_provider_schema(get_provider_schema) => provider::schemas;
        GetResourceIdentitySchemas get_resource_identity_schemas(get_resource_identity_schemas)
            => identity::schemas;
        ValidateProviderConfig validate_provider_config(validate_provider_config) => provider::validate;
        ConfigureProvider configure_provider(configure_provider) => provider::configure;

        ValidateResourceConfig validate_resource_config(validate_resource_config / type_name) => resource::validate;
        UpgradeResourceState upgrade_resource_state(upgrade_resource_state / type_name) => resource::upgrade;
        ReadResource read_resource(read_resource / type_name) => resource::read;
        PlanResourceChange plan_resource_change(plan_resource_change / type_name) => resource::plan;
        ApplyResourceChange apply_resource_change(apply_resource_change / type_name) => resource::apply;
        ImportResourceState import_resource_state(import_resource_state / type_name) => resource::import;
        MoveResourceState move_resource_state(move_resource_state / target_type_name) => resource::move_state;
        GenerateResourceConfig generate_resource_config(generate_resource_config / type_name) => resource::generate;
        UpgradeResourceIdentity upgrade_resource_identity(upgrade_resource_identity / type_name) => identity::upgrade;

        ValidateDataResourceConfig validate_data_resource_config(validate_data_resource_config / type_name)
            => data_source::validate;
        ReadDataSource read_data_source(read_data_source / type_name) => data_source::read;
        ValidateListResourceConfig validate_list_resource_config(validate_list_resource_config / type_name)
            => list::validate;
        GetFunctions get_functions(get_functions) => function::list;

        ValidateEphemeralResourceConfig validate_ephemeral_resource_config(validate_ephemeral_resource_config / type_name)
            => ephemeral::validate;
        OpenEphemeralResource open_ephemeral_resource(open_ephemeral_resource / type_name) => ephemeral::open;
        RenewEphemeralResource renew_ephemeral_resource(renew_ephemeral_resource / type_name) => ephemeral::renew;
        CloseEphemeralResource close_ephemeral_resource(close_ephemeral_resource / type_name) => ephemeral::close;
        ValidateActionConfig validate_action_config(validate_action_config / type_name) => action::validate;
        PlanAction plan_action(plan_action / action_type) => action::plan;
        ValidateStateStoreConfig validate_state_store_config(validate_state_store / type_name)
            => unoffered::state_stores;
        ConfigureStateStore configure_state_store(configure_state_store / type_name) => unoffered::state_stores;
        LockState lock_state(lock_state / type_name) => unoffered::state_stores;
        UnlockState unlock_state(unlock_state / type_name) => unoffered::state_stores;
        GetStates get_states(get_states / type_name) => unoffered::state_stores;
        DeleteState delete_state(delete_state / type_name) => unoffered::state_stores;
    }
    others {
        CallFunction call_function(call_function / name) => function::call;
        StopProvider stop_provider(stop_provider) => provider::stop;
    }
    streams {
        ListResourceStream: ListResource list_resource(list_resource / type_name) -> Event => list::list;
        ReadStateBytesStream: ReadStateBytes read_state_bytes(read_state_bytes / type_name)
            -> Response => unoffered::state_stores;
    }
    work {
        InvokeActionStream: InvokeAction invoke_action(invoke_action / action_type) -> Event => action::invoke;
    }
}

impl Message for wire::read_state_bytes::Response {
    fn failed(errors: Diagnostics) -> Self {
        Self { diagnostics: diagnostics::to_wire(errors), ..Default::default() }
    }
}

impl Message for wire::write_state_bytes::Response {
    fn failed(errors: Diagnostics) -> Self {
        Self { diagnostics: diagnostics::to_wire(errors) }
    }
}
