//! go-plugin's controller: the client says that it is done.

use tonic::{Request, Response, Status};

use super::lifecycle::Lifecycle;
use super::wire::Empty;
use super::wire::grpc_controller_server::GrpcController;

pub(super) struct Controller(pub(super) Lifecycle);

#[tonic::async_trait]
impl GrpcController for Controller {
    /// The server answers all calls under way before it ends, and so this one too.
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.shut_down();
        Ok(Response::new(Empty {}))
    }
}
