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
use seif::messages::smtp::{Smtp, Tls};
use seif::messages::texts::Texts;
use seif::messages::transport::Transport;
use seif::testing::{MailServer, World};

use crate::rows::Beside;

fn code() -> Notice {
    Notice::SignupCode { code: Code::new(Secret::new("042042".to_owned()), Duration::from_mins(10)) }
}

async fn queue(kernel: &Kernel, notice: Notice) {
    queue_to(kernel, "anna@example.com", notice).await;
}

async fn queue_to(kernel: &Kernel, to: &str, notice: Notice) {
    let mail = Mail { to: EmailAddress::parse(to).unwrap(), language: Locale::Lv, notice };
    let day = kernel.today().await.unwrap();
    kernel.write("test.enqueue", &day, move |tx, day| enqueue(tx, day.keys(), &mail)).await.unwrap();
}

/// The outbox of another process, beside the world's own.
fn another(world: &World) -> Outbox {
    outbox(world, Transport::Files(Files::open(world.folder.path()).unwrap()))
}

/// An outbox whose mails go to `server`, over TLS.
fn to_server(world: &World, server: &MailServer) -> Outbox {
    outbox(world, Transport::Smtp(Box::new(Smtp::new(server.settings(Tls::Implicit)).unwrap())))
}

fn outbox(world: &World, transport: Transport) -> Outbox {
    let letterhead = Letterhead::new("Seif", "seif@localhost", "seif@localhost").unwrap();
    Outbox::new(world.app.services.kernel.clone(), transport, None, Texts::load().unwrap(), letterhead)
}

/// Delivered, postponed, dropped.
async fn round(outbox: &Outbox) -> (usize, usize, usize) {
    let round = outbox.deliver_due().await.unwrap();
    (round.delivered, round.postponed, round.dropped)
}

fn message_id(mail: &str) -> &str {
    mail.lines().find(|line| line.to_lowercase().starts_with("message-id:")).unwrap()
}

/// How many messages wait.
fn waiting(world: &World) -> i64 {
    Beside::of(world).count("outbox")
}

each_database! {
    async fn a_mail_goes_to_the_server_over_tls_and_once(world: World) {
        let Some(server) = MailServer::start("implicit") else { return };
        let outbox = to_server(world, &server);
        let kernel = &world.app.services.kernel;
        queue(kernel, code()).await;
        queue(kernel, Notice::PasswordChanged).await;
        assert_eq!(round(&outbox).await, (2, 0, 0));
        world.later(Duration::from_mins(20));
        assert_eq!(round(&outbox).await, (0, 0, 0));
        let messages = server.messages();
        assert_eq!((messages.len(), waiting(world)), (2, 0));
        assert_eq!(messages.iter().filter(|mail| mail.contains("042042")).count(), 1);
        assert_ne!(message_id(&messages[0]), message_id(&messages[1]));
        assert!(!server.events().contains(&"EHLO in the clear".to_owned()));
    }

    async fn what_the_server_defers_goes_again_and_what_it_refuses_does_not(world: World) {
        let Some(server) = MailServer::start("implicit") else { return };
        let outbox = to_server(world, &server);
        let kernel = &world.app.services.kernel;
        queue_to(kernel, "later@example.com", Notice::PasswordChanged).await;
        for refused in ["refuse@example.com", "spam@example.com"] {
            queue_to(kernel, refused, Notice::PasswordChanged).await;
        }
        assert_eq!(round(&outbox).await, (0, 1, 2));
        assert_eq!((server.messages().len(), waiting(world)), (0, 1));
        assert_eq!(round(&outbox).await, (0, 0, 0), "not before its time");
        world.later(Duration::from_mins(1));
        assert_eq!(round(&outbox).await, (1, 0, 0));
        world.later(Duration::from_hours(48));
        assert_eq!(round(&outbox).await, (0, 0, 0));
        assert_eq!((server.messages().len(), waiting(world)), (1, 0));
    }

    async fn a_letter_whose_answer_got_lost_goes_once_more_as_the_same_message_and_a_code_does_not(world: World) {
        let Some(server) = MailServer::start("implicit") else { return };
        let outbox = to_server(world, &server);
        let kernel = &world.app.services.kernel;
        queue_to(kernel, "lost@example.com", Notice::PasswordChanged).await;
        assert_eq!(round(&outbox).await, (0, 1, 0));
        world.later(Duration::from_hours(1));
        assert_eq!(round(&outbox).await, (1, 0, 0));
        let messages = server.messages();
        assert_eq!(messages.len(), 2);
        assert_eq!(message_id(&messages[0]), message_id(&messages[1]));
        let Some(server) = MailServer::start("implicit") else { return };
        let outbox = to_server(world, &server);
        queue_to(kernel, "lost@example.com", code()).await;
        assert_eq!(round(&outbox).await, (0, 0, 1));
        for _ in 0..3 {
            world.later(Duration::from_mins(2));
            assert_eq!(round(&outbox).await, (0, 0, 0));
        }
        assert_eq!((server.messages().len(), waiting(world)), (1, 0));
    }

    async fn a_stop_waits_for_the_mail_in_hand(world: World) {
        let Some(server) = MailServer::start("implicit") else { return };
        world.app.outbox = to_server(world, &server);
        world.app.work();
        for notice in [code(), Notice::PasswordChanged] {
            queue_to(&world.app.services.kernel, "slow@example.com", notice).await;
        }
        let told = async {
            while server.events().iter().filter(|event| *event == "DATA").count() < 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), told).await.expect("the server has the mails");
        assert!(waiting(world) > 0, "it has not said so yet");
        world.app.finish().await;
        assert_eq!(waiting(world), 0);
        world.restart().await;
        let outbox = to_server(world, &server);
        world.later(Duration::from_hours(1));
        assert_eq!(round(&outbox).await, (0, 0, 0));
        assert_eq!(server.messages().len(), 2);
    }

    async fn captured_mails_are_gone_after_a_day(world: World) {
        queue(&world.app.services.kernel, code()).await;
        world.deliver().await;
        world.later(Duration::from_hours(23));
        world.app.sweep().await;
        assert_eq!(world.mails().len(), 1);
        world.later(Duration::from_hours(1));
        world.app.sweep().await;
        assert_eq!(world.mails().len(), 0);
    }

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
