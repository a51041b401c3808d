//! EC2 and STS: moto, extended by pages, BYOIP ranges and failures.

use std::sync::OnceLock;

use crate::moto::Moto;

const LAUNCHER: &str = include_str!("launcher.py");

static SHARED: OnceLock<Ec2> = OnceLock::new();

/// EC2 and STS for any number of accounts.
///
/// Keys that the server did not issue belong to the account [`HOME`](Self::HOME). A client gets keys of another account
/// from STS by AssumeRole with a role in it (`arn:aws:iam::<account>:role/<name>`). The server keeps everything in
/// memory.
#[derive(Debug)]
pub struct Ec2 {
    moto: Moto,
}

impl Ec2 {
    /// The account of keys that the server did not issue.
    pub const HOME: &str = "123456789012";

    /// The server of this test process, which is started at the first call and ends with the process.
    ///
    /// # Panics
    /// Panics if the server cannot be started; the message names what to install.
    pub fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start)
    }

    /// Starts a separate server. It is stopped when it is dropped or the process ends.
    ///
    /// # Panics
    /// Panics if the server cannot be started; the message names what to install.
    pub fn start() -> Self {
        Self { moto: Moto::start("an EC2 server", LAUNCHER) }
    }

    /// The URL of the server: `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.moto.address())
    }

    /// Sends one of the orders that the head of `launcher.py` lists, as JSON. Returns the answer as JSON.
    ///
    /// # Panics
    /// Panics if the server does not understand the order.
    pub fn order(&self, order: &str) -> String {
        let answer =
            self.moto.ask("POST", "/order", "Content-Type: application/json\r\n", order).expect("moto is there");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer has a body");
        assert!(head.lines().next().is_some_and(|status| status.contains(" 200 ")), "{order}: {answer}");
        body.to_owned()
    }
}
