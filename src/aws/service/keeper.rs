//! The keeper of a noun over the connection.

use crate::backend::Noun;
use crate::ipam::Result;

/// [`crate::backend::service::Keeps`] as futures, which [`crate::aws::AwsIpam`] runs to their end.
pub(in crate::aws) trait AsyncKeeps<N: Noun> {
    async fn create(&self, spec: &N::Spec) -> Result<N::Record>;

    async fn get(&self, id: &str) -> Result<Option<N::Record>>;

    async fn list(&self) -> Result<Vec<N::Record>>;

    async fn update(&self, id: &str, before: &N::Spec, after: &N::Spec) -> Result<N::Record>;

    async fn delete(&self, id: &str, spec: &N::Spec) -> Result<()>;
}
