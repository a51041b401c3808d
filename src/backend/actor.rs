//! The actor that events of the history name, from the environment.

use super::account;
use crate::ipam::Actor;

/// The actor of everything that this process does.
pub fn actor(owner: &str, variable: impl Fn(&str) -> Option<String>) -> Actor {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    Actor {
        owner: owner.to_owned(),
        user: variable("USER").or_else(|| variable("LOGNAME")).or_else(|| variable("USERNAME")).or_else(account::name),
        run_url: run_url(variable),
    }
}

/// The page of the pipeline run, from the variables of the CI systems that have one.
pub(super) fn run_url(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let github = || {
        let (server, repository) = (variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/actions/runs/{}", variable("GITHUB_RUN_ID")?))
    };
    let hcp_terraform = || {
        let (host, run) = (variable("TFE_HOSTNAME").unwrap_or("app.terraform.io".to_owned()), variable("TFC_RUN_ID")?);
        let organization = variable("TFC_WORKSPACE_SLUG")?;
        let (organization, workspace) = organization.split_once('/')?;
        Some(format!("https://{host}/app/{organization}/workspaces/{workspace}/runs/{run}"))
    };
    // GitLab; HCP Terraform; Atlantis, which names the pull request and not the run; then Jenkins, and the systems that
    // adopted its variable.
    github()
        .or_else(|| variable("CI_JOB_URL"))
        .or_else(hcp_terraform)
        .or_else(|| variable("ATLANTIS_TERRAFORM_VERSION").and_then(|_| variable("PULL_URL")))
        .or_else(|| variable("BUILD_URL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Actor {
        actor("team", |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_run_is_read_from_the_variables_of_each_ci_system() {
        let github = [
            ("USER", "runner"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "a/b"),
            ("GITHUB_RUN_ID", "7"),
        ];
        let actor = from(&github);
        assert_eq!(actor.run_url.as_deref(), Some("https://github.com/a/b/actions/runs/7"));
        assert_eq!(actor.user.as_deref(), Some("runner"));
        let gitlab = from(&[("CI_JOB_URL", "https://gitlab.example/1")]);
        assert_eq!(gitlab.run_url.as_deref(), Some("https://gitlab.example/1"));
        let hcp = from(&[("TFC_RUN_ID", "run-1"), ("TFC_WORKSPACE_SLUG", "org/ws")]);
        assert_eq!(hcp.run_url.as_deref(), Some("https://app.terraform.io/app/org/workspaces/ws/runs/run-1"));
        let atlantis = [("ATLANTIS_TERRAFORM_VERSION", "1.11.4"), ("PULL_URL", "https://git.example/pull/3")];
        assert_eq!(from(&atlantis).run_url.as_deref(), Some("https://git.example/pull/3"));
        assert_eq!(from(&atlantis[1..]).run_url, None, "a variable of that name alone does not count");
        assert_eq!(from(&[("BUILD_URL", "https://ci/2")]).run_url.as_deref(), Some("https://ci/2"));
    }

    #[test]
    fn without_anything_in_the_environment_the_user_is_the_account_of_the_process() {
        assert_eq!(from(&[("USER", "")]), Actor { owner: "team".to_owned(), user: account::name(), run_url: None });
    }
}
