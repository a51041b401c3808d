//! Finds and kills the provider that a running Terraform has started. Linux only: it reads `/proc`.

use std::fs;
use std::process::Command;

/// Ids of the provider processes that `terraform` runs now.
pub fn providers_of(terraform: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("/proc lists processes");
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| is_provider_of(*id, terraform)).collect()
}

/// Whether `id` is a provider that `terraform` started. The fields of `/proc/<id>/stat`: id, name in parentheses (cut
/// to 15 bytes), state, parent.
fn is_provider_of(id: u32, terraform: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else { return false };
    let Some((before, after)) = stat.rsplit_once(')') else { return false };
    let mut fields = after.split_whitespace();
    let is_dead = matches!(fields.next(), Some("Z" | "X"));
    let parent = fields.next().and_then(|text| text.parse::<u32>().ok());
    !is_dead && parent == Some(terraform) && before.contains("(terraform-provi")
}

/// Sends SIGKILL: the process does not execute another instruction.
pub fn kill(id: u32) {
    // The process may have ended since it was found.
    Command::new("sh").args(["-c", &format!("kill -9 {id} 2>/dev/null || true")]).status().expect("sh runs");
}

/// Sends SIGINT to a process group, as Ctrl-C in a terminal does: to its leader and to everything that the leader
/// started.
pub fn interrupt_group(leader: u32) {
    Command::new("sh").args(["-c", &format!("kill -INT -{leader} 2>/dev/null || true")]).status().expect("sh runs");
}
