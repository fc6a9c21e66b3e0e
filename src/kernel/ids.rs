//! Ids: a distinct type for each thing that has one, over UUIDv7 (RFC 9562 §5.7).
//!
//! `uuid` on PostgreSQL, a 16-byte blob on SQLite; the same order on both: by time of making.

use diesel::backend::Backend;
use diesel::deserialize::FromSql;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{IsNull, Output, ToSql};
use diesel::sql_types::{Binary, SqlType};
use diesel::sqlite::Sqlite;
use uuid::Uuid;

use crate::kernel::clock::Time;
use crate::kernel::entropy::Entropy;
use crate::kernel::store::{MultiBackend, MultiRawValue};

/// The SQL type of every id.
#[derive(Debug, Clone, Copy, Default, SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "uuid"), sqlite_type(name = "Binary"))]
pub struct Uid;

impl diesel::sql_types::HasSqlType<Uid> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<Uid>(lookup)
    }
}

/// A UUIDv7: 48 bits of milliseconds, 74 random bits.
fn uuid_v7(now: Time, entropy: &Entropy) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(now.millis(), &entropy.bytes()).into_uuid()
}

/// Makes an id type.
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = Uid)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id of this moment.
            #[must_use]
            pub fn new(now: Time, entropy: &Entropy) -> Self {
                Self(uuid_v7(now, entropy))
            }

            /// The id with these 16 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Its 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if text.len() != 36 {
                    return Err(NotAnId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
            }
        }

        impl ToSql<Uid, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.0.as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl ToSql<Uid, Sqlite> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> diesel::serialize::Result {
                ToSql::<Binary, Sqlite>::to_sql(self.0.as_bytes().as_slice(), out)
            }
        }

        impl ToSql<Uid, MultiBackend> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> diesel::serialize::Result {
                out.set_value((Uid, self));
                Ok(IsNull::No)
            }
        }

        impl FromSql<Uid, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(Self(Uuid::from_slice(value.as_bytes())?))
            }
        }

        impl FromSql<Uid, Sqlite> for $name {
            fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(Self(Uuid::from_slice(value.read_blob())?))
            }
        }

        impl FromSql<Uid, MultiBackend> for $name {
            fn from_sql(value: MultiRawValue<'_>) -> diesel::deserialize::Result<Self> {
                value.from_sql::<Self, Uid>()
            }
        }
    )+};
}

id! {
    /// A tenant: a business.
    TenantId;
    /// An account: a person's sign-in.
    AccountId;
    /// An operator: somebody who runs the service, apart from every account.
    OperatorId;
    /// What one operator proposed, and another is to confirm.
    ProposalId;
    /// A question to an operator's passkey.
    OperatorQuestionId;
    /// A session of an account, or one before sign-in.
    SessionId;
    /// An API token.
    TokenId;
    /// A sign-up in progress.
    SignupId;
    /// An entry of an account's sign-in history.
    SignInId;
    /// A mailed code of somebody who is not signed in: for a new password, to freeze, to thaw.
    RecoveryId;
    /// Something that an account's person was told.
    NoticeId;
    /// Something enrolled that confirms a person beside the password.
    FactorId;
    /// The mark of a recovery code that was used: made from its digest, of no time.
    UsedCodeId;
    /// A sign-in by a passkey alone, begun and not answered yet.
    PasskeySignInId;
    /// A challenge that raises a session's assurance.
    ConfirmationId;
    /// A change of what an account signs in by.
    IdentifierChangeId;
    /// A request to undo one.
    IdentifierUndoId;
    /// What a tenant lets support look at, for a time.
    SupportGrantId;
    /// An invitation to a tenant.
    InvitationId;
    /// A collection of records.
    CollectionId;
    /// A field of a collection; it survives a renaming.
    FieldId;
    /// A record.
    RecordId;
    /// A file.
    FileId;
    /// A message in the outbox.
    MessageId;
    /// A job.
    JobId;
    /// An import.
    ImportId;
    /// A process of the service, new at each start.
    NodeId;
    /// An installation: the data's database and the keyring name the same one.
    InstanceId;
    /// A key that certificates are signed with.
    SigningKeyId;
    /// The wish of a tenant to leave.
    CancellationId;
    /// A lane of a tenant's audit: one writer of one process.
    LaneId;
    /// An entry of a tenant's audit.
    AuditId;
    /// An id whose kind stands beside it.
    AnyId;
    /// One request, from its first byte to its answer.
    RequestId;
    /// An unexpected failure, as the log and the client name it.
    IncidentId;
}

/// The text is not a UUID in its hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_of_their_making() {
        let entropy = Entropy::seeded(1);
        let early = RecordId::new(Time::from_micros(1_000_000), &entropy);
        let late = RecordId::new(Time::from_micros(2_000_000), &entropy);
        assert!(early < late && early.as_bytes() < late.as_bytes());
        assert_eq!(early.to_string().as_bytes()[14], b'7');
        assert_eq!(early.to_string().parse(), Ok(early));
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        for text in ["", "x", "01890a5d-ac96-774b-bcce-b302099a8057 ", "01890a5dac96774bbcceb302099a8057"] {
            assert_eq!(text.parse::<RecordId>(), Err(NotAnId));
        }
    }
}
