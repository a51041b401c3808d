//! The forwarding of output by go-plugin. This plugin forwards nothing, because Terraform would log forwarded output as
//! unexpected.

use std::future::Future;
use std::pin::Pin;

use futures::StreamExt;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::lifecycle::Lifecycle;
use super::wire::StdioData;
use super::wire::grpc_stdio_server::GrpcStdio;

pub(super) struct Stdio(pub(super) Lifecycle);

/// A stream without messages that ends after `until`.
pub(super) fn silence<T: Send + 'static>(
    until: impl Future<Output = ()> + Send + 'static,
) -> Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>> {
    Box::pin(futures::stream::once(until).filter_map(|()| async { None }))
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = Pin<Box<dyn Stream<Item = Result<StdioData, Status>> + Send>>;

    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        let lifecycle = self.0.clone();
        Ok(Response::new(silence(async move {
            lifecycle.ended().await;
        })))
    }
}
