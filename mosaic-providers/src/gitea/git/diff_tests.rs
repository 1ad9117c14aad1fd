use super::*;
use proptest::prelude::*;

const DIFF: &str = "diff --git a/README.md b/README.md\nindex 1..2 100644\n--- a/README.md\n+++ b/README.md\n\
@@ -1,3 +1,4 @@ heading\n one\n-two\n+TWO\n three\n+diff --git a/x b/x\n\
diff --git a/old.txt b/sub/new \u{e4}.txt\nsimilarity index 90%\nrename from old.txt\nrename to sub/new \u{e4}.txt\n\
index 1..2 100644\n--- a/old.txt\n+++ b/sub/new \u{e4}.txt\n@@ -1 +1 @@\n--- a\n+++ b\n\\ No newline at end of file\n\
diff --git \"a/t\\303\\244b\\t\\\"q\\\".txt\" \"b/t\\303\\244b\\t\\\"q\\\".txt\"\nnew file mode 100644\nindex 0..1\n\
diff --git a/a b.bin b/a b.bin\ndeleted file mode 100644\nindex 1..0\nBinary files a/a b.bin and /dev/null differ\n\
diff --git a/gone b/gone\ndeleted file mode 100644\nindex 1..0\n--- a/gone\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-1\n-2\n\
diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n";

#[test]
fn every_file_is_told_with_its_lines() {
    let files = files(DIFF);
    let told: Vec<_> =
        files.iter().map(|file| (file.path.as_str(), file.kind, file.additions, file.deletions)).collect();
    assert_eq!(
        told,
        [
            ("README.md", ChangeKind::Modified, Some(2), Some(1)),
            ("a b.bin", ChangeKind::Removed, None, None),
            ("gone", ChangeKind::Removed, Some(0), Some(2)),
            ("run.sh", ChangeKind::Modified, Some(0), Some(0)),
            ("sub/new \u{e4}.txt", ChangeKind::Renamed, Some(1), Some(1)),
            ("t\u{e4}b\t\"q\".txt", ChangeKind::Added, Some(0), Some(0)),
        ]
    );
    assert_eq!(files[4].previous_path.as_deref(), Some("old.txt"));
}

#[test]
fn a_file_of_no_content_is_told() {
    let files = files("diff --git a/x y b/x y\nnew file mode 100644\nindex 0000000..e69de29\n");
    assert_eq!((files[0].path.as_str(), files[0].kind), ("x y", ChangeKind::Added));
}

proptest! {
    #[test]
    fn any_text_is_read_in_peace(text in "(diff --git |a/b|@@ -1,9 \\+1 @@|\n|\\+|-| |\"|\\\\|\\PC){0,60}") {
        let _ = files(&text);
    }

    #[test]
    fn lines_are_counted_whatever_they_look_like(old in "(-|\\+|@@ |diff |x)", lines in 1u64..20) {
        let hunk = format!("@@ -1,{lines} +1,{lines} @@\n");
        let body: String = (0..lines).map(|_| format!("-{old}\n+{old}\n")).collect();
        let files = files(&format!("diff --git a/f b/f\n--- a/f\n+++ b/f\n{hunk}{body}"));
        prop_assert_eq!(files.len(), 1);
        prop_assert_eq!((files[0].additions, files[0].deletions), (Some(lines), Some(lines)));
    }
}
