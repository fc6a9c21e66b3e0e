//! Mails on their way out, on both databases.

use std::time::Duration;

use seif::each_database;
use seif::kernel::Kernel;
use seif::kernel::personal::Secret;
use seif::kernel::values::{EmailAddress, Locale};
use seif::messages::files::Files;
use seif::messages::mail::Letterhead;
use seif::messages::notice::{Code, Mail, Notice};
use seif::messages::outbox::{Outbox, enqueue};
use seif::messages::texts::Texts;
use seif::messages::transport::Transport;
use seif::testing::World;

fn code() -> Notice {
    Notice::SignupCode { code: Code::new(Secret::new("042042".to_owned()), Duration::from_mins(10)) }
}

async fn queue(kernel: &Kernel, notice: Notice) {
    let mail = Mail { to: EmailAddress::parse("anna@example.com").unwrap(), language: Locale::Lv, notice };
    let day = kernel.today().await.unwrap();
    kernel.write("test.enqueue", &day, move |tx, day| enqueue(tx, day.keys(), &mail)).await.unwrap();
}

/// The outbox of another process, beside the world's own.
fn another(world: &World) -> Outbox {
    let letterhead = Letterhead::new("Seif", "seif@localhost", "seif@localhost").unwrap();
    let transport = Transport::Files(Files::open(world.folder.path()).unwrap());
    Outbox::new(world.app.services.kernel.clone(), transport, Texts::load().unwrap(), letterhead)
}

each_database! {
    async fn several_processes_hand_each_mail_over_once(world: World) {
        for _ in 0..15 {
            queue(&world.app.services.kernel, Notice::PasswordChanged).await;
            queue(&world.app.services.kernel, code()).await;
        }
        let (one, two) = (another(world), another(world));
        let (a, b, c) = tokio::join!(world.app.outbox.deliver_due(), one.deliver_due(), two.deliver_due());
        let rounds = [a.unwrap(), b.unwrap(), c.unwrap()];
        assert_eq!(rounds.iter().map(|round| round.delivered).sum::<usize>(), 30);
        assert_eq!(rounds.iter().map(|round| round.dropped).sum::<usize>(), 0);
        assert_eq!(world.mails().len(), 30);
        assert_eq!(world.app.outbox.deliver_due().await.unwrap().delivered, 0);
    }

    async fn a_code_is_not_handed_over_after_its_life_and_a_letter_is(world: World) {
        queue(&world.app.services.kernel, code()).await;
        queue(&world.app.services.kernel, Notice::PasswordChanged).await;
        world.later(Duration::from_mins(10));
        let round = world.app.outbox.deliver_due().await.unwrap();
        assert_eq!((round.delivered, round.postponed, round.dropped), (1, 0, 1));
        let mails = world.mails();
        assert!(mails.len() == 1 && !mails[0].contains("042042"));
    }

    async fn what_cannot_be_handed_over_waits_and_outlives_a_restart(world: World) {
        queue(&world.app.services.kernel, Notice::PasswordChanged).await;
        let folder = world.folder.path().join("mail");
        std::fs::remove_dir(&folder).unwrap();
        assert_eq!(world.app.outbox.deliver_due().await.unwrap().postponed, 1);
        world.restart().await;
        world.later(Duration::from_mins(1));
        assert_eq!(world.app.outbox.deliver_due().await.unwrap().delivered, 1);
        assert_eq!(world.mails().len(), 1);
    }
}
