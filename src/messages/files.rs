//! Captured mails, where no server is configured: `DIR/mail/*.eml`, for a laptop alone, gone after a day.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::kernel::clock::Time;
use crate::kernel::ids::MessageId;
use crate::messages::delivery::{Delivery, Unreachable};
use crate::messages::mail::Outgoing;

/// How long a captured mail stays.
pub const KEPT: Duration = Duration::from_hours(24);

/// The folder of captured mails: open to its owner alone (0700), as is each file in it (0600).
///
/// A name is the time of queueing and the message's id, `20260301T120000.000Z-ID.eml`: in order of time, the same for a
/// repeated message, and nothing about anybody.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use = "mails that stay are worth a word in the log"]
pub struct Swept {
    /// Files removed.
    pub removed: usize,
    /// Files that should have gone and could not be removed.
    pub stuck: usize,
}

impl Files {
    /// Opens the folder `mail` in `data`, and makes it where it is missing.
    ///
    /// # Errors
    ///
    /// Where it cannot be made, is not a folder, or cannot be closed to others.
    pub fn open(data: &Path) -> std::io::Result<Self> {
        let folder = data.join("mail");
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if !std::fs::symlink_metadata(&folder)?.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        Ok(Self { folder })
    }

    /// Where the mails are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes `message` aside and renames it, so that whoever watches the folder never sees half a mail.
    pub async fn deliver(&self, message: &Outgoing) -> Delivery {
        let (folder, name) = (self.folder.clone(), name(message.queued_at, message.id));
        let content = message.content.clone();
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, content.reveal())).await;
        match written {
            Ok(Ok(())) => Delivery::Accepted,
            Ok(Err(_)) | Err(_) => Delivery::Unreachable(Unreachable::Folder),
        }
    }

    /// Removes what has been here for 24 hours, half-written files too. Files that are not mails stay.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be read.
    pub fn sweep(&self, now: Time) -> std::io::Result<Swept> {
        let mut swept = Swept::default();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let Some(queued_at) = entry.file_name().to_str().and_then(queued_at) else { continue };
            if now.since(queued_at) < KEPT {
                continue;
            }
            match std::fs::remove_file(entry.path()) {
                Ok(()) => swept.removed += 1,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(_) => swept.stuck += 1,
            }
        }
        Ok(swept)
    }
}

fn write(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    let aside = folder.join(format!("{name}.part"));
    // What an attempt left that was killed; `create_new` below then follows nobody's link.
    match std::fs::remove_file(&aside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&aside, folder.join(name))?;
    File::open(folder)?.sync_all()
}

fn name(queued_at: Time, id: MessageId) -> String {
    let time = queued_at.rfc3339().replace(['-', ':'], "");
    format!("{time}-{id}.eml")
}

/// The time in a name of [`name`]'s making, whole or still aside.
fn queued_at(name: &str) -> Option<Time> {
    let whole = name.strip_suffix(".part").unwrap_or(name);
    let (time, id) = whole.strip_suffix(".eml")?.split_once('-')?;
    id.parse::<MessageId>().ok()?;
    let part = |range| time.get(range);
    let (date, clock) = (
        format!("{}-{}-{}", part(0..4)?, part(4..6)?, part(6..8)?),
        format!("{}:{}:{}", part(9..11)?, part(11..13)?, time.get(13..)?),
    );
    Time::parse(&format!("{date}T{clock}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::entropy::Entropy;
    use crate::kernel::personal::Secret;
    use crate::kernel::values::{EmailAddress, Locale};
    use crate::messages::mail::{Letterhead, compose};
    use crate::messages::notice::{Code, Mail, Notice};
    use crate::messages::texts::Texts;

    fn noon() -> Time {
        Time::parse("2026-03-01T12:00:00Z").unwrap()
    }

    fn letterhead() -> Letterhead {
        Letterhead::new("Seif", "noreply@mail.example.com", "help@example.com").unwrap()
    }

    fn notice() -> Notice {
        Notice::SignupCode { code: Code::new(Secret::new("042042".to_owned()), Duration::from_mins(10)) }
    }

    fn message(seed: u64) -> Outgoing {
        in_language(Locale::Lv, seed)
    }

    fn in_language(language: Locale, seed: u64) -> Outgoing {
        let mail = Mail { to: EmailAddress::parse("anna@example.com").unwrap(), language, notice: notice() };
        let id = MessageId::new(noon(), &Entropy::seeded(seed));
        compose(&Texts::load().unwrap(), &letterhead(), &mail, id, noon()).unwrap()
    }

    fn deliver(files: &Files, message: &Outgoing) -> Delivery {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(files.deliver(message))
    }

    fn names(files: &Files) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(files.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_captured_mail_is_its_owners_alone_and_its_name_tells_time_and_id_only() {
        let data = tempfile::tempdir().unwrap();
        std::fs::create_dir(data.path().join("mail")).unwrap();
        let files = Files::open(data.path()).unwrap();
        let message = message(1);
        assert_eq!(deliver(&files, &message), Delivery::Accepted);
        let name = format!("20260301T120000.000Z-{}.eml", message.id);
        assert_eq!(names(&files), std::slice::from_ref(&name));
        assert_eq!((mode(files.folder()), mode(&files.folder().join(&name))), (0o700, 0o600));
        assert_eq!(std::fs::read(files.folder().join(&name)).unwrap(), *message.content.reveal());
    }

    #[test]
    fn a_captured_mail_reads_back_in_each_language() {
        const READ: &str = "import email, email.policy, sys
mail = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
assert not mail.defects and not mail.is_multipart() and not list(mail.iter_attachments()), mail.defects
assert mail.get_content_type() == 'text/plain' and mail['to'].addresses[0].addr_spec == 'anna@example.com'
sys.stdout.buffer.write((mail['subject'] + '\\n' + mail.get_content()).encode())";
        let Some(python) = crate::messages::python::python() else { return };
        let data = tempfile::tempdir().unwrap();
        let files = Files::open(data.path()).unwrap();
        for (seed, language) in (1..).zip(Locale::ALL) {
            let message = in_language(language, seed);
            assert_eq!(deliver(&files, &message), Delivery::Accepted);
            let file = files.folder().join(name(noon(), message.id));
            let read = std::process::Command::new(&python).args(["-c", READ]).arg(file).output().unwrap();
            assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
            let words = Texts::load().unwrap().write(&notice(), language, &letterhead()).unwrap();
            let written = format!("{}\n{}", words.subject, words.body.reveal()).replace("\r\n", "\n");
            assert_eq!(String::from_utf8(read.stdout).unwrap().trim_end(), written.trim_end(), "{language:?}");
        }
    }

    #[test]
    fn a_repeated_message_is_still_one_file() {
        let data = tempfile::tempdir().unwrap();
        let files = Files::open(data.path()).unwrap();
        std::fs::write(files.folder().join(format!("{}.part", name(noon(), message(1).id))), "half").unwrap();
        for seed in [1, 1, 2] {
            assert_eq!(deliver(&files, &message(seed)), Delivery::Accepted);
        }
        assert_eq!(names(&files).len(), 2);
    }

    #[test]
    fn a_sweep_removes_mails_of_a_day_ago_and_nothing_else() {
        let data = tempfile::tempdir().unwrap();
        let files = Files::open(data.path()).unwrap();
        let message = message(1);
        assert_eq!(deliver(&files, &message), Delivery::Accepted);
        let half = format!("{}.part", name(noon(), message.id));
        for other in ["notes.txt", "20200101T000000.000Z-x.eml", "x.eml", half.as_str()] {
            std::fs::write(files.folder().join(other), "").unwrap();
        }
        let almost = noon().plus(KEPT).minus(Duration::from_micros(1));
        assert_eq!(files.sweep(almost).unwrap(), Swept::default());
        assert_eq!(files.sweep(noon().plus(KEPT)).unwrap(), Swept { removed: 2, stuck: 0 });
        assert_eq!(names(&files), ["20200101T000000.000Z-x.eml", "notes.txt", "x.eml"]);
    }

    #[test]
    fn a_folder_that_is_gone_is_reported_and_nothing_is_thrown() {
        let data = tempfile::tempdir().unwrap();
        let files = Files::open(data.path()).unwrap();
        std::fs::remove_dir(files.folder()).unwrap();
        assert_eq!(deliver(&files, &message(1)), Delivery::Unreachable(Unreachable::Folder));
    }

    #[test]
    fn a_link_in_the_folders_place_is_not_followed() {
        let data = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), data.path().join("mail")).unwrap();
        assert_eq!(Files::open(data.path()).unwrap_err().kind(), ErrorKind::NotADirectory);
    }
}
