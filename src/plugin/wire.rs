//! The messages and services of go-plugin, generated from `proto/plugin.proto`.

tonic::include_proto!("plugin");
