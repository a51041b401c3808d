//! External resource verification tokens: names and values to publish in DNS.

use jiff::SignedDuration;
use serde_json::json;

use super::super::fault::{Fault, Result};
use super::super::thing::Kind;
use super::super::world::{DELETING, arn, dice, members};
use super::{Ask, Members};

const LIFE: SignedDuration = SignedDuration::from_hours(72);

pub(super) fn create(ask: &mut Ask<'_>) -> Result<Members> {
    let ipam = ask.usable(Kind::Ipam, "IpamId")?;
    let tags = ask.tags(Kind::Token)?;
    if ask.world.inside(Kind::Token, &ipam.id).count() >= ask.world.script.quotas.tokens {
        return Err(Fault::limit(format!("{} has as many verification tokens as it can.", ipam.id)));
    }
    let id = ask.world.new_id(Kind::Token);
    let (name, value) = (dice(&mut ask.world.seed), dice(&mut ask.world.seed));
    let body = members(json!({
        "ipamId": ipam.id,
        "ipamArn": arn(Kind::Ipam, &ipam.account, &ipam.id),
        "ipamRegion": ask.region,
        "tokenName": format!("{name:016x}"),
        "tokenValue": format!("{value:016x}"),
        "notAfter": (ask.world.now + LIFE).to_string(),
    }));
    ask.create(Kind::Token, &id, &ipam.id, body, tags);
    ask.answer("ipamExternalResourceVerificationToken", &id)
}

pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    let parameter = "IpamExternalResourceVerificationTokenId";
    ask.describe(Kind::Token, parameter, "ipamExternalResourceVerificationTokenSet")
}

pub(super) fn delete(ask: &mut Ask<'_>) -> Result<Members> {
    let token = ask.own(Kind::Token, "IpamExternalResourceVerificationTokenId")?;
    ask.world.delete(&token.id, DELETING);
    ask.answer("ipamExternalResourceVerificationToken", &token.id)
}
