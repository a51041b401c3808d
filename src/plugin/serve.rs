//! One run of the server, from the socket to the end.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::runtime::Runtime;
use tonic::transport::Server;
use tonic_health::ServingStatus;

use super::broker::Broker;
use super::connection::Open;
use super::controller::Controller;
use super::handshake::Environment;
use super::lifecycle::{Ending, Lifecycle};
use super::listen;
use super::services::Services;
use super::socket::Socket;
use super::stdio::Stdio;
use super::tls::Tls;
use super::wire::grpc_broker_server::GrpcBrokerServer;
use super::wire::grpc_controller_server::GrpcControllerServer;
use super::wire::grpc_stdio_server::GrpcStdioServer;
use crate::protocol;
use crate::tf::{Provider, Stop};

/// The name under which go-plugin checks the health of the plugin.
const HEALTH_NAME: &str = "plugin";

/// Time limit for calls in progress when the process ends. go-plugin kills the process two seconds after Shutdown.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(700);
/// Time limit for the work of the provider after those calls.
const FINISH_LIMIT: Duration = Duration::from_millis(1000);
const SIGNAL_LIMIT: Duration = Duration::from_secs(5);

/// Maximum number of bytes in flight before the reader must read. It is large because both ends are on one machine.
const WINDOW_BYTES: u32 = 4 << 20;

/// Serves until the lifecycle ends. `announce` prints the address for clients.
pub(super) fn until_end(
    provider: Provider,
    environment: Environment,
    lifecycle: &Lifecycle,
    announce: impl FnOnce(&str) -> Result<(), String>,
) -> Result<Ending, String> {
    let runtime = runtime().map_err(|error| format!("No threads can be started: {error}."))?;
    let (stop, finish) = (provider.stop.clone(), Arc::clone(&provider.finish));
    let result = runtime.block_on(serve(provider, environment, lifecycle, &stop, announce));
    // The time limit of any work that still runs has passed.
    runtime.shutdown_background();
    if matches!(result, Ok(Ending::Shutdown)) {
        finish_in_time(move || finish());
    }
    result
}

/// Runs the last work of the provider after its client has finished, and stops waiting before that client kills the
/// process.
fn finish_in_time(finish: impl FnOnce() + Send + 'static) {
    let (done, waiting) = mpsc::channel();
    std::thread::spawn(move || {
        finish();
        // There is no receiver any more if the work took too long.
        let _ = done.send(());
    });
    if waiting.recv_timeout(FINISH_LIMIT).is_err() {
        tracing::debug!("The provider did not finish in time");
    }
}

fn runtime() -> std::io::Result<Runtime> {
    // The work of the provider runs on blocking threads; these threads only transfer messages.
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("plugin").enable_all().build()
}

async fn serve(
    provider: Provider,
    environment: Environment,
    lifecycle: &Lifecycle,
    stop: &Stop,
    announce: impl FnOnce(&str) -> Result<(), String>,
) -> Result<Ending, String> {
    let open = Open::default();
    lifecycle.watch(open.clone())?;
    let tls = environment.client_certificate.as_deref().map(Tls::new).transpose()?;
    let (socket, address, _leftovers) = Socket::bind(&environment.socket).await?;
    let connections = listen::connections(socket, tls.as_ref().map(|tls| tls.config.clone()), open);
    announce(&environment.announcement(&address, tls.as_ref().map(|tls| &*tls.certificate)))?;

    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status(HEALTH_NAME, ServingStatus::Serving).await;
    let services = Services {
        provider: protocol::service(provider),
        controller: GrpcControllerServer::new(Controller(lifecycle.clone())),
        broker: GrpcBrokerServer::new(Broker(lifecycle.clone())),
        stdio: GrpcStdioServer::new(Stdio(lifecycle.clone())),
        health: health_service,
    };
    let server = Server::builder()
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .serve_with_incoming_shutdown(services, connections, async {
            lifecycle.ended().await;
        });
    tokio::select! {
        served = server => match served {
            Ok(()) => Ok(lifecycle.ended().await),
            Err(error) => Err(format!("The server failed: {error}.")),
        },
        ending = overdue(lifecycle, stop) => Ok(ending),
    }
}

/// Resolves when the time limit of calls in progress has passed after the end was announced.
async fn overdue(lifecycle: &Lifecycle, stop: &Stop) -> Ending {
    let ending = lifecycle.ended().await;
    stop.request();
    let limit = if ending == Ending::Signal { SIGNAL_LIMIT } else { SHUTDOWN_LIMIT };
    tokio::time::sleep(limit).await;
    tracing::warn!("Calls that were still under way are cut off");
    ending
}
