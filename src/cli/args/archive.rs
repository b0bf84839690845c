//! What can be typed about zips and tars instead of folders.

use clap::Args;

#[derive(Debug, Clone, Default, Args)]
pub struct ArchiveArgs {
    /// Everything in one zip, <OUT>/<SUBJECT>.zip
    #[cfg(feature = "zip")]
    #[arg(long)]
    pub zip: bool,
    /// A zip for each user
    #[cfg(feature = "zip")]
    #[arg(long, requires = "users", conflicts_with = "zip")]
    pub zip_each: bool,
    /// How hard to pack the zips of users
    #[cfg(feature = "zip")]
    #[arg(long, value_name = "0..9", default_value_t = 6, value_parser = clap::value_parser!(u32).range(0..=9))]
    pub zip_level: u32,
    /// Everybody's files in one tar, <OUT>/<LIST>.tar.zst
    #[cfg(feature = "tar")]
    #[arg(long, requires = "users")]
    #[cfg_attr(feature = "zip", arg(conflicts_with_all = ["zip", "zip_each"]))]
    pub tar: bool,
    /// How hard to pack the tar
    #[cfg(feature = "tar")]
    #[arg(long, value_name = "1..19", default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=19))]
    pub tar_level: i32,
}
