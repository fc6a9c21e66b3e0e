//! What a transaction promises: all of it or none, and nothing acknowledged that is not kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use futures_util::future::join_all;
use seif::each_database;
use seif::kernel::crypto::Owner;
use seif::kernel::ids::AnyId;
use seif::kernel::store::schema::journals;
use seif::kernel::store::{Db, StoreError, Tx};
use seif::testing::World;

use crate::rows::Beside;

fn note(tx: &mut Tx<'_>, id: AnyId) -> Result<(), StoreError> {
    let now = tx.now();
    diesel::insert_into(journals::table).values((journals::id.eq(id), journals::at.eq(now))).execute(tx.conn())?;
    Ok(())
}

async fn count(db: &Db) -> i64 {
    db.read(None, |tx| Ok::<_, StoreError>(journals::table.count().get_result(tx.conn())?)).await.unwrap()
}

fn id(world: &World) -> AnyId {
    AnyId::new(world.clock.now(), world.app.services.kernel.entropy())
}

each_database! {
    async fn a_refused_transaction_leaves_nothing_and_its_neighbours_stand(world: World) {
        let db = world.app.services.kernel.db();
        let before = count(db).await;
        let ids: Vec<AnyId> = (0..200).map(|_| id(world)).collect();
        let writes = ids.iter().enumerate().map(|(n, id)| {
            let id = *id;
            db.write(Vec::new(), move |tx| {
                note(tx, id)?;
                if n % 3 == 0 { Err(StoreError::Refused("every third")) } else { Ok(n) }
            })
        });
        let answers = join_all(writes).await;
        let kept = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(kept, 133);
        assert_eq!(count(db).await - before, 133);
    }

    async fn one_that_was_to_append_and_does_more_is_run_alone_and_its_neighbours_stand(world: World) {
        let db = world.app.services.kernel.db();
        let before = count(db).await;
        let ids: Vec<AnyId> = (0..60).map(|_| id(world)).collect();
        let writes = ids.iter().enumerate().map(|(n, id)| {
            let id = *id;
            db.append(Vec::new(), move |tx| {
                match n % 4 {
                    0 => {}
                    1 => tx.demand_alone()?,
                    2 => return Err(StoreError::Refused("every fourth")),
                    _ => assert_ne!(n, 7, "planted"),
                }
                note(tx, id)
            })
        });
        let kept = join_all(writes).await.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!((kept, count(db).await - before), (44, 44));
    }

    async fn a_panic_in_one_transaction_is_that_ones_failure_alone(world: World) {
        let db = world.app.services.kernel.db();
        let (one, two) = (id(world), id(world));
        let before = count(db).await;
        let broken = db.write(Vec::new(), move |tx| -> Result<(), StoreError> {
            note(tx, one)?;
            panic!("planted")
        });
        let whole = db.write(Vec::new(), move |tx| note(tx, two));
        let (broken, whole) = futures_util::future::join(broken, whole).await;
        assert!(broken.is_err() && whole.is_ok());
        assert_eq!(count(db).await - before, 1);
    }

    async fn a_transaction_that_was_in_anothers_way_runs_again(world: World) {
        let db = world.app.services.kernel.db();
        let (tries, id) = (Arc::new(AtomicU32::new(0)), id(world));
        let counted = Arc::clone(&tries);
        let answer = db.write(Vec::new(), move |tx| {
            note(tx, id)?;
            if counted.fetch_add(1, Ordering::SeqCst) == 0 { Err(StoreError::Again) } else { Ok(()) }
        });
        let answer = answer.await;
        if world.database == seif::testing::Database::Postgres {
            assert_eq!((answer, tries.load(Ordering::SeqCst)), (Ok(()), 2));
        } else {
            // One writer: nobody can be in its way, and saying so is the caller's to hear.
            assert_eq!(answer, Err(StoreError::Again));
        }
    }

    async fn what_is_unique_is_refused_the_second_time(world: World) {
        let db = world.app.services.kernel.db();
        let id = id(world);
        assert_eq!(db.write(Vec::new(), move |tx| note(tx, id)).await, Ok(()));
        assert_eq!(db.write(Vec::new(), move |tx| note(tx, id)).await, Err(StoreError::Taken));
    }

    async fn what_is_acknowledged_is_committed_for_every_other_connection(world: World) {
        let db = world.app.services.kernel.db();
        let mut beside = Beside::of(world);
        if world.database == seif::testing::Database::Postgres {
            // A commit that takes its time: whoever answered before its end would be caught.
            beside
                .run(
                    "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NULL; END $$;
                     CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON journals DEFERRABLE INITIALLY DEFERRED
                     FOR EACH ROW EXECUTE FUNCTION slowly()",
                )
                .unwrap();
        }
        let before = beside.count("journals");
        for n in 1..=100 {
            let id = id(world);
            db.write(Vec::new(), move |tx| note(tx, id)).await.unwrap();
            assert_eq!(beside.count("journals") - before, n);
        }
    }

    async fn a_reader_cannot_write(world: World) {
        let id = id(world);
        let answer = world.app.services.kernel.db().read(None, move |tx| note(tx, id)).await;
        assert!(matches!(answer, Err(StoreError::Refused(_) | StoreError::Unavailable)), "{answer:?}");
    }
}

/// A commit that was not heard of may stand: to run it again could do it twice.
#[test]
fn a_transaction_whose_commit_broke_off_is_not_run_again() {
    World::run(seif::testing::Database::Postgres, async |world| {
        let db = world.app.services.kernel.db();
        let mut beside = Beside::url(&world.database_urls()[0]);
        beside
            .run(
                "CREATE FUNCTION broken_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
                 $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$;
                 CREATE CONSTRAINT TRIGGER broken_off AFTER INSERT ON journals DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION broken_off()",
            )
            .unwrap();
        let (runs, at) = (Arc::new(AtomicU32::new(0)), id(world));
        let counted = Arc::clone(&runs);
        let answer = db.write(Vec::new(), move |tx| {
            counted.fetch_add(1, Ordering::SeqCst);
            note(tx, at)
        });
        assert_eq!(answer.await, Err(StoreError::Unavailable));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        beside.run("DROP TRIGGER broken_off ON journals").unwrap();
        // A connection that broke before anything was begun is another matter.
        for _ in 0..20 {
            let at = id(world);
            assert_eq!(db.write(Vec::new(), move |tx| note(tx, at)).await, Ok(()));
        }
    });
}

each_database! {
    async fn of_many_who_make_a_key_at_once_all_get_the_first_ones(world: World) {
        let keyring = world.app.services.kernel.keyring();
        for day in 90_000..90_040 {
            let made = join_all((0..6).map(|_| keyring.create(Owner::Day(day)))).await;
            let told: Vec<_> = made.into_iter().map(|keys| *keys.unwrap().tag(&[b"one"], b"key").as_bytes()).collect();
            assert!(told.iter().all(|tag| tag == &told[0]), "{day}");
        }
    }
}
