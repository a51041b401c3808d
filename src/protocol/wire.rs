//! The messages and the service, generated from `proto/tfplugin6.proto`.

tonic::include_proto!("tfplugin6");
