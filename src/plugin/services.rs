//! Routes each call to its service, by the first part of the path.

use std::convert::Infallible;
use std::task::{Context, Poll};

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::NamedService;
use tonic_health::pb::health_server::{Health, HealthServer};

use super::broker::Broker;
use super::controller::Controller;
use super::stdio::Stdio;
use super::wire::grpc_broker_server::GrpcBrokerServer;
use super::wire::grpc_controller_server::GrpcControllerServer;
use super::wire::grpc_stdio_server::GrpcStdioServer;
use crate::protocol;
use crate::protocol::wire::provider_server::ProviderServer;

pub(super) struct Services<H> {
    pub(super) provider: ProviderServer<protocol::Server>,
    pub(super) controller: GrpcControllerServer<Controller>,
    pub(super) broker: GrpcBrokerServer<Broker>,
    pub(super) stdio: GrpcStdioServer<Stdio>,
    pub(super) health: HealthServer<H>,
}

impl<H> Clone for Services<H> {
    fn clone(&self) -> Self {
        Self {
            provider: self.provider.clone(),
            controller: self.controller.clone(),
            broker: self.broker.clone(),
            stdio: self.stdio.clone(),
            health: self.health.clone(),
        }
    }
}

impl<H: Health> Service<http::Request<Body>> for Services<H> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    /// All services are ready at any time.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        match request.uri().path().split('/').nth(1).unwrap_or_default() {
            ProviderServer::<protocol::Server>::NAME => self.provider.call(request),
            GrpcControllerServer::<Controller>::NAME => self.controller.call(request),
            GrpcBrokerServer::<Broker>::NAME => self.broker.call(request),
            GrpcStdioServer::<Stdio>::NAME => self.stdio.call(request),
            HealthServer::<H>::NAME => self.health.call(request),
            _ => Box::pin(async { Ok(Status::unimplemented("There is no such service.").into_http()) }),
        }
    }
}
