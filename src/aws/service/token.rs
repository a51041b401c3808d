//! External resource verification tokens.

use aws_sdk_ec2::types as ec2;
use jiff::Timestamp;

use crate::backend::service::{TokenNoun, TokenRecord, TokenSpec};
use crate::ipam::Result;

use super::super::connection::Connection;
use super::super::convert::need;
use super::super::pages::all_pages;
use super::super::pending::request_name;
use super::super::response::{Refusal, ask, fault, or_nothing, the_one};
use super::super::tags;
use super::super::wait::Stateful;
use super::keeper::AsyncKeeps;

type Token = ec2::IpamExternalResourceVerificationToken;

fn record(found: &Token) -> Result<TokenRecord> {
    let not_after = found.not_after().and_then(|time| Timestamp::from_second(time.secs()).ok());
    Ok(TokenRecord {
        id: need(found.ipam_external_resource_verification_token_id(), "token id")?.to_owned(),
        arn: found.ipam_external_resource_verification_token_arn().unwrap_or_default().to_owned(),
        ipam_id: need(found.ipam_id(), "IPAM id")?.to_owned(),
        region: found.ipam_region().unwrap_or_default().to_owned(),
        token_name: need(found.token_name(), "token name")?.to_owned(),
        token_value: need(found.token_value(), "token value")?.to_owned(),
        not_after: not_after.map(|time| time.to_string()),
        status: found.status().map_or("valid", |status| status.as_str()).to_owned(),
        tags: tags::all(Some(found.tags())),
    })
}

/// The verification tokens of the account.
#[derive(Clone, Copy)]
pub(in crate::aws) struct Tokens<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl Tokens<'_> {
    /// One token, or all. AWS divides the list into pages, and the SDK has no paginator for it.
    async fn describe_all(&self, id: Option<&str>) -> Result<Vec<Token>, Refusal> {
        all_pages(async |token| {
            let request = self
                .aws
                .clients
                .home()
                .describe_ipam_external_resource_verification_tokens()
                .set_ipam_external_resource_verification_token_ids(id.map(|id| vec![id.to_owned()]))
                .set_next_token(token);
            let page = ask("DescribeIpamExternalResourceVerificationTokens", request.send()).await?;
            Ok((page.ipam_external_resource_verification_tokens.unwrap_or_default(), page.next_token))
        })
        .await
    }

    async fn describe(&self, id: &str) -> Result<Option<Token>, Refusal> {
        let found = or_nothing(self.describe_all(Some(id)).await)?;
        the_one(found, id, Token::ipam_external_resource_verification_token_id)
    }

    async fn begin(&self, spec: &TokenSpec, token: String) -> Result<String, Refusal> {
        let kind = ec2::ResourceType::IpamExternalResourceVerificationToken;
        let request = self
            .aws
            .clients
            .home()
            .create_ipam_external_resource_verification_token()
            .ipam_id(&spec.ipam_id)
            .set_tag_specifications(tags::specifications(kind, &spec.tags))
            .client_token(token);
        let action = "CreateIpamExternalResourceVerificationToken";
        let made = ask(action, request.send()).await?.ipam_external_resource_verification_token;
        let id = made.and_then(|made| made.ipam_external_resource_verification_token_id);
        id.ok_or_else(|| fault(action, "UnexpectedAnswer", "the answer of AWS has no token id"))
    }

    async fn wait_until_usable(&self, id: &str) -> Result<TokenRecord> {
        record(&self.aws.pace.wait_until_usable::<TokenNoun, _, _>(id, true, || self.describe(id)).await?)
    }
}

impl AsyncKeeps<TokenNoun> for Tokens<'_> {
    async fn create(&self, spec: &TokenSpec) -> Result<TokenRecord> {
        let begin = |token| self.begin(spec, token);
        let finish = async |id: String| self.wait_until_usable(&id).await;
        self.aws.pending.create_once::<TokenNoun, _>(&spec.ipam_id, &request_name(spec), begin, finish).await
    }

    async fn get(&self, id: &str) -> Result<Option<TokenRecord>> {
        let found = self.describe(id).await?.filter(Stateful::is_there);
        found.as_ref().map(record).transpose()
    }

    async fn list(&self) -> Result<Vec<TokenRecord>> {
        let found = self.describe_all(None).await?;
        found.iter().filter(|found| found.is_there()).map(record).collect()
    }

    async fn update(&self, id: &str, before: &TokenSpec, after: &TokenSpec) -> Result<TokenRecord> {
        self.aws.retag(&self.aws.clients.home(), id, &before.tags, &after.tags).await?;
        self.wait_until_usable(id).await
    }

    async fn delete(&self, id: &str, _spec: &TokenSpec) -> Result<()> {
        let action = "DeleteIpamExternalResourceVerificationToken";
        let found = self.describe(id).await?;
        if found.is_some_and(|found| !found.is_going()) {
            let client = self.aws.clients.home();
            let request = client
                .delete_ipam_external_resource_verification_token()
                .ipam_external_resource_verification_token_id(id);
            match ask(action, request.send()).await {
                Err(refusal) if !refusal.is_not_found() => return Err(refusal.into()),
                _ => {}
            }
        }
        self.aws.pace.wait_until_gone::<TokenNoun, _, _>(id, || self.describe(id)).await
    }
}
