//! `seif operators`: who may sign in to the console, and as what.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::app;
use crate::cli::operator::here;
use crate::cli::output::Output;
use crate::kernel::operators::{OperatorAccount, OperatorName, Role};
use crate::operators::Operators as Slice;
use crate::settings::Settings;

/// What to do about operators.
#[derive(Debug, Subcommand)]
pub(super) enum Operators {
    /// Adds an operator, and shows once what their authenticator app needs. The first one is made so.
    Add {
        /// What they sign in as.
        name: OperatorName,
        /// reader, key_keeper, publisher or administrator.
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// Lists them.
    List,
    /// Gives one another role; it counts from their next request on.
    Role {
        /// Who.
        name: OperatorName,
        /// reader, key_keeper, publisher or administrator.
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Removes one, and ends their sessions.
    Remove {
        /// Who.
        name: OperatorName,
    },
    /// Gives one a new app secret, shown once; what they signed in by before does so no more, and their sessions end.
    Reset {
        /// Who.
        name: OperatorName,
    },
}

fn role(name: &str) -> Result<Role, &'static str> {
    Role::named(name).ok_or("not one of reader, key_keeper, publisher, administrator")
}

/// Runs the command beside a service that may be running.
pub(super) fn run(settings: &Settings, command: &Operators, output: Output) -> anyhow::Result<()> {
    let operators = app::operators_beside(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Operators::Add { name, role } => made(&operators.add(here(), name, *role).await?, output),
            Operators::List => list(&operators, output).await?,
            Operators::Role { name, role } => {
                let account = operators.named(name).await?;
                operators.give_role(here(), account.id, *role).await?;
                output.show(&json!({"id": account.id, "role": role}), || {
                    format!("{} is {} from now on", name.text().reveal(), role.name())
                });
            }
            Operators::Remove { name } => {
                let account = operators.named(name).await?;
                operators.remove(here(), account.id).await?;
                output.show(&json!({"id": account.id, "removed": true}), || {
                    format!("{} is removed, and their sessions are ended", name.text().reveal())
                });
            }
            Operators::Reset { name } => {
                let account = operators.named(name).await?;
                made(&operators.reset(here(), account.id).await?, output);
            }
        }
        Ok(())
    })
}

async fn list(operators: &Slice, output: Output) -> anyhow::Result<()> {
    let all = operators.list().await?;
    output.show(&json!({"operators": all.iter().map(described).collect::<Vec<_>>()}), || {
        let line = |account: &OperatorAccount| {
            let (name, passkeys) = (account.kept.name.reveal(), account.kept.passkeys.len());
            let role = account.role.name();
            format!("{name}  {role}  since {}  {passkeys} passkeys  {}", account.created_at.rfc3339(), account.id)
        };
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn described(account: &OperatorAccount) -> Value {
    json!({
        "id": account.id, "name": account.kept.name.reveal(), "role": account.role, "created_at": account.created_at,
        "passkeys": account.kept.passkeys.len(),
    })
}

fn made(account: &OperatorAccount, output: Output) {
    let (secret, address) = (account.secret(), account.app_address());
    let shown = json!({
        "id": account.id, "name": account.kept.name.reveal(), "role": account.role,
        "secret": secret.reveal(), "otpauth": address.reveal(),
    });
    output.show(&shown, || {
        format!(
            "operator: {}  ({})\nsecret:   {}\naddress:  {}\nIt is shown this once: put it into an authenticator app now.",
            account.kept.name.reveal(),
            account.role.name(),
            secret.reveal(),
            address.reveal()
        )
    });
}
