//! The controller of go-plugin, by which the client asks the plugin to end.

use tonic::{Request, Response, Status};

use super::lifecycle::Lifecycle;
use super::wire::Empty;
use super::wire::grpc_controller_server::GrpcController;

pub(super) struct Controller(pub(super) Lifecycle);

#[tonic::async_trait]
impl GrpcController for Controller {
    /// The server answers all calls in progress before it ends, so it answers this call as well.
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.shut_down();
        Ok(Response::new(Empty {}))
    }
}
