//! The certificates of erasures, a second time beside the data: a keyring that is put back from before an erasure gets
//! them back from there, so that the proof is served on.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::StartError;
use crate::kernel::erasure::Digest;
use crate::kernel::keyring::Keyring;
use crate::kernel::keyring::erasures::Settled;
use crate::kernel::store::schema::certificates;
use crate::kernel::store::{Db, StoreError, both};

/// Copies beside the data what the keyring has certified since the last time.
///
/// # Errors
/// A database is away; what is missing is copied the next time.
pub(in crate::kernel) fn keep(db: &Db, keyring: &Keyring) -> Result<(), StartError> {
    let there = stages(db)?;
    for (digest, stage) in keyring.settled_stages()? {
        if there.iter().any(|(other, at)| *other == digest && *at >= stage) {
            continue;
        }
        let Some(settled) = keyring.settled(digest)? else { continue };
        db.write_blocking(Vec::new(), move |tx| -> Result<(), StoreError> {
            let body = (certificates::stage.eq(stage), certificates::body.eq(settled.stored()?));
            let row = (certificates::digest.eq(digest.as_bytes().to_vec()), body.clone());
            both(
                diesel::insert_into(certificates::table)
                    .values(row)
                    .on_conflict(certificates::digest)
                    .do_update()
                    .set(body),
            )
            .execute(tx.conn())?;
            Ok(())
        })?;
    }
    Ok(())
}

/// Gives a keyring that was put back the certificates that it does not know of; gives how many.
///
/// # Errors
/// A database is away, or a row is not as it was written.
pub(in crate::kernel) fn give_back(db: &Db, keyring: &Keyring) -> Result<usize, StartError> {
    let known = keyring.settled_stages()?;
    let mut given = 0;
    for (digest, stage) in stages(db)? {
        if known.iter().any(|(other, at)| *other == digest && *at >= stage) {
            continue;
        }
        let body: Vec<u8> = db.read_here(None, |tx| -> Result<_, StoreError> {
            let row = certificates::table.find(digest.as_bytes().to_vec());
            Ok(row.select(certificates::body).get_result(tx.conn())?)
        })?;
        keyring.settle_again(digest, Settled::parse(&body).ok_or(StoreError::Unreadable)?)?;
        given += 1;
    }
    Ok(given)
}

fn stages(db: &Db) -> Result<Vec<(Digest, i16)>, StoreError> {
    let rows: Vec<(Vec<u8>, i16)> = db.read_here(None, |tx| -> Result<_, StoreError> {
        Ok(certificates::table.select((certificates::digest, certificates::stage)).load(tx.conn())?)
    })?;
    let digest = |bytes: Vec<u8>| bytes.try_into().map(Digest::from_bytes).map_err(|_| StoreError::Unreadable);
    rows.into_iter().map(|(bytes, stage)| Ok((digest(bytes)?, stage))).collect()
}
