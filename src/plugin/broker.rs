//! The broker of go-plugin, which arranges additional connections. Terraform opens the stream of the broker and arranges
//! no connection.

use std::pin::Pin;

use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use super::lifecycle::Lifecycle;
use super::stdio::silence;
use super::wire::ConnInfo;
use super::wire::grpc_broker_server::GrpcBroker;

pub(super) struct Broker(pub(super) Lifecycle);

#[tonic::async_trait]
impl GrpcBroker for Broker {
    type StartStreamStream = Pin<Box<dyn Stream<Item = Result<ConnInfo, Status>> + Send>>;

    /// The stream stays open without messages until the client closes its side or the process ends.
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let mut offers = request.into_inner();
        let lifecycle = self.0.clone();
        let until = async move {
            tokio::select! {
                () = async { while let Some(Ok(_)) = offers.next().await {} } => {}
                _ = lifecycle.ended() => {}
            }
        };
        Ok(Response::new(silence(until)))
    }
}
