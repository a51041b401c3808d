//! EC2 and STS: moto, with pages, ranges that were brought along, and troubles.

use std::sync::OnceLock;

use crate::moto::Moto;

const LAUNCHER: &str = include_str!("launcher.py");

static SHARED: OnceLock<Ec2> = OnceLock::new();

/// EC2 and STS of as many accounts as are asked for.
///
/// Keys that nobody gave out are those of the account [`HOME`](Self::HOME); those of another account are what STS answers
/// to AssumeRole of a role in it (`arn:aws:iam::<account>:role/<name>`). It keeps everything in memory.
#[derive(Debug)]
pub struct Ec2 {
    moto: Moto,
}

impl Ec2 {
    /// The account of keys that nobody gave out.
    pub const HOME: &str = "123456789012";

    /// The server of this test process, started when first asked for; it ends with the process.
    ///
    /// # Panics
    /// When it cannot be had; the message says what to install.
    pub fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start)
    }

    /// A server of one's own. It is stopped when it is dropped or the process ends.
    ///
    /// # Panics
    /// When it cannot be had; the message says what to install.
    pub fn start() -> Self {
        Self { moto: Moto::start("an EC2 server", LAUNCHER) }
    }

    /// `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.moto.address())
    }

    /// Gives an order of those at the head of `launcher.py`, as JSON; what it answers, as JSON.
    ///
    /// # Panics
    /// When it does not understand the order.
    pub fn order(&self, order: &str) -> String {
        let answer =
            self.moto.ask("POST", "/order", "Content-Type: application/json\r\n", order).expect("moto is there");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer has a body");
        assert!(head.lines().next().is_some_and(|status| status.contains(" 200 ")), "{order}: {answer}");
        body.to_owned()
    }
}
