//! The text that the program prints when a user starts it without a command.

use std::path::Path;

/// A description of the program, and a configuration that makes Terraform use this file.
pub(super) fn text() -> String {
    let directory = std::env::current_exe()
        .ok()
        .and_then(|file| file.canonicalize().ok())
        .and_then(|file| file.parent().map(Path::to_path_buf));
    let directory = directory.map_or_else(|| "/directory/of/this/binary".to_owned(), |found| hcl(&found));
    format!(
        r#"terraform-provider-ipam {version}: IP address management for Terraform and OpenTofu.

Terraform starts this program by itself. To make Terraform use this file, put this into ~/.terraformrc (or into a file
that TF_CLI_CONFIG_FILE names):

  provider_installation {{
    dev_overrides {{
      "ipam-dev/ipam" = {directory}
    }}
    direct {{}}
  }}

Put this into a configuration. `terraform plan` then needs no init:

  terraform {{
    required_providers {{
      ipam = {{
        source = "ipam-dev/ipam"
      }}
    }}
  }}

  provider "ipam" {{
    store = "sqlite:ipam.db"
  }}

To inspect a store:

  terraform-provider-ipam tree      pools, allocations, utilization
  terraform-provider-ipam check     verify the store
  terraform-provider-ipam --help    all commands
"#,
        version = env!("CARGO_PKG_VERSION"),
    )
}

/// A path as an HCL string.
fn hcl(path: &Path) -> String {
    let mut text = format!("{:?}", path.to_string_lossy());
    for marker in ["${", "%{"] {
        text = text.replace(marker, &format!("{}{marker}", &marker[..1]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_a_valid_hcl_string() {
        assert_eq!(hcl(Path::new("/a b/\"c\"/${d}")), r#""/a b/\"c\"/$${d}""#);
    }

    #[test]
    fn the_text_names_the_real_directory() {
        let directory = std::env::current_exe().unwrap().canonicalize().unwrap();
        assert!(text().contains(&hcl(directory.parent().unwrap())));
    }
}
