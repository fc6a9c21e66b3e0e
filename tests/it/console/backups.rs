//! Back-ups from the console: which there are, taking one, trying the newest, and what comes of it.

use std::path::Path;

use seif::each_database;
use seif::kernel::operators::{Act, Role, Step};
use seif::testing::World;

use super::pages::{lines, words};
use super::turning::{done_by, id_of, of};
use super::{Who, operator, post};

/// A service that keeps back-ups in this folder, and never takes one by itself in these stories.
async fn keeping(world: &mut World, folder: &Path) {
    let [data, keyring] = ["data", "keyring"].map(|name| folder.join(name).display().to_string());
    world.restart_with(&format!("[backup]\nto = \"{data}\"\nkeyring_to = \"{keyring}\"\n")).await;
}

async fn press(world: &World, who: &Who, what: &str) {
    let pressed = post(&who.actor, &format!("/operator/backups/{what}"), &[]).await.expect(303);
    assert_eq!(pressed.header("location"), "/operator/backups?news=console_begun");
    world.app.services.operators.at_rest().await;
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

each_database! {
    async fn one_is_taken_and_tried_and_the_page_says_what_came_of_it(world: World) {
        let _shop = world.owner().await;
        let folder = tempfile::tempdir().unwrap();
        keeping(world, folder.path()).await;
        let keeper = operator(world, Role::KeyKeeper).await;
        let me = id_of(world, &keeper).await;
        let page = async || keeper.actor.get("/operator/backups").await.expect(200).page();
        assert!(page().await.contains("There are none."));
        press(world, &keeper, "creation").await;
        done_by(world, Act::TakeBackup, me, &[]);
        assert_eq!(["data", "keyring"].map(|name| files(&folder.path().join(name)).is_empty()), [false, false]);
        let shown = lines(&page().await);
        let mut kept: Vec<&str> = shown.iter().filter(|line| line.len() == 4).map(|line| line[1].as_str()).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["The data", "The keyring"]);
        assert!(words(&page().await).contains("Found –"));
        press(world, &keeper, "drill").await;
        done_by(world, Act::TryBackup, me, &[]);
        let text = words(&page().await);
        assert!(text.contains("Found It can be put back") && text.contains("something did not open 0"), "{text}");
        let drill = world.app.services.operators.last_drill().await.unwrap().unwrap();
        assert!(drill.findings.is_good() && drill.findings.tenants == 1 && drill.findings.opened > 0, "{drill:?}");
        let latest: Vec<_> = lines(&page().await).into_iter().filter(|line| line.len() == 6).collect();
        assert_eq!(latest.iter().map(|line| (line[3].as_str(), line[5].as_str())).collect::<Vec<_>>(), [
            ("Back-up tried", "Done"), ("Back-up tried", "Begun"), ("Back-up taken", "Done"), ("Back-up taken", "Begun"),
        ]);
        assert!(latest.iter().all(|line| line[2] == me.to_string()));
    }

    async fn one_that_is_damaged_or_has_nowhere_to_go_is_said_to_be(world: World) {
        let folder = tempfile::tempdir().unwrap();
        keeping(world, folder.path()).await;
        let admin = operator(world, Role::Administrator).await;
        let page = async || words(&admin.actor.get("/operator/backups").await.expect(200).page());
        // There is none to try.
        press(world, &admin, "drill").await;
        let steps = |act| of(world, act).iter().map(|entry| entry.step).collect::<Vec<_>>();
        assert_eq!(steps(Act::TryBackup), [Step::Begun, Step::Failed]);
        assert!(page().await.contains("Not done"));
        press(world, &admin, "creation").await;
        let size = |path: &std::path::PathBuf| std::fs::metadata(path).unwrap().len();
        let taken = files(&folder.path().join("data")).into_iter().max_by_key(size).unwrap();
        let mut bytes = std::fs::read(&taken).unwrap();
        let last = bytes.len() - 100;
        bytes[last] ^= 1;
        std::fs::write(&taken, bytes).unwrap();
        press(world, &admin, "drill").await;
        assert_eq!(steps(Act::TryBackup), [Step::Begun, Step::Failed, Step::Begun, Step::Done]);
        assert!(page().await.contains("Found It cannot be put back as it should"));
        // Where the folder was there is a file.
        std::fs::remove_dir_all(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("data"), b"x").unwrap();
        press(world, &admin, "creation").await;
        assert_eq!(steps(Act::TakeBackup), [Step::Begun, Step::Done, Step::Begun, Step::Failed]);
        assert!(page().await.contains("The place of the back-ups cannot be read now."));
    }

    async fn where_no_place_is_named_the_page_says_how_to_and_nothing_is_begun(world: World) {
        let admin = operator(world, Role::Administrator).await;
        let page = admin.actor.get("/operator/backups").await.expect(200).page();
        assert!(page.contains("keyring_to") && !page.contains("action=\"/operator/backups/"));
        for what in ["creation", "drill"] {
            let refused = post(&admin.actor, &format!("/operator/backups/{what}"), &[]).await.expect(422).page();
            assert!(refused.contains("names no place"), "{what}");
        }
        assert!(of(world, Act::TakeBackup).is_empty() && of(world, Act::TryBackup).is_empty());
    }

    async fn whoever_may_not_take_one_is_offered_nothing_and_refused(world: World) {
        let folder = tempfile::tempdir().unwrap();
        keeping(world, folder.path()).await;
        for role in Role::ALL {
            let who = operator(world, role).await;
            let page = who.actor.get("/operator/backups").await.expect(200).page();
            let may = matches!(role, Role::KeyKeeper | Role::Administrator);
            assert_eq!(page.contains("action=\"/operator/backups/"), may, "{role:?}");
            for what in ["creation", "drill"].into_iter().filter(|_| !may) {
                let _ = post(&who.actor, &format!("/operator/backups/{what}"), &[]).await.problem(403, "forbidden");
            }
        }
        world.app.services.operators.at_rest().await;
        assert!(files(&folder.path().join("data")).is_empty());
    }
}
