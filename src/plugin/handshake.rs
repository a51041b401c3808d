//! The handshake of go-plugin: the environment that a plugin receives, and the line that the plugin prints in return.

use std::env;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::json;

use super::socket::{Address, SocketOptions};

const COOKIE_NAME: &str = "TF_PLUGIN_MAGIC_COOKIE";
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// Version of the handshake itself.
const CORE_VERSION: u32 = 1;

/// Major versions of Terraform's protocol that this provider supports, lowest first.
const VERSIONS: [u32; 1] = [6];

pub(super) fn has_cookie() -> bool {
    env::var(COOKIE_NAME).is_ok_and(|cookie| cookie == COOKIE)
}

/// The requests of the client.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) version: u32,
    /// The only certificate that a client may present, in PEM; `None` means no TLS.
    pub(super) client_certificate: Option<String>,
    pub(super) socket: SocketOptions,
    /// Whether the client supports the seventh field of the handshake.
    knows_multiplexing: bool,
    is_debug: bool,
}

impl Environment {
    /// Reads the environment of a process that go-plugin started.
    pub(super) fn read() -> Result<Self, String> {
        let get = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        Ok(Self {
            version: negotiate(&get("PLUGIN_PROTOCOL_VERSIONS").unwrap_or_default()),
            client_certificate: get("PLUGIN_CLIENT_CERT"),
            socket: SocketOptions::read(get)?,
            knows_multiplexing: get("PLUGIN_MULTIPLEX_GRPC").is_some(),
            is_debug: false,
        })
    }

    /// The environment of a server that a developer starts.
    pub(super) fn for_debugging() -> Result<Self, String> {
        Ok(Self {
            version: VERSIONS[VERSIONS.len() - 1],
            client_certificate: None,
            socket: SocketOptions::read(|name| env::var(name).ok().filter(|value| !value.is_empty()))?,
            knows_multiplexing: false,
            is_debug: true,
        })
    }

    /// The line to print once the server listens at `address`. The certificate is in DER.
    pub(super) fn announcement(&self, address: &Address, certificate: Option<&[u8]>) -> String {
        if self.is_debug { self.reattachment(address) } else { self.line(address, certificate) }
    }

    fn line(&self, address: &Address, certificate: Option<&[u8]>) -> String {
        let Address { network, text } = address;
        let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
        let multiplexing = if self.knows_multiplexing { "|false" } else { "" };
        format!("{CORE_VERSION}|{}|{network}|{text}|grpc|{certificate}{multiplexing}", self.version)
    }

    fn reattachment(&self, address: &Address) -> String {
        let Address { network, text } = address;
        let providers = json!({ crate::ADDRESS: {
            "Protocol": "grpc",
            "ProtocolVersion": self.version,
            "Pid": std::process::id(),
            "Test": true,
            "Addr": { "Network": network, "String": text },
        }});
        format!("TF_REATTACH_PROVIDERS='{providers}'")
    }
}

/// The highest version that both sides support, or else the lowest version of this provider, which the client then
/// refuses with its own message.
fn negotiate(offered: &str) -> u32 {
    let offered: Vec<u32> = offered.split(',').filter_map(|version| version.trim().parse().ok()).collect();
    VERSIONS.into_iter().rev().find(|version| offered.contains(version)).unwrap_or(VERSIONS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(knows_multiplexing: bool, is_debug: bool) -> Environment {
        let socket = SocketOptions::read(|_| None).unwrap();
        Environment { version: 6, client_certificate: None, socket, knows_multiplexing, is_debug }
    }

    fn address() -> Address {
        Address { network: "unix", text: "/tmp/ipam/s".to_owned() }
    }

    #[test]
    fn highest_shared_version_is_chosen() {
        for (offered, chosen) in [("5,6", 6), ("6,5", 6), ("6", 6), (" 6 , 7", 6), ("4,5", 6), ("", 6), ("x", 6)] {
            assert_eq!(negotiate(offered), chosen, "{offered:?}");
        }
    }

    #[test]
    fn certificate_in_the_line_has_no_padding() {
        let line = environment(false, false).announcement(&address(), Some(b"1234"));
        assert_eq!(line, "1|6|unix|/tmp/ipam/s|grpc|MTIzNA");
    }

    #[test]
    fn line_without_tls_has_an_empty_certificate() {
        assert_eq!(environment(false, false).announcement(&address(), None), "1|6|unix|/tmp/ipam/s|grpc|");
    }

    #[test]
    fn multiplexing_is_declined_to_clients_that_know_it() {
        assert_eq!(environment(true, false).announcement(&address(), None), "1|6|unix|/tmp/ipam/s|grpc||false");
    }

    #[test]
    fn a_debug_server_prints_how_to_reattach() {
        let line = environment(false, true).announcement(&address(), None);
        let json = line.strip_prefix("TF_REATTACH_PROVIDERS='").unwrap().strip_suffix('\'').unwrap();
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(
            json["registry.terraform.io/ipam-dev/ipam"],
            json!({
                "Protocol": "grpc", "ProtocolVersion": 6, "Pid": std::process::id(), "Test": true,
                "Addr": {"Network": "unix", "String": "/tmp/ipam/s"},
            })
        );
    }
}
