//! Compiles `proto/` in Rust alone, so that a build does not need protoc.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(["tfplugin6.proto", "plugin.proto"], ["proto"])?;
    // The client is for the tests that act as Terraform.
    tonic_prost_build::configure().build_client(true).build_server(true).compile_fds(descriptors)?;
    Ok(())
}
