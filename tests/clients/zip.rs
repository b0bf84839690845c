//! Does an ordinary unzip take our archives?

use crate::support::{self, Bundle};

#[test]
fn unzip_finds_no_fault_with_an_archive_and_gives_back_the_files() {
    needs!("unzip");
    let bundle = Bundle::of(&["ann@outlook.com", "--zip"]);
    let archive = bundle.out().join("ann@outlook.com.zip");
    let said = support::run(support::command("unzip").arg("-t").arg(&archive)).fine();
    assert!(said.stdout.contains("No errors detected"), "{}", said.stdout);

    let unpacked = bundle.folder().join("unpacked");
    let mut unzip = support::command("unzip");
    support::run(unzip.arg("-q").arg(&archive).arg("-d").arg(&unpacked)).fine();
    let folders = Bundle::of(&["ann@outlook.com"]);
    let mut diff = support::command("diff");
    support::run(diff.arg("-r").arg(folders.out()).arg(&unpacked)).fine();
}
