//! `migrate`: moves networks of another system into the store, see `backend::migration`.
//!
//! JSON: `{store, from, files, dry_run, written, conflicts: [{file, line, what}], notes: [{file, line, what}], new,
//! changed, present, objects: [{kind, scope, path, cidrs, change, changes}], gone: [{id, path, cidrs}], wrote: [file]}`.
//! `new`, `changed` and `present` are `{scopes, pools, allocations}`; `change` is `new`, `changed` or `present`; `changes`
//! are the names of arguments; `line` may be `null`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::CommandFailure;
use super::migrate_page::Answer;
use super::out::{OutputFormat, Page};
use super::target::{Target, open_or_new_as};
use crate::backend::migration::configuration::{
    self, Earlier, IMPORTS, Objects, VERSIONS, is_marked, is_untouched, marked,
};
use crate::backend::migration::{Choices, DeclaredPool, Migration, Source, design};
use crate::backend::upkeep::AtomicFile;
use crate::backend::{Allocations, Ipam, Local, Pools, Scopes};
use crate::ipam::{Cidr, Kind};
use crate::sources::SourceFile;
use crate::sources::join::join;
use crate::sources::layout::{Layout, Options as Reading};

/// Largest file that is read.
const BYTES_MAX: u64 = 256 << 20;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The system that wrote the files: csv, netbox, infoblox, phpipam, aws, azure, gcp or terraform.
    #[arg(value_parser = layout)]
    from: Layout,
    /// The files, such as exports of prefixes and of addresses.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Shows everything, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Writes configuration with import blocks into this directory.
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "dry_run")]
    write: Option<PathBuf>,
    /// Replaces files in that directory that were changed after an earlier run wrote them, or that have the same names.
    #[arg(long, requires = "write")]
    force: bool,
    /// Owner of the new objects, as the `owner` of the provider block. Without it, IPAM_OWNER, or else the provider's
    /// default.
    #[arg(long)]
    owner: Option<String>,
    /// With csv: the column of a field, such as `cidr=Prefix,name=Title,tag.env=Environment`. Repeatable.
    #[arg(long = "map", value_name = "FIELD=COLUMN,...", value_delimiter = ',')]
    columns: Vec<String>,
    /// With terraform: one more attribute that holds blocks, such as `my_network.prefix` or `my_pool.block=pool`. Repeatable.
    #[arg(long = "attribute", value_name = "TYPE.ATTRIBUTE[=ROLE]", value_delimiter = ',')]
    attributes: Vec<String>,
    /// A pool that no file has, for networks without a pool. The scope is needed if it is not the default one. Repeatable.
    #[arg(long = "pool", value_name = "[SCOPE/]CIDR=NAME", value_parser = declared)]
    pools: Vec<DeclaredPool>,
    /// The scope of networks for which the files name none; without it, the default private scope.
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,
    /// Adds the block to names that are there twice, which are a conflict otherwise.
    #[arg(long)]
    distinct_names: bool,
    #[command(flatten)]
    format: OutputFormat,
}

fn layout(text: &str) -> Result<Layout, String> {
    let known = || Layout::ALL.map(Layout::name).join(", ");
    Layout::named(text).ok_or_else(|| format!("it is none of {}", known()))
}

/// A pool as an argument: `10.0.0.0/8=corp` or `lab/10.0.0.0/8=corp`.
fn declared(text: &str) -> Result<DeclaredPool, String> {
    let form = || "it is not a block and a name, such as 10.0.0.0/8=corp or lab/10.0.0.0/8=corp".to_owned();
    let (block, name) = text.split_once('=').ok_or_else(form)?;
    let mut parts = block.rsplitn(3, '/');
    let (length, address) = (parts.next().unwrap_or_default(), parts.next().ok_or_else(form)?);
    let scope = parts.next().map(str::to_owned);
    let cidr: Cidr = format!("{address}/{length}").parse().map_err(|error| ToString::to_string(&error))?;
    if name.trim().is_empty() {
        return Err(form());
    }
    Ok(DeclaredPool { scope, cidr, name: name.trim().to_owned() })
}

/// Runs the command on the store at this URL.
pub(super) fn page(url: &str, options: &Options) -> Result<Page, CommandFailure> {
    let sources = read_all(options)?;
    let local = match open_or_new_as(url, options.owner.as_ref())? {
        Target::SelfManaged(local) => local,
        Target::Service(name, _) => {
            return Err(CommandFailure::Usage(format!(
                "migrate writes into a self-managed store, and {name} is not one. Migrate into a store such as \
                 sqlite:ipam.db, then move it into {name} with export and import."
            )));
        }
    };
    let choices =
        Choices { pools: options.pools.clone(), scope: options.scope.clone(), distinct_names: options.distinct_names };
    let mut design = design(&sources, &choices);
    // What is in the store is compared even if the files have conflicts, so that all of them are reported at once.
    let mut migration = local.preview_migration(&design)?;
    design.conflicts.append(&mut migration.conflicts);
    design.conflicts.sort();
    let earlier = earlier(options)?;
    let mut answer = Answer::new(&local.describe(), options.from.name(), &options.files, options.dry_run);
    if !design.conflicts.is_empty() {
        return Ok(answer.page(&design, &migration, options.format));
    }
    if let Some(directory) = &options.write {
        require_replaceable(directory, options.force, &earlier)?;
    }
    if !options.dry_run {
        let done = local.migrate(&design)?;
        answer.written = true;
        if let Some(directory) = &options.write {
            answer.wrote = write(&local, &done, &earlier, directory, options)?;
        }
    }
    Ok(answer.page(&design, &migration, options.format))
}

fn read_all(options: &Options) -> Result<Vec<Source>, CommandFailure> {
    let mut reading = Reading::default();
    let wrong = |option: &str, why: String| CommandFailure::Usage(format!("--{option} is wrong: {why}"));
    for text in &options.columns {
        reading.columns.add(text).map_err(|why| wrong("map", why))?;
    }
    for text in &options.attributes {
        reading.attributes.add(text).map_err(|why| wrong("attribute", why))?;
    }
    for (option, layout, is_used) in [
        ("map", Layout::Csv, !options.columns.is_empty()),
        ("attribute", Layout::Terraform, !options.attributes.is_empty()),
    ] {
        if is_used && options.from != layout {
            return Err(wrong(option, format!("it is only for {}.", layout.name())));
        }
    }
    let (mut names, mut inventories) = (Vec::new(), Vec::new());
    for path in &options.files {
        let bytes = content(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        inventories.push(options.from.read(&SourceFile { name: &name, bytes: &bytes }, &reading));
        names.push(path.display().to_string());
    }
    join(&mut inventories);
    Ok(names.into_iter().zip(inventories).map(|(file, inventory)| Source { file, inventory }).collect())
}

fn content(path: &Path) -> Result<Vec<u8>, CommandFailure> {
    let unread = |why: String| CommandFailure::Usage(format!("{} cannot be read: {why}.", path.display()));
    let about = fs::metadata(path).map_err(|error| unread(error.to_string()))?;
    if !about.is_file() {
        return Err(unread("it is not a file".to_owned()));
    }
    if about.len() > BYTES_MAX {
        return Err(unread(format!("it is larger than {} MiB", BYTES_MAX >> 20)));
    }
    fs::read(path).map_err(|error| unread(error.to_string()))
}

/// The files of the directory that end in `.tf`, by name.
fn configuration_files(directory: &Path) -> Result<BTreeMap<String, String>, CommandFailure> {
    let mut files = BTreeMap::new();
    let failed = |path: &Path, error: std::io::Error| {
        CommandFailure::Usage(format!("{} cannot be read: {error}.", path.display()))
    };
    if !directory.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(directory).map_err(|error| failed(directory, error))? {
        let path = entry.map_err(|error| failed(directory, error))?.path();
        if path.extension().is_some_and(|end| end == "tf") {
            let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
            files.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text);
        }
    }
    Ok(files)
}

/// What is in the directory already.
struct Before {
    files: BTreeMap<String, String>,
    resources: Earlier,
}

fn earlier(options: &Options) -> Result<Before, CommandFailure> {
    let files = options.write.as_deref().map(configuration_files).transpose()?.unwrap_or_default();
    let mut resources = Earlier::default();
    files.values().filter(|text| is_marked(text)).for_each(|text| resources.read(text));
    Ok(Before { files, resources })
}

/// Checks that no file is in the way: a file that this command wrote and that is not changed since may be replaced.
fn require_replaceable(directory: &Path, force: bool, before: &Before) -> Result<(), CommandFailure> {
    let is_ours = |name: &str| name == IMPORTS || name == VERSIONS || name.starts_with("addresses");
    // The user may have a file of this name for the provider: it is left alone.
    let is_kept = |name: &str, text: &str| name == VERSIONS && !is_marked(text);
    let changed: Vec<&str> = before
        .files
        .iter()
        .filter(|(name, text)| is_ours(name) && !is_untouched(text) && !is_kept(name, text))
        .map(|(name, _)| name.as_str())
        .collect();
    if force || changed.is_empty() {
        return Ok(());
    }
    Err(CommandFailure::Usage(format!(
        "{} in {} was not written by this command, or was changed since. Nothing was written. Move it away, choose another \
         directory, or replace it with --force.",
        changed.join(", "),
        directory.display()
    )))
}

fn write(
    local: &Local,
    done: &Migration,
    before: &Before,
    directory: &Path,
    options: &Options,
) -> Result<Vec<String>, CommandFailure> {
    let objects = Objects::of(done, still_there(local, &before.resources)?);
    let files = configuration::files(&objects, &before.resources, options.owner.as_deref());
    let mut wrote = Vec::new();
    let failed = |path: &Path, error: std::io::Error| {
        CommandFailure::Usage(format!(
            "{} cannot be written: {error}. The store has everything: run the same command again.",
            path.display()
        ))
    };
    fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    for (name, text) in files {
        // A module has one file that requires providers.
        let requires = |(other, text): (&String, &String)| *other != name && text.contains("required_providers");
        if name == VERSIONS && (before.files.iter().any(requires) || is_foreign(before, &name)) {
            continue;
        }
        let path = directory.join(&name);
        let text = marked(&text);
        if before.files.get(&name) == Some(&text) {
            continue;
        }
        let mut file = AtomicFile::new(&path).map_err(|error| failed(&path, error))?;
        std::io::Write::write_all(&mut file.writer, text.as_bytes()).map_err(|error| failed(&path, error))?;
        file.replace(&path).map_err(|error| failed(&path, error))?;
        wrote.push(path.display().to_string());
    }
    Ok(wrote)
}

/// Whether the user wrote the file.
fn is_foreign(before: &Before, name: &str) -> bool {
    before.files.get(name).is_some_and(|text| !is_marked(text))
}

/// The objects that earlier runs wrote and that are still in the store.
fn still_there(local: &Local, earlier: &Earlier) -> Result<Objects, CommandFailure> {
    let mut objects = Objects::default();
    for id in earlier.ids() {
        match Kind::of_id(id) {
            Some(Kind::Scope) => objects.scopes.extend(local.get_scope(id)?),
            Some(Kind::Pool) => objects.pools.extend(local.get_pool(id)?),
            Some(Kind::Allocation) => objects.allocations.extend(local.get_allocation(id)?),
            _ => {}
        }
    }
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_pool_has_a_block_and_a_name() {
        let pool = |text: &str| declared(text).map(|pool| (pool.scope, pool.cidr.to_string(), pool.name));
        assert_eq!(pool("10.0.0.0/8=corp"), Ok((None, "10.0.0.0/8".into(), "corp".into())));
        assert_eq!(pool("a/b/fd00::/8=v6"), Ok((Some("a/b".into()), "fd00::/8".into(), "v6".into())));
        for wrong in ["10.0.0.0/8", "corp=10.0.0.0/8", "10.0.0.1/8=x", "10.0.0.0/8= "] {
            assert!(declared(wrong).is_err(), "{wrong}");
        }
    }
}
